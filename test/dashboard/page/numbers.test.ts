/**
 * Every number on the page says what it is of: all texts with a digit are walked, and each must lie in a figure whose caption has its n
 * and its coverage; where several series are shown, with the n of its own series. What each n is, is counted from the rows here.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { openSite } from "../../../dashboard/client/index.ts";
import { needs } from "../../support/requirements.ts";
import { openPage } from "./browser.ts";
import { servedSite } from "./served-site.ts";

/** What a number that stands on the page is of. */
interface SeenNumber {
  readonly text: string;
  /** The figure that it is in; null outside of all. */
  readonly figure: string | null;
  /** The place of its series; null where it is of all of them, such as an axis. */
  readonly series: string | null;
  /** Of that series, else of each, as the figure's caption has it. */
  readonly n: readonly number[];
  readonly caption: string;
  /** What it stands in, where it is of no series of its own. */
  readonly place: string;
}

/** Runs in the page. Controls are what is chosen, and the printed head says the same; the page's head says of when all of it is. */
const seenNumbers = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!/\\d/.test(node.data) || element.closest(".controls, .head, .printed-head, [role=status].hidden")) continue;
    const figure = element.closest("figure[data-figure]");
    const series = element.closest("[data-series]")?.dataset.series ?? null;
    const caption = figure?.querySelector("figcaption");
    const ns = [...(caption?.querySelectorAll("[data-n]") ?? [])];
    const own = series === null ? ns : ns.filter((n) => n.closest("[data-series]").dataset.series === series);
    seen.push({
      text: node.data,
      figure: figure?.dataset.figure ?? null,
      series,
      n: own.map((n) => Number(n.dataset.n)),
      caption: caption?.textContent ?? "",
      place: element.closest(".axis") ? "axis" : element.closest("th") ? "heading"
        : element.closest(".legend-lines, .range-fields, .sanitize, .readout, .method, figcaption")?.classList.value || element.closest("figcaption")?.localName || element.outerHTML,
    });
  }
  return seen;
})()`;

/** Of all series at once: places, buckets and dates, what is hidden of all, blocks and records, and how it was computed. */
const sharedPlaces =
  /^(axis|heading|legend-lines|range-fields|sanitize|method|soft method|readout|readout soft|figcaption)$/;

async function check(page: Page, expected: readonly number[]): Promise<SeenNumber[]> {
  const seen = (await page.evaluate(seenNumbers)) as SeenNumber[];
  for (const { text, figure, series, n, caption, place } of seen) {
    const where = `${JSON.stringify(text)} in ${figure} of series ${series} (${place})`;
    assert.ok(figure !== null, `${where} stands in no figure`);
    assert.match(caption, /412 of 413 blocks, 1 missing.*100 of 98,310 records rejected.*left out.*as of 2026/, where);
    if (series === null) {
      assert.deepEqual(n, expected, `${where} does not say of how many`);
      assert.ok(expected.length === 1 || sharedPlaces.test(place), `${where} does not say of which series`);
    } else assert.deepEqual(n, [expected[Number(series)]], `${where} does not say of how many`);
  }
  return seen;
}

describe("the numbers of the dashboard", () => {
  needs("chromium");
  const suite = servedSite("numbers", { dates: 12 });

  const submissionsOf = async (version: string, measure: string, system: string | null): Promise<number> => {
    const site = await openSite(suite.server.base);
    return (await site.evolution(version, measure, "build-date")).where("OS", system).range().submissions;
  };

  for (const measure of [
    "CYCLE_COLLECTOR",
    "CHECKERBOARDING",
    "PLUGIN_ACTIVATED",
    "UPDATE_STATE",
    "__proto__",
    "PINGS",
  ]) {
    for (const view of ["chart", "table"]) {
      it(`of ${measure} stand with their n, of one series and of three, as ${view}`, async function walks() {
        this.timeout(120_000);
        const compared = ["nightly/28", "nightly/29&own=filters&filter.OS=Linux"];
        const hash = new URLSearchParams({ version: "nightly/29", measure, sanitize: "off", distribution: view });
        for (const many of [0, 2]) {
          for (const text of compared.slice(0, many)) hash.append("compare", `version=${text.replace("/", "%2F")}`);
          const { page, errors } = await openPage(suite.browser, `${suite.server.base}#${hash.toString()}`);
          await page.waitForSelector(".figure-summary");
          await page.locator(".table-details summary").click();
          await page.locator(".table-details tbody tr").first().waitFor();
          const expected = [
            await submissionsOf("nightly/29", measure, null),
            await submissionsOf("nightly/28", measure, null),
            await submissionsOf("nightly/29", measure, "Linux"),
          ].slice(0, many + 1);
          const seen = await check(page, expected);
          assert.ok(seen.length > 40, "the walk finds numbers");
          // What is read out below the pointer is a number, too.
          for (const frame of await page.locator("figure:has(.readout) .drawing-frame").all()) {
            await frame.hover({ position: { x: 200, y: 60 } });
            assert.ok((await check(page, expected)).length > 0);
          }
          assert.deepEqual(errors, []);
          await page.close();
        }
      });
    }
  }
});
