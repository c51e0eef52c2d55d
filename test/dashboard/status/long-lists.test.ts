/** Much of everything on the status page: a real server's document with more in it. What is wrong is found without scrolling. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { MissingBlock, RunLine, StatusDocument } from "../../../dashboard/status/document.ts";
import { startSpotfold } from "../../e2e/spotfold.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, browserOfSuite } from "../browser.ts";
import { openPage } from "./browser.ts";
import { fillWorkFolder } from "./work-folder.ts";

const count = 500;
const blocks: readonly MissingBlock[] = Array.from({ length: 200 }, (_, at) => {
  const key = at === 0 ? "a/\u202egnp.evil.json.gz" : `dt=2026-01-01/part-${at}.json.gz`;
  const detail = "two\nlines\u200b";
  return { aggregate: "dashboard", dataset: "logs", key, reason: "corrupt", class: "content", detail };
});
const reasons = [{ reason: "corrupt", class: "content", count }];
const runLine = (at: number): RunLine => {
  const run = `20260101-0000${String(10 + at)}-00000000`;
  const counts = { blocks: 8, covered: 8, missing: 0, records: 100, jobs: null, pace: null, held: null, awaits: null };
  const times = { submittedAt: 1, admittedAt: null, closedAt: Date.now() };
  return { run, aggregate: "dashboard", analysis: "counts", state: "finished", ...counts, ...times };
};

describe("long lists on the status page, as they are seen", function listsSuite() {
  this.timeout(120_000);
  needs("chromium");

  const suite = browserOfSuite();

  it("are folded, summed up on top with links, and say where the rest is; names show what they hold", async () => {
    const folder = tempDir("status-long");
    await fillWorkFolder(join(folder, ".spotfold/store"));
    const env = { SPOTFOLD_TIMING_SCALE: "1" };
    const server = await startSpotfold(folder, ["serve", "--status", "--port", "0"], { env });
    const [, url = ""] = await server.waitFor(/ at (http:\S+)/, 60_000);
    const { page, complaints } = await openPage(suite.browser, 360);
    await page.route("**/status.json", async (route) => {
      const response = await route.fetch();
      if (response.status() !== 200) return await route.fulfill({ response });
      const document = (await response.json()) as StatusDocument;
      const runs = [...document.runs, ...Array.from({ length: 10 }, (_, at) => runLine(at))];
      await route.fulfill({ response, json: { ...document, runs, missing: { count, reasons, groups: [], blocks } } });
    });
    await page.goto(url);
    const summary = page.getByRole("navigation", { name: "Summary" });
    await summary.getByRole("link", { name: "2 runs open, 1 waiting, 1 held" }).waitFor();
    await summary.getByRole("link", { name: "1 worker silent" }).waitFor();

    const finished = page.locator("li.card.finished");
    assert.equal(await finished.filter({ visible: true }).count(), 3);
    const more = page.getByRole("button", { name: "Show 7 finished runs, all covered" });
    await more.press("Enter");
    assert.equal(await finished.filter({ visible: true }).count(), 10);
    await page.getByRole("button", { name: "Fold 7 finished runs, all covered" }).press("Enter");

    const heading = page.getByRole("heading", { name: "Missing blocks" });
    await summary.getByRole("link", { name: "500 blocks missing" }).press("Enter");
    assert.equal(await heading.evaluate((element) => element === element.ownerDocument.activeElement), true);
    const missing = page.locator("section[aria-labelledby=missing]");
    await missing.locator("summary").press("Enter");
    const table = missing.getByRole("table", { name: "Missing blocks", exact: true });
    assert.equal(await table.getByRole("rowheader").count(), 20);
    await table.getByText(String.raw`a/\u202egnp.evil.json.gz`).waitFor();
    assert.equal(await table.getByText(String.raw`two\x0alines\u200b`).count(), 20);
    await missing.getByText("300 more are missing and not listed here.").waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityProblems(page), [], colorScheme);
      for (const width of [360, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        assert.ok(Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth")) <= 0, `${width}`);
        await page.screenshot({ path: join(folder, `long-${width}-${colorScheme}.png`), fullPage: true });
      }
    }
    await missing.getByRole("button", { name: "Show all 200" }).press("Enter");
    assert.equal(await table.getByRole("rowheader").count(), 200);
    assert.deepEqual(complaints, []);
    await page.close();
  });
});
