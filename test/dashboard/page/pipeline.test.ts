/** The dashboard on what a run published, over a plain file server: the numbers in the page are those of the client. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openSite } from "../../../dashboard/client/index.ts";
import { smallSample, spotfold } from "../../e2e/spotfold.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { openPage, startBrowser } from "./browser.ts";
import { completeSite } from "./site-files.ts";
import { serveFolder } from "./static-server.ts";

describe("the dashboard on what a run published", () => {
  needs("chromium");

  it("shows the numbers that the client reads", async function onPublished() {
    this.timeout(300_000);
    const folder = tempDir("published");
    const sample = await smallSample(join(folder, "sample"), 4, 2);
    const out = join(folder, "out");
    const args = ["run", "histograms", "--data", sample.data, "--definitions", sample.definitions, "--out", out];
    const ended = await spotfold(folder, args);
    assert.equal(ended.code, 0, ended.stderr);
    completeSite(out);
    const server = await serveFolder(out);
    const browser = await startBrowser();
    try {
      const site = await openSite(server.base);
      const version = site.versions[0] ?? "";
      const measures = [...(await site.measures(version)).values()];
      for (const kind of ["exponential", "linear", "boolean"]) {
        const measure = measures.find((own) => own.kind === kind);
        if (measure === undefined) continue;
        const all = (await site.evolution(version, measure.name, "build-date")).range();
        const hash = new URLSearchParams({ version, measure: measure.name, sanitize: "off" });
        const { page, errors } = await openPage(browser, `${server.base}#${hash.toString()}`);
        const caption = page.locator("figure[data-figure=summary] figcaption");
        assert.equal(await caption.locator("[data-n]").getAttribute("data-n"), String(all.submissions));
        assert.equal(await caption.locator("[data-samples]").getAttribute("data-samples"), String(all.count));
        assert.match((await caption.textContent()) ?? "", /4 of 4 blocks/);
        assert.deepEqual(errors, []);
        await page.close();
      }
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
