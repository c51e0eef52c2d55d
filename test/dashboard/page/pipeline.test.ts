/**
 * The dashboard on what runs published, with the page that they put beside it: over a plain file server, and over `serve`. What the
 * page says is what the client reads, and of counts what was in the logs.
 */
import assert from "node:assert/strict";
import { openSite } from "../../../dashboard/client/index.ts";
import { atEnd } from "../../support/cleanup.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { browserOfSuite } from "../browser.ts";
import { openPage } from "./browser.ts";
import { hostileName } from "./made-site.ts";
import { histogramBlocks, publishCounts, publishHistograms, served } from "./published.ts";
import { serveFolder } from "./static-server.ts";

describe("the dashboard on what a run published", function published() {
  needs("chromium");
  this.timeout(300_000);
  const suite = browserOfSuite();

  /** Over both kinds of servers. */
  const bases = async (out: string): Promise<string[]> => {
    const server = await serveFolder(out);
    atEnd(server.close);
    return [server.base, await served(out)];
  };

  it("shows the numbers that the client reads, of each kind of measure, over a file server and over serve", async () => {
    for (const base of await bases(await publishHistograms(tempDir("published")))) {
      const site = await openSite(base);
      const version = site.versions[0] ?? "";
      const measures = [...(await site.measures(version)).values()];
      const kinds = ["exponential", "linear", "boolean", "flag", "enumerated"];
      const shown = kinds.flatMap((kind) => measures.find((own) => own.kind === kind) ?? []);
      assert.ok(shown.length > 2);
      for (const { name, scale } of shown) {
        const all = (await site.evolution(version, name, "build-date")).range();
        const hash = new URLSearchParams({ version, measure: name, sanitize: "off" });
        const { page, errors } = await openPage(suite.browser, `${base}#${hash.toString()}`);
        const caption = page.locator("figure[data-figure=summary] figcaption");
        assert.equal(await caption.locator("[data-n]").getAttribute("data-n"), String(all.submissions));
        assert.equal(await caption.locator("[data-samples]").getAttribute("data-samples"), String(all.count));
        const blocks = `${histogramBlocks} of ${histogramBlocks} blocks`;
        assert.ok(((await caption.textContent()) ?? "").includes(blocks));
        // Something over dates beside how many there were: statistics, or shares of categories.
        const drawn = scale === "categories" ? '.statistic[class*="share-"]' : ".statistic.line-p50";
        await page.waitForSelector(`figure[data-figure=evolution] ${drawn}`, { state: "attached" });
        assert.deepEqual(errors, []);
        await page.close();
      }
    }
  });

  it("shows counts of plain access logs by date, over both", async () => {
    for (const base of await bases(await publishCounts(tempDir("access")))) {
      const all = await openPage(suite.browser, base);
      for (const figure of ["evolution", "summary"]) {
        const caption = all.page.locator(`figure[data-figure=${figure}] figcaption`);
        assert.equal(await caption.locator("[data-n]").getAttribute("data-n"), "7");
      }
      // Three and four: both ranks are theirs.
      const percentile = (percent: number): Promise<string[]> =>
        all.page.locator(`[data-percentile="${percent}"] td`).allTextContents();
      assert.deepEqual([await percentile(5), await percentile(95)], [["3"], ["4"]]);
      await all.page.close();
      const hash = new URLSearchParams({ "filter.$.agent": hostileName });
      const one = await openPage(suite.browser, `${base}#${hash.toString()}`);
      await one.page.waitForSelector('figure[data-figure=summary] [data-n="1"]');
      // Without versions a series is called by its filters.
      await one.page.getByRole("button", { name: "Compare with another series" }).click();
      await one.page.locator(".compared [data-dimension='$.agent']").selectOption("=curl");
      const headings = one.page.locator("figure[data-figure=summary] thead th.name");
      await one.page.waitForSelector("figure[data-figure=summary] thead th:has-text('curl')");
      assert.deepEqual(await headings.allTextContents(), [`$.agent ${hostileName}`, "$.agent curl"]);
      assert.equal(await one.page.locator(".compared-name").textContent(), "$.agent curl");
      const site = await openSite(base);
      const hostiles = (await site.evolution("", "records", "date")).where("$.agent", hostileName);
      assert.deepEqual([hostiles.dates, hostiles.range().submissions], [["20260101"], 1]);
      assert.equal(await one.page.evaluate("globalThis.harmed"), undefined);
      assert.deepEqual([...all.errors, ...one.errors], []);
      await one.page.close();
    }
  });
});
