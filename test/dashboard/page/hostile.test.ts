/**
 * Names that come from anybody's ping: markup, members of objects, formulas, right-to-left text, and very long ones. On the whole page
 * they are text, they widen nothing, and what is saved of them harms nobody.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, startBrowser, until } from "../browser.ts";
import { openPage } from "./browser.ts";
import { hostileName, makeSite } from "./made-site.ts";
import { serveFolder, type StaticServer } from "./static-server.ts";

const rightToLeft = "نظام التشغيل ١١ <b>";
const turnsText = "\u202Efdp.exe";
const longSystem = "Windows_NT_10.0.26100.4061_Enterprise_LTSC_build_2406101215Z";
const formula = '=HYPERLINK("http://127.0.0.1/","x")';
const systems = [hostileName, rightToLeft, turnsText, longSystem, formula, "__proto__", "constructor", "", "Linux"];
const longMeasure = `${hostileName}_${"M".repeat(300 - hostileName.length - 1)}`;
const versions = [`${hostileName}/28`, `${rightToLeft}/29`, "constructor/30", `${"channel".repeat(12)}/31`];

/** Runs in the page: what reaches beyond the screen, but for what scrolls by itself. */
const tooFar = `[...document.querySelectorAll("*")]
  .filter((own) => own.closest(".scroll table") === null && own.getBoundingClientRect().right > innerWidth + 1)
  .map((own) => own.outerHTML.slice(0, 120)).join(" | ")`;

describe("names that mean harm, on the dashboard", () => {
  needs("chromium");
  let browser: Browser;
  let server: StaticServer;

  before(async () => {
    const folder = tempDir("hostile");
    makeSite(folder, { dates: 20, systems, versions, named: [longMeasure, "=1+1", "constructor"] });
    server = await serveFolder(folder);
    // No file system has a name that long: the server gives it.
    const [like = ""] = globSync(join(folder, "*-unit-*", "constructor-by-build-date.json"));
    server.instead.set(`${longMeasure}-by-build-date.json`, readFileSync(like, "utf8"));
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const hashOf = (measure: string, version: string, system: string | null, compared: readonly string[]): string => {
    const hash = new URLSearchParams({ version, measure, sanitize: "off" });
    if (system !== null) hash.set("filter.OS", system);
    for (const [i, other] of compared.entries()) {
      // Of filters of its own one series is enough to have all told with theirs.
      const own = i === 0 && compared.length > 1 ? { own: "filters", "filter.OS": rightToLeft } : {};
      hash.append("compare", new URLSearchParams({ version: other, ...own }).toString());
    }
    return hash.toString();
  };

  /** Nothing of a name became an element, ran, or made the page wider than the screen. */
  const isHarmless = async (page: Page, errors: readonly string[]): Promise<void> => {
    assert.equal(await page.evaluate("globalThis.harmed"), undefined);
    assert.equal(
      await page.locator("img, b:not(.coverage b, .readout b, dialog b), iframe, script:not([src])").count(),
      0,
    );
    const over = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
    assert.ok(over <= 0, `wider than the screen by ${over} px: ${await page.evaluate<string>(tooFar)}`);
    assert.deepEqual(errors, []);
  };

  for (const width of [360, 1280]) {
    it(`are text, and fit, ${width} px wide`, async function fits() {
      this.timeout(180_000);
      for (const measure of [longMeasure, "__proto__", "=1+1", "constructor"]) {
        const compared = versions.slice(1);
        const { page, errors } = await openPage(
          browser,
          `${server.base}#${hashOf(measure, versions[0] ?? "", longSystem, compared)}`,
          width,
        );
        await page.waitForSelector(".figure-summary");
        assert.equal(await page.getByRole("combobox", { name: "Measure" }).inputValue(), measure);
        assert.equal(await page.locator(".figure-summary tbody tr").first().locator("td").count(), 4);
        await isHarmless(page, errors);
        const cut = await page.evaluate<string[]>(
          `[...document.querySelectorAll("h1, h2, .description, .readout, figcaption, .compared-head")]
            .filter((own) => own.scrollWidth > own.clientWidth + 1).map((own) => own.outerHTML.slice(0, 200))`,
        );
        assert.deepEqual(cut, [], "text leaves its box");
        await page.screenshot({ path: join(tempDir("shots"), "hostile.png"), fullPage: true });
        await page.close();
      }
    });
  }

  it("are found, chosen and taken back as filters, each of them", async function chosen() {
    this.timeout(180_000);
    const { page, errors } = await openPage(
      browser,
      `${server.base}#${hashOf("CYCLE_COLLECTOR", versions[0] ?? "", null, [])}`,
    );
    const n = page.locator("figure[data-figure=summary] [data-n]");
    await n.waitFor();
    const all = await n.getAttribute("data-n");
    for (const system of systems) {
      await page.selectOption('[data-dimension="OS"]', `=${system}`);
      await until(page, `document.querySelector("figure[data-figure=summary] [data-n]")?.dataset.n !== "${all}"`);
      assert.ok(Number(await n.getAttribute("data-n")) > 0, system);
      await page.selectOption('[data-dimension="OS"]', "all");
      await until(page, `document.querySelector("figure[data-figure=summary] [data-n]")?.dataset.n === "${all}"`);
    }
    await isHarmless(page, errors);
    await page.close();
  });

  it("are no formula, no markup and no member in what is saved", async () => {
    const hash = hashOf("=1+1", versions[0] ?? "", formula, [`${rightToLeft}/29`]);
    const { page, errors } = await openPage(browser, `${server.base}#${hash}`);
    const figure = page.locator("figure[data-figure=distribution]");
    const saved = async (item: string): Promise<{ name: string; text: string }> => {
      await figure.locator("summary.button").click();
      const [download] = await Promise.all([page.waitForEvent("download"), figure.getByText(item).click()]);
      return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
    };
    const csv = await saved("Numbers as CSV");
    assert.equal(csv.name, "_1_1-distribution.csv");
    const [, row = ""] = csv.text.split("\r\n");
    assert.ok(row.startsWith(`"${hostileName.replaceAll('"', '""')}/28",*,"'=HYPERLINK(""http`), row);
    assert.doesNotMatch(csv.text, /(^|[,"\n])[=@+]/);
    const json = JSON.parse((await saved("Numbers as JSON")).text) as {
      series: { version: string; filters: unknown }[];
    };
    assert.deepEqual(
      json.series.map(({ version, filters }) => [version, filters]),
      [
        [versions[0], [["OS", formula]]],
        [versions[1], [["OS", formula]]],
      ],
    );
    const svg = (await saved("Chart as SVG")).text;
    assert.match(svg, /&lt;img src=x onerror=/);
    const acting = await page.evaluate<string[]>(`[...new DOMParser()
      .parseFromString(${JSON.stringify(svg)}, "image/svg+xml").querySelectorAll("*")]
      .filter((own) => !/^(svg|g|rect|path|line|text|circle)$/.test(own.localName)
        || [...own.attributes].some(({ name }) => /^on|href|style/.test(name)))
      .map((own) => own.localName)`);
    assert.deepEqual(acting, []);
    await isHarmless(page, errors);
    await page.close();
  });

  it("leave the page usable by all", async () => {
    const hash = hashOf(longMeasure, versions[1] ?? "", rightToLeft, versions.slice(2));
    const { page, errors } = await openPage(browser, `${server.base}#${hash}`, 360);
    await page.waitForSelector(".figure-summary");
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.locator("button.coverage-button").first().click();
    await page.waitForSelector("dialog[open]");
    await isHarmless(page, errors);
    await page.close();
  });
});
