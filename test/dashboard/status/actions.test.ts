/**
 * What the page does, in a real Chromium beside real daemons: a run is planned in the form, shown, submitted, and seen to its
 * end; missing blocks are retried. Then the command line is asked what came of it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Locator, Page } from "playwright-core";
import { spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { makeMissing, resultsOf } from "../../cli/retry/missing-logs.ts";
import type { Started } from "../../support/processes.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, browserOfSuite } from "../browser.ts";
import { giveToken, openPage } from "./browser.ts";
import { hostile } from "./work-folder.ts";

const waitMs = 120_000;
const widths = [360, 768, 1280, 1920] as const;

describe("the actions of the status page", function actionsSuite() {
  this.timeout(400_000);
  needs("chromium");

  const suite = browserOfSuite();

  const served = async (folder: string, ...words: string[]): Promise<{ server: Started; url: string }> => {
    const server = await startSpotfold(folder, words);
    const [, url = ""] = await server.waitFor(
      /(?:Status of .* at |"event":"status-page-listening".*"url":")(http:[^\s"]+)/,
      waitMs,
    );
    return { server, url };
  };
  const fits = async (page: Page): Promise<void> => {
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(over) <= 0, `${width}: ${String(over)} too wide`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  };
  const looksGood = async (page: Page, folder: string, name: string): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityProblems(page), [], `${name}, ${colorScheme}`);
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: true });
    }
    await fits(page);
  };
  const planOf = (page: Page, title: string): Locator => page.getByRole("group", { name: `Plan: ${title}` });

  it("begin with what there is, also where the form was opened before there was anything", async () => {
    const folder = tempDir("status-first");
    await spotfold(folder, ["sample", "--out", "pings", "--mb", "1", "--blocks", "2"]);
    await spotfold(folder, ["doctor"]);
    const { server, url } = await served(folder, "serve", "--status", "--port", "0", "--allow-actions");
    const { page, complaints } = await openPage(suite.browser);
    await page.goto(url);
    await giveToken({ page, complaints }, server);
    const form = page.locator("summary", { hasText: "New run" });
    await form.click();
    await page.getByText("No dataset is known here yet").waitFor({ timeout: waitMs });
    const ran = await spotfold(folder, ["run", "os-distribution", "--data", "pings/blocks"]);
    assert.equal(ran.code, 0, ran.stderr);
    const dataset = page.getByLabel("Dataset");
    // What there is, is kept for half a minute.
    for (const until = performance.now() + waitMs; !(await dataset.isVisible());) {
      assert.ok(performance.now() < until, "the form has a dataset");
      await form.click();
      await sleep(1_000);
      await form.click();
      await sleep(1_000);
    }
    assert.match(await dataset.inputValue(), /^blocks-[0-9a-f]{8}$/);
    assert.deepEqual(complaints, []);
    await page.close();
    server.kill("SIGTERM");
    assert.equal((await server.waitForEnd(waitMs)).code, 0);
  });

  it("plan a run in the form, submit it, and retry what is missing; each by the command that is shown", async () => {
    const folder = tempDir("status-actions");
    await makeMissing(folder);
    const { server, url } = await served(folder, "master", "--http", "0", "--allow-actions");
    const worker = await startSpotfold(folder, ["worker"]);
    const { page, complaints } = await openPage(suite.browser);
    await page.goto(url);
    await giveToken({ page, complaints }, server);
    await page.getByText(/Master .* leads\./).waitFor({ timeout: waitMs });

    // By the keyboard alone.
    await page.locator("summary", { hasText: "New run" }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Analysis").selectOption("counts");
    await page.getByLabel("by", { exact: true }).fill("$.name");
    await page.getByLabel("date", { exact: true }).last().fill("20260101..20260102");
    await page.getByRole("combobox", { name: "Aggregate" }).fill("names");
    await looksGood(page, folder, "form");
    await page.getByRole("combobox", { name: "Aggregate" }).press("Enter");
    const submit = planOf(page, "Submit run");
    await submit.waitFor({ timeout: waitMs });
    assert.equal(await submit.evaluate((element) => element === element.ownerDocument.activeElement), true);
    const planned = await submit.innerText();
    assert.match(
      planned,
      /counts \(bundle [0-9a-f]{12}\) over logs-[0-9a-f]{8} at .*date=20260101\.\.20260102, into names/,
    );
    assert.match(planned, /Blocks\s+5\s/);
    assert.match(
      planned,
      /submit counts .*'?--where=date=20260101\.\.20260102'? '--param=by=\$\.name' --into=names --store/,
    );
    await looksGood(page, folder, "plan");
    assert.equal((await spotfold(folder, ["status", "names"])).code, 2, "a plan submits nothing");
    await submit.getByRole("button", { name: "Submit run" }).click();
    await page.getByText(/^exit 0/).waitFor({ timeout: waitMs });
    await page.locator("li.card.finished", { hasText: "into names" }).waitFor({ timeout: waitMs });

    const missing = page.locator("section[aria-labelledby=missing]");
    const group = missing.locator("li.card", { hasText: "sums" });
    await group.getByRole("button", { name: "Retry missing blocks …" }).click();
    const retry = planOf(page, "Retry missing blocks");
    await retry.waitFor({ timeout: waitMs });
    assert.match(await retry.innerText(), /Blocks\s+2\s[\s\S]*1 block missing, and no longer in the dataset/);
    await looksGood(page, folder, "retry");
    await retry.getByRole("button", { name: "Retry missing blocks" }).click();
    await page.locator("li.card.finished", { hasText: "1 of 2 missing" }).waitFor({ timeout: waitMs });
    assert.deepEqual(await resultsOf(folder), ["x,13", "y,100"]);
    const names = await spotfold(folder, ["results", "names", "--format", "csv"]);
    assert.match(names.stdout, /^new,1$/m);
    await page.getByRole("img", { name: /Messages in the jobs queue/ }).waitFor();
    await looksGood(page, folder, "end");
    assert.deepEqual(complaints, []);
    await page.close();
    for (const daemon of [worker, server]) {
      daemon.kill("SIGTERM");
      assert.equal((await daemon.waitForEnd(waitMs)).code, 0);
    }
  });

  it("say why not, in the words of the command, and can be left", async () => {
    const folder = tempDir("status-refused");
    await makeMissing(folder);
    const { server, url } = await served(folder, "serve", "--status", "--port", "0", "--allow-actions");
    const { page, complaints } = await openPage(suite.browser, 360);
    await page.goto(url);
    await giveToken({ page, complaints }, server);
    await page.locator("summary", { hasText: "New run" }).click();
    await page.getByLabel("Analysis").selectOption("counts");
    await page.getByRole("button", { name: "Show plan" }).click();
    const plan = planOf(page, "Submit run");
    await plan.getByText("Name what to count by, in the field `by`").waitFor({ timeout: waitMs });
    assert.equal(await plan.getByRole("button", { name: "Submit run" }).count(), 0);
    await looksGood(page, folder, "refused");
    await plan.getByRole("button", { name: "Leave it" }).press("Enter");
    const ask = page.getByRole("button", { name: "Show plan" });
    await ask.waitFor();
    assert.equal(await ask.evaluate((element) => element === element.ownerDocument.activeElement), true);
    await page.getByLabel("by", { exact: true }).fill(`$.name,${hostile}`);
    await ask.click();
    await plan.getByText(hostile).first().waitFor({ timeout: waitMs });
    assert.equal(await page.locator("main img").count(), 0);
    assert.equal(await page.title(), "Spotfold status");
    await plan.getByRole("button", { name: "Leave it" }).click();
    // The stored one has no source any more, and all of it is covered or missing, but for the new block.
    const stored = await page.getByLabel("Analysis").locator("option", { hasText: "sums," }).getAttribute("value");
    await page.getByLabel("Analysis").selectOption(stored);
    await page.getByRole("combobox", { name: "Aggregate" }).fill("sums");
    await page.getByRole("button", { name: "Show plan" }).click();
    await plan.getByText("left out", { exact: false }).waitFor({ timeout: waitMs });
    assert.match(await plan.innerText(), /Blocks\s+[12]\s/);
    assert.match(await plan.innerText(), /3 blocks covered already/);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  it("are not there on a page that only shows", async () => {
    const folder = tempDir("status-read-only");
    await makeMissing(folder);
    const { url } = await served(folder, "serve", "--status", "--port", "0");
    const { page } = await openPage(suite.browser);
    await page.goto(url);
    await page.getByRole("heading", { name: "Missing blocks" }).waitFor();
    await page.getByText("corrupt").first().waitFor();
    assert.equal(await page.getByText("New run").count(), 0);
    assert.equal(await page.getByRole("button").count(), 0);
    await page.close();
  });
});
