/** The page beside a real master: a worker that is killed, another that goes on, a block that is damaged, jobs and their ends. */
import assert from "node:assert/strict";
import { globSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { StatusDocument } from "../../../dashboard/status/document.ts";
import { writeSlowAnalysis } from "../../e2e/slow-analysis.ts";
import { smallSample, spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, browserOfSuite } from "../browser.ts";
import { openPage } from "./browser.ts";

const waitMs = 120_000;

describe("the status page of a real run", function runSuite() {
  this.timeout(400_000);
  needs("chromium");

  const suite = browserOfSuite();

  const seen = async (page: Page, text: RegExp): Promise<void> =>
    await page.getByText(text).first().waitFor({ timeout: waitMs });

  it("follows it from the inbox to its end, over master --http", async () => {
    const folder = tempDir("status-run");
    const sample = await smallSample(join(folder, "sample"), 8, 0.5);
    const [damaged = ""] = globSync("**/*.gz", { cwd: sample.data });
    truncateSync(join(sample.data, damaged), 100);
    // There are 16 records or so, in one job: workers tell what they do each few seconds, and the page looks as often.
    const module = writeSlowAnalysis(folder, 700);
    const stored = await spotfold(folder, ["submit", module, "--data", sample.data, "--into", "slow", "--json"]);
    assert.equal(stored.code, 0, stored.stderr);
    const { run } = JSON.parse(stored.stdout) as { run: string };
    const master = await startSpotfold(folder, ["master", "--http", "0"]);
    const [, url = ""] = await master.waitFor(/"event":"status-page-listening".*"url":"([^"]+)"/, waitMs);
    const { page, complaints } = await openPage(suite.browser);
    await page.goto(url);
    await seen(page, /\d+ jobs?: 0 done, 0 in hand, \d+ waiting/);
    await seen(page, /No worker is alive: its jobs wait/);
    const first = await startSpotfold(folder, ["worker"]);
    await seen(page, /, [1-9] in hand,/);
    first.killGroup("SIGKILL");
    await seen(page, /^silent$/);
    const second = await startSpotfold(folder, ["worker"]);
    await seen(page, /^finished$/);
    // Coverage is read a little later than the ledger.
    await seen(page, /^corrupt$/);
    assert.deepEqual(await accessibilityProblems(page), []);
    const document = (await (await fetch(new URL("status.json", url))).json()) as StatusDocument;
    assert.equal(document.runs[0]?.run, run);
    assert.deepEqual(document.aggregates[0]?.blocks, { covered: 7, missing: 1, open: 0, triedAgain: 0 });
    assert.deepEqual(
      document.missing.blocks.map(({ key, reason }) => [key, reason]),
      [[damaged, "corrupt"]],
    );
    assert.ok(document.queue.samples.length > 0);
    await page.getByText("Attempts and logs").click();
    await seen(page, /vanished: its worker did not end it|failed/);
    for (const path of ["healthz", "metrics"]) assert.equal((await fetch(new URL(path, url))).status, 200, path);
    await page.screenshot({ path: join(folder, "end.png"), fullPage: true });
    assert.deepEqual(complaints, []);
    await page.close();
    for (const daemon of [second, master]) {
      daemon.kill("SIGTERM");
      assert.equal((await daemon.waitForEnd(waitMs)).code, 0);
    }
  });
});
