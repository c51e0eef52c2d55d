/**
 * A run that finished with nothing, in a real Chromium beside real daemons: it does not look like a good one; a retry's word stays when
 * nothing is missing any more; nobody acts on what is old.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { gzipped, layout, moduleText, writeLog } from "../../cli/retry/missing-logs.ts";
import { spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, browserOfSuite, until } from "../browser.ts";
import { giveToken, openPage } from "./browser.ts";

const waitMs = 120_000;

/** Words in cells and badges, but for names of anybody, that stand in two lines. */
const brokenWords = `[...document.querySelectorAll("th:not(.foreign), td:not(.foreign), .badge, .facts")].flatMap((cell) => {
  const found = [];
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    for (const { index, 0: word } of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) found.push(word);
    }
  }
  return found;
})`;

describe("missing blocks on the status page", function missingSuite() {
  this.timeout(400_000);
  needs("chromium");

  const suite = browserOfSuite();

  const hasFocus = async (element: Locator): Promise<boolean> =>
    await element.evaluate((found) => found === found.ownerDocument.activeElement);

  it("show a run that has nothing as bad, with cures; and what a retry said until it is put away", async () => {
    const folder = tempDir("status-missing");
    const keys = ["dt=2026-01-01/a.json.gz", "dt=2026-01-02/a.json.gz"];
    const whole = gzipped({ name: "x", n: 1 });
    for (const key of keys) writeLog(folder, key, whole.subarray(0, -9));
    const module = join(folder, "sums.ts");
    writeFileSync(module, moduleText);
    const data = ["--data", "./logs", "--layout", layout, "--into", "sums"];
    assert.equal((await spotfold(folder, ["run", module, ...data])).code, 3);
    for (const key of keys) writeLog(folder, key, whole);

    const master = await startSpotfold(folder, ["master", "--http", "0", "--allow-actions"]);
    const [, url = ""] = await master.waitFor(/"event":"status-page-listening".*"url":"([^"]+)"/, waitMs);
    const worker = await startSpotfold(folder, ["worker"]);
    const watched = await openPage(suite.browser);
    const { page, complaints } = watched;
    await page.goto(url);
    await giveToken(watched, master);
    const card = page.locator("li.card.finished");
    await card.getByText("all 2 missing").waitFor({ timeout: waitMs });
    assert.match(await card.innerText(), /0 % covered\s+Covered\s+0 of 2\s/);
    assert.equal(await card.locator(".tone-bad svg").count(), 1);
    await page.getByRole("row", { name: /^sums/ }).getByText("all 2 missing").waitFor({ timeout: waitMs });
    await page.getByText("Write or fetch its file again, then retry.").waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityProblems(page), [], colorScheme);
    }

    const missing = page.locator("section[aria-labelledby=missing]");
    await missing.locator("summary").press("Enter");
    for (const width of [360, 600, 768, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await until(page, "document.documentElement.scrollWidth <= innerWidth");
      assert.deepEqual(await page.evaluate(brokenWords), [], `${width}`);
      // Between cards and enough room for its columns the table scrolls, and the keyboard reaches it.
      const region = missing.getByRole("region", { name: "Table: Missing blocks", exact: true });
      if (width === 600) {
        await region.waitFor();
        assert.equal(await region.getAttribute("tabindex"), "0");
        await missing.getByText("More to the right").waitFor();
        assert.deepEqual(await accessibilityProblems(page), []);
      } else {
        await region.and(page.locator("[tabindex]")).waitFor({ state: "detached" });
      }
    }
    await missing.getByRole("button", { name: "Retry missing blocks …" }).click();
    await missing.getByRole("button", { name: "Retry missing blocks", exact: true }).click({ timeout: waitMs });
    const said = missing.getByText(/^exit 0/);
    await said.waitFor({ timeout: waitMs });
    await missing.getByText("No block is missing.", { exact: true }).waitFor({ timeout: waitMs });
    assert.equal(await said.isVisible(), true);
    assert.equal(await hasFocus(said), true);
    await missing.getByRole("button", { name: "Put away" }).press("Enter");
    await said.waitFor({ state: "detached" });
    assert.equal(await hasFocus(missing.getByRole("heading", { name: "Missing blocks" })), true);

    // What is old is not acted on.
    const plan = page.getByRole("button", { name: "Show plan" });
    await page.locator("summary", { hasText: "New run" }).click();
    await plan.waitFor({ timeout: waitMs });
    assert.equal(await plan.getAttribute("aria-disabled"), "false");
    assert.deepEqual(complaints, []);
    for (const daemon of [worker, master]) {
      daemon.kill("SIGTERM");
      assert.equal((await daemon.waitForEnd(waitMs)).code, 0);
    }
    await page.getByText("Not now: the server does not answer").waitFor({ timeout: waitMs });
    assert.equal(await plan.getAttribute("aria-disabled"), "true");
    await plan.press("Enter");
    assert.equal(await page.getByRole("button", { name: "Planning …" }).count(), 0);
    // What somebody typed stays when the form is closed and opened meanwhile.
    await page.getByRole("combobox", { name: "Aggregate" }).fill("typed");
    for (let step = 0; step < 2; step++) await page.locator("summary", { hasText: "New run" }).click();
    await page.locator(".new-run").getByText("The server does not answer.", { exact: true }).waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Aggregate" }).inputValue(), "typed");
    await page.close();
  });
});
