/**
 * The dashboard on what runs published, with the page that they put beside it: over a plain file server, and over `serve`. What the
 * page says is what the client reads, and of counts what was in the logs.
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { openSite } from "../../../dashboard/client/index.ts";
import { smallSample, spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { atEnd } from "../../support/cleanup.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { startBrowser } from "../browser.ts";
import { openPage } from "./browser.ts";
import { serveFolder } from "./static-server.ts";

/** As `serve` says where it listens. */
const servedAt = /http:\/\/127\.0\.0\.1:\d+\//;

/** The address of a folder that `spotfold serve` shows. */
async function served(folder: string): Promise<string> {
  const server = await startSpotfold(folder, ["serve", folder, "--port", "0"]);
  atEnd(async () => await server.stop());
  const [address] = await server.waitFor(servedAt);
  return address;
}

describe("the dashboard on what a run published", function published() {
  needs("chromium");
  this.timeout(300_000);
  let browser: Browser;

  before(async () => {
    browser = await startBrowser();
  });

  after(async () => await browser.close());

  it("shows the numbers that the client reads, over a file server and over serve", async () => {
    const folder = tempDir("published");
    const sample = await smallSample(join(folder, "sample"), 4, 2);
    const out = join(folder, "out");
    const args = ["run", "histograms", "--data", sample.data, "--definitions", sample.definitions, "--out", out];
    const ended = await spotfold(folder, args);
    assert.equal(ended.code, 0, ended.stderr);
    const server = await serveFolder(out);
    atEnd(server.close);
    for (const base of [server.base, await served(out)]) {
      const site = await openSite(base);
      const version = site.versions[0] ?? "";
      const measures = [...(await site.measures(version)).values()];
      const shown = ["exponential", "linear", "boolean"].flatMap(
        (kind) => measures.find((own) => own.kind === kind) ?? [],
      );
      assert.ok(shown.length > 1);
      for (const { name } of shown) {
        const all = (await site.evolution(version, name, "build-date")).range();
        const hash = new URLSearchParams({ version, measure: name, sanitize: "off" });
        const { page, errors } = await openPage(browser, `${base}#${hash.toString()}`);
        const caption = page.locator("figure[data-figure=summary] figcaption");
        assert.equal(await caption.locator("[data-n]").getAttribute("data-n"), String(all.submissions));
        assert.equal(await caption.locator("[data-samples]").getAttribute("data-samples"), String(all.count));
        assert.match((await caption.textContent()) ?? "", /4 of 4 blocks/);
        assert.deepEqual(errors, []);
        await page.close();
      }
    }
  });

  it("shows counts of plain access logs by date", async () => {
    const folder = tempDir("access");
    const hostile = '<img src=x onerror="globalThis.harmed=1">';
    for (const [date, statuses] of [
      ["2026-01-01", [200, 200, 404]],
      ["2026-01-02", [200, 500, 200, 200]],
    ] as const) {
      const lines = statuses.map((status) => JSON.stringify({ status, agent: status === 404 ? hostile : "curl" }));
      mkdirSync(join(folder, "logs", `dt=${date}`), { recursive: true });
      writeFileSync(join(folder, "logs", `dt=${date}`, "access.ndjson"), lines.join("\n"));
    }
    const out = join(folder, "out");
    const layout = ["--layout", "dt={date:yyyy-MM-dd}/", "--records", "ndjson"];
    const by = ["--by", "date,$.status,$.agent"];
    const ended = await spotfold(folder, [
      "run",
      "counts",
      "--data",
      join(folder, "logs"),
      ...layout,
      ...by,
      "--out",
      out,
    ]);
    assert.equal(ended.code, 0, ended.stderr);
    const base = await served(out);
    const all = await openPage(browser, base);
    const caption = all.page.locator("figure[data-figure=evolution] figcaption");
    assert.equal(await caption.locator("[data-n]").getAttribute("data-n"), "7");
    await all.page.close();
    const one = await openPage(browser, `${base}#filter=${encodeURIComponent(`$.agent=${hostile}`)}`);
    const site = await openSite(base);
    const hostiles = (await site.evolution("", "records", "date")).where("$.agent", hostile);
    assert.deepEqual([hostiles.dates, hostiles.range().submissions], [["20260101"], 1]);
    assert.equal(await one.page.evaluate("globalThis.harmed"), undefined);
    assert.deepEqual([...all.errors, ...one.errors], []);
  });
});
