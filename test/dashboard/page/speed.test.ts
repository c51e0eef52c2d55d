/**
 * How quick the dashboard is, as a reader has it: the first chart of the demo's data from a cold start, what a key in the search of 2,000
 * measures takes, and a brush of two seconds over 365 dates.
 *
 * Work is measured in CPU time, which other processes of the machine do not add to. What a reader waits for is wall time: a loaded
 * machine spoils single ones, so the best of a few counts.
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { buildPage } from "../../../dashboard/build.ts";
import { spotfold } from "../../e2e/spotfold.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { until } from "../browser.ts";
import { openPage, tasksDuring } from "./browser.ts";
import { served } from "./published.ts";
import { servedSite } from "./served-site.ts";

const scriptBytesMax = 60 * 1024;
const firstChartMsMax = 1000;
const coldLoads = 8;
const keyMsMax = 50;
const taskMsMax = 50;
const brushMs = 2000;
const brushMovesMin = 20;
/** A machine that is busy with other things spoils some. */
const tries = 4;

/** Runs before anything of the page: when its first chart is there, in ms since the address was entered. */
const noteFirstChart = `{
  const observer = new MutationObserver(() => {
    if (document.querySelector("figure svg.drawing path") === null) return;
    observer.disconnect();
    requestAnimationFrame(() => { globalThis.firstChartMs = performance.now(); });
  });
  observer.observe(document, { childList: true, subtree: true });
}`;

/** Runs in the page: of each key in the search, in ms, until the frame that shows what was found has been drawn. */
const noteKeys = `{
  globalThis.keyMs = [];
  document.activeElement.addEventListener("input", () => {
    const began = performance.now();
    requestAnimationFrame(() => setTimeout(() => globalThis.keyMs.push(performance.now() - began)));
  }, { capture: true });
}`;

it("the dashboard's script is at most 60 KB compressed", () => {
  const scripts = buildPage("page").files.filter(({ name }) => name.endsWith(".js"));
  const bytes = scripts.reduce((sum, script) => sum + gzipSync(script.bytes).length, 0);
  assert.ok(scripts.length > 0 && bytes <= scriptBytesMax, `${bytes} bytes`);
});

describe("the speed of the dashboard", function speed() {
  needs("chromium");
  this.timeout(400_000);
  const suite = servedSite("speed", { dates: 365, measures: 2000 });

  const cycle = "version=nightly%2F29&measure=CYCLE_COLLECTOR";
  const open = async (): Promise<Page> => {
    const { page } = await openPage(suite.browser, `${suite.server.base}#${cycle}`);
    await page.waitForSelector("rect.dragging");
    return page;
  };

  it("shows the first chart of the demo's data within a second, from a cold start", async () => {
    const folder = tempDir("demo");
    const ended = await spotfold(folder, ["demo"]);
    assert.equal(ended.code, 0, ended.stderr);
    const base = await served(join(folder, "spotfold-demo/site"));
    const walls: number[] = [];
    for (let load = 0; load < coldLoads; load++) {
      // Of its own: nothing is kept from the one before.
      const context = await suite.browser.newContext();
      await context.addInitScript(noteFirstChart);
      const page = await context.newPage();
      await page.goto(base);
      await page.waitForSelector("figure svg.drawing path");
      walls.push(
        await page.evaluate<number>("new Promise((done) => setTimeout(() => done(globalThis.firstChartMs), 200))"),
      );
      await context.close();
      if (Math.min(...walls) <= firstChartMsMax) break;
    }
    assert.ok(Math.min(...walls) <= firstChartMsMax, `${walls.map(Math.round).join(", ")} ms`);
  });

  it("shows the first chart of 365 dates and 2,000 measures with less than a second of work", async () => {
    const { page } = await openPage(suite.browser, "about:blank");
    const tasks = await tasksDuring(suite.browser, page, async () => {
      await page.goto(`${suite.server.base}#${cycle}`);
      await page.waitForSelector("figure svg.drawing path");
    });
    const worked = tasks.reduce((sum, ms) => sum + ms, 0);
    assert.ok(worked > 0 && worked < firstChartMsMax, `${worked} ms`);
    await page.close();
  });

  it("answers a key in the search of 2,000 measures within 50 ms", async () => {
    const page = await open();
    const box = page.getByRole("combobox", { name: "Measure" });
    await box.click();
    await page.evaluate(noteKeys);
    const word = "measure_19_ms";
    let best = Infinity;
    const tasks: number[] = [];
    // The slowest key of the best of a few times.
    for (let time = 0; time < tries && best > keyMsMax; time++) {
      await box.fill("");
      await box.press("End");
      await page.evaluate("void (globalThis.keyMs.length = 0)");
      const during = await tasksDuring(suite.browser, page, async () => {
        await box.pressSequentially(word, { delay: 30 });
        // What emptied the box may be noted as late as that: one more.
        await until(page, `globalThis.keyMs.length >= ${word.length}`);
      });
      tasks.push(Math.max(...during));
      const keys = await page.evaluate<number[]>("globalThis.keyMs");
      best = Math.min(best, Math.max(...keys));
    }
    assert.equal(await page.locator('[role=option]:has-text("MEASURE_19_MS")').count(), 1);
    assert.ok(best <= keyMsMax, `a key took ${best} ms`);
    assert.ok(Math.min(...tasks) <= keyMsMax, `a task of ${Math.min(...tasks)} ms`);
    await page.close();
  });

  it("follows a brush of two seconds over 365 dates without a task of over 50 ms", async () => {
    const page = await open();
    const box = await page.locator("rect.dragging").boundingBox();
    assert.ok(box !== null);
    const y = box.y + box.height / 2;
    await page.evaluate(`{
      globalThis.brushed = new Set();
      const n = document.querySelector("figure[data-figure=summary] [data-n]").closest("figcaption");
      new MutationObserver(() => globalThis.brushed.add(n.querySelector("[data-n]").dataset.n))
        .observe(n, { childList: true, subtree: true, attributes: true, characterData: true });
    }`);
    let most = Infinity;
    let ranges = 0;
    for (let time = 0; time < tries && (most > taskMsMax || ranges < brushMovesMin); time++) {
      await page.mouse.move(box.x + box.width * 0.1, y);
      await page.evaluate("globalThis.brushed.clear()");
      const tasks = await tasksDuring(suite.browser, page, async () => {
        await page.mouse.down();
        const start = performance.now();
        while (performance.now() - start < brushMs) {
          await page.mouse.move(box.x + box.width * (0.1 + (0.8 * (performance.now() - start)) / brushMs), y);
        }
        await page.mouse.up();
        await until(page, `location.hash.includes("from=")`);
      });
      assert.ok(tasks.length > brushMovesMin, "the trace has tasks");
      most = Math.max(...tasks);
      // It did follow: the numbers of many ranges were shown on the way.
      ranges = await page.evaluate<number>("globalThis.brushed.size");
    }
    assert.ok(ranges >= brushMovesMin, `${ranges} ranges`);
    assert.ok(most <= taskMsMax, `a task of ${most} ms`);
    await page.close();
  });
});
