/** Several series on one page: each keeps its name and its colour in the list and in all figures, whatever becomes of the others. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { until } from "../browser.ts";
import { openPage } from "./browser.ts";
import { hostileName } from "./made-site.ts";
import { servedSite } from "./served-site.ts";

/** What a table scrolls in. */
interface Region {
  /** Pixels that are not in sight. */
  readonly hidden: number;
  readonly edges: string;
  readonly label: string | null;
  readonly tab: number;
}

describe("the dashboard's compared series", () => {
  needs("chromium");
  const suite = servedSite("compared", { dates: 30 });

  /** The second one is of a version that nobody published. */
  const hash = (measure: string, only = ""): string => {
    const compared = ["version=nightly%2F77", "version=aurora%2F27"].map(
      (text) => `compare=${encodeURIComponent(text)}`,
    );
    return `version=nightly%2F29&measure=${measure}&${compared.join("&")}${only}`;
  };

  const open = async (state: string): Promise<Page> => {
    const { page } = await openPage(suite.browser, `${suite.server.base}#${state}`);
    await page.waitForSelector("figure figcaption");
    return page;
  };

  it("keep their colours and names when one of them cannot be read, which is listed with why", async () => {
    const page = await open(hash("CYCLE_COLLECTOR"));
    const figures = ["evolution", "distribution", "comparison", "summary"];
    for (const figure of figures) {
      const shown = page.locator(`figure[data-figure=${figure}] figcaption [data-series]`);
      const found = await shown.evaluateAll((all) =>
        all.map((own) => [own.getAttribute("data-series"), own.textContent]),
      );
      assert.deepEqual(
        found.map(([place, text]) => [place, text?.split(" ")[0]]),
        [
          ["0", "nightly/29"],
          ["2", "aurora/27"],
        ],
        figure,
      );
    }
    for (const drawn of [".statistic", ".outline, .bar", ".curve"]) {
      const classes = await page.locator(drawn).evaluateAll((all) => all.map((own) => own.getAttribute("class") ?? ""));
      const places = new Set(classes.map((own) => /series-\d/.exec(own)?.[0]));
      assert.deepEqual([...places], ["series-0", "series-2"], drawn);
    }
    assert.match((await page.locator(".compared.series-1").textContent()) ?? "", /Not shown: .*nightly\/77/);
    assert.equal(await page.locator(".compared.series-2 .compared-problem").count(), 0);
    await page.close();
  });

  it("stand in tables that say where they go on, and that a keyboard scrolls with the rows' names in sight", async () => {
    const { page } = await openPage(
      suite.browser,
      `${suite.server.base}#${hash("CYCLE_COLLECTOR", "&distribution=table&compare=version%3Dnightly%252F28")}`,
      360,
    );
    await page.waitForSelector("figure figcaption");
    await page.locator(".table-details summary").click();
    const regions = page.locator(".scroll");
    assert.equal(await regions.count(), 4);
    let wider = 0;
    const described = await page.evaluate<readonly Region[]>(`[...document.querySelectorAll(".scroll")].map((own) => ({
      hidden: own.scrollWidth - own.clientWidth,
      edges: getComputedStyle(own).backgroundAttachment,
      label: own.getAttribute("aria-label"),
      tab: own.tabIndex,
    }))`);
    for (const [i, { hidden, edges, label, tab }] of described.entries()) {
      assert.match(edges, /local.*scroll/);
      assert.ok(label !== null && label !== "" && tab === 0);
      if (hidden <= 0) continue;
      const region = regions.nth(i);
      wider += 1;
      const name = region.locator("tbody th").first();
      const before = await name.boundingBox();
      await region.focus();
      await page.keyboard.press("ArrowRight");
      await until(page, `document.querySelector('.scroll[aria-label="${label}"]').scrollLeft > 0`);
      assert.equal((await name.boundingBox())?.x, before?.x, label);
    }
    assert.ok(wider >= 2);
    await page.setViewportSize({ width: 768, height: 900 });
    // There is room for three series: columns are as wide as their numbers.
    await until(page, `[...document.querySelectorAll(".scroll")].every((own) => own.scrollWidth <= own.clientWidth)`);
    await page.close();
  });

  it("are read out in the comparison and in the distribution, by pointer and by keyboard", async () => {
    const page = await open(hash("CYCLE_COLLECTOR"));
    for (const [figure, words] of [
      ["comparison", /^Below [\d,]+nightly\/29: [\d.]+ %aurora\/27: [\d.]+ %$/],
      ["distribution", /^\[\d+, \d+\)nightly\/29: [\d,]+ samples?, [<\d. ]+ %aurora\/27: [\d,]+ samples?, [<\d. ]+ %$/],
    ] as const) {
      const own = page.locator(`figure[data-figure=${figure}]`);
      const readout = own.locator(".readout");
      const idle = (await readout.textContent()) ?? "";
      const slider = own.getByRole("slider", { name: "Bucket" });
      await slider.hover({ position: { x: 120, y: 60 } });
      const pointed = (await readout.textContent()) ?? "";
      assert.match(pointed, words, figure);
      await page.mouse.move(0, 0);
      assert.equal(await readout.textContent(), idle);
      await slider.focus();
      await page.keyboard.press("End");
      await page.keyboard.press("ArrowLeft");
      const read = (await readout.textContent()) ?? "";
      assert.ok(read !== pointed && words.test(read), read);
      assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /nightly\/29: .*; aurora\/27: /);
      await page.keyboard.press("Escape");
      assert.equal(await readout.textContent(), idle);
    }
    await page.getByLabel("Difference").check();
    await page.locator("figure[data-figure=comparison] [role=slider]").hover({ position: { x: 90, y: 60 } });
    const text = (await page.locator("figure[data-figure=comparison] .readout").textContent()) ?? "";
    assert.match(text, /^\[\d+, \d+\)nightly\/29: [\d.]+ %aurora\/27: [\d.]+ %, [+\u2212][\d.]+ pp$/);
    await page.close();
  });

  it("say of a date that they have nothing there", async () => {
    // A combination that nobody has.
    const own = `version=nightly%2F29&own=filters&filter.reason=idle_daily&filter.OS=${encodeURIComponent(hostileName)}`;
    const page = await open(`version=nightly%2F29&measure=PINGS&compare=${encodeURIComponent(own)}`);
    const readout = page.locator("figure[data-figure=evolution] .readout");
    await page.getByRole("slider", { name: "First date" }).focus();
    assert.match((await readout.textContent()) ?? "", /^2013-01-07nightly\/29: \d+ pings.*: no pings$/);
    // A counter has one chart.
    assert.match((await page.locator(".range-fields").textContent()) ?? "", /30 dates: drag over the chart to choose/);
    await page.close();
  });

  it("leave the focus beside what was removed with the keyboard", async () => {
    const page = await open(`${hash("CYCLE_COLLECTOR")}&from=20130110`);
    await page.getByRole("button", { name: "Remove series 2" }).focus();
    await page.keyboard.press("Enter");
    await until(page, `document.querySelectorAll(".compared").length === 1`);
    assert.equal(await page.evaluate("document.activeElement.className"), "series-list");
    await page.getByRole("button", { name: "All dates" }).focus();
    await page.keyboard.press("Enter");
    await until(page, `!location.hash.includes("from=")`);
    assert.equal(await page.evaluate("document.activeElement.type"), "date");
    await page.close();
  });

  it("are said to be missing beside a figure that stands alone, too", async () => {
    const page = await open(hash("CYCLE_COLLECTOR", "&only=distribution"));
    assert.match((await page.locator(".unread").textContent()) ?? "", /nightly\/77 is not shown: .*nightly\/77/);
    await page.close();
  });
});
