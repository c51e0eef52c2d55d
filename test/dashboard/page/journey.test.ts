/**
 * One reader's way through everything that the dashboard does, on what a run published, over a plain file server and over `serve`.
 * What stands on the page is held to what the client reads in the same place.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { openSite, type Evolution, type Site } from "../../../dashboard/client/index.ts";
import { atEnd } from "../../support/cleanup.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, startBrowser, until } from "../browser.ts";
import { openPage } from "./browser.ts";
import { publishHistograms, served } from "./published.ts";
import { serveFolder } from "./static-server.ts";

/** A version and a measure of it with several dates, and a dimension with several values after which another one can be narrowed. */
interface Way {
  readonly version: string;
  readonly measure: string;
  readonly dimension: string;
  readonly value: string;
  readonly next: string;
}

/** Each is of one build: enough for versions with several. */
const blocks = 16;

describe("a reader's way through the dashboard", function journey() {
  needs("chromium");
  this.timeout(300_000);
  let browser: Browser;
  let out: string;

  before(async () => {
    browser = await startBrowser();
    out = await publishHistograms(tempDir("journey"), blocks);
  });
  after(async () => await browser?.close());

  const servers: Readonly<Record<string, () => Promise<string>>> = {
    "a plain file server": async () => {
      const server = await serveFolder(out);
      atEnd(server.close);
      return server.base;
    },
    "spotfold serve": async () => await served(out),
  };

  for (const [name, start] of Object.entries(servers)) {
    it(`leads through every feature over ${name}`, async () => {
      const base = await start();
      const site = await openSite(base);
      const way = await wayIn(site);
      const { page, errors } = await openPage(browser, base);
      await page.waitForSelector("figure[data-figure=evolution] svg.drawing path");
      await chosen(page, "Channel / version", way.version);
      await chosen(page, "Measure", way.measure);
      const builds = await site.evolution(way.version, way.measure, "build-date");
      await shows(page, builds);

      await page.selectOption(`[data-dimension="${way.dimension}"]`, `=${way.value}`);
      const narrowed = builds.where(way.dimension, way.value);
      await shows(page, narrowed);
      const options = await page.locator(`[data-dimension="${way.next}"] option`).allTextContents();
      assert.deepEqual(options.slice(1).toSorted(), narrowed.options(way.next).toSorted());

      await page.getByRole("radio", { name: "Submission dates" }).check();
      const submitted = (await site.evolution(way.version, way.measure, "submission-date")).where(
        way.dimension,
        way.value,
      );
      await shows(page, submitted);
      await page.getByRole("radio", { name: "Builds" }).check();
      await page.getByRole("slider", { name: "First date" }).focus();
      await page.keyboard.press("ArrowRight");
      const from = narrowed.dates[1] ?? "";
      await until(page, `location.hash.includes("from=${from}")`);
      await shows(page, narrowed, from);

      await page.getByLabel(/Hide dates with few/).uncheck();
      await until(page, `location.hash.includes("sanitize=off")`);
      await page.getByRole("radio", { name: "Table" }).check();
      await page.waitForSelector("figure[data-figure=distribution] tbody th");
      await page.getByRole("radio", { name: "Chart" }).check();

      const files = await takenAway(page);
      assert.match(files.csv, /^version,.*,bucket,start,end,count,share\r\n/);
      assert.ok(files.csv.includes(`\r\n${way.version},`));
      assert.deepEqual(files.json.coverage.blocks, { covered: blocks, missing: 0, open: 0 });
      assert.ok(files.svg.startsWith("<svg") && files.svg.includes(`n = `) && files.svg.includes(way.measure));
      assert.equal(files.png.subarray(1, 4).toString(), "PNG");

      await page.locator(".coverage-button").first().click();
      await page.waitForSelector("dialog[open]");
      await page.keyboard.press("Escape");

      await page.getByRole("button", { name: "Compare with another series" }).click();
      await page.waitForSelector("figure[data-figure=comparison] .curve");
      assert.equal(await page.locator(".shifts tbody tr").count(), 2);
      await page.getByRole("radio", { name: "Dark" }).check();
      assert.deepEqual(await accessibilityProblems(page), []);

      // All of it is in the address.
      const captions = async (own: Page): Promise<string[]> => await own.locator("figcaption").allTextContents();
      const other = await openPage(browser, page.url());
      await other.page.waitForSelector("figure[data-figure=comparison] .curve");
      assert.deepEqual(await captions(other.page), await captions(page));
      await other.page.goto(`${page.url()}&only=distribution`);
      await other.page.waitForSelector(".alone figure[data-figure=distribution] svg.drawing");
      assert.equal(await other.page.locator("figure").count(), 1);
      assert.deepEqual([...errors, ...other.errors], []);
      await Promise.all([page.close(), other.page.close()]);
    });
  }
});

async function wayIn(site: Site): Promise<Way> {
  for (const version of site.versions) {
    for (const { name, scale } of (await site.measures(version)).values()) {
      if (scale === "categories") continue;
      const evolution = await site.evolution(version, name, "build-date");
      for (const [i, dimension] of evolution.dimensions.slice(0, -1).entries()) {
        const values = evolution.options(dimension);
        const value = values.find((own) => evolution.where(dimension, own).dates.length > 1);
        const next = evolution.dimensions[i + 1] ?? "";
        if (values.length > 1 && value !== undefined) return { version, measure: name, dimension, value, next };
      }
    }
  }
  throw new Error("the sample has no measure with two values of a dimension and two dates");
}

/** By its search field, with the keyboard. */
async function chosen(page: Page, label: string, value: string): Promise<void> {
  const box = page.getByRole("combobox", { name: label });
  await box.click();
  await box.fill(value);
  await page.keyboard.press("Enter");
  assert.equal(await box.inputValue(), value);
}

/** The summary has the numbers that the client reads, and the evolution is drawn. */
async function shows(page: Page, evolution: Evolution, from?: string): Promise<void> {
  const { submissions, count, median } = evolution.range(from);
  const caption = `figure[data-figure=summary] figcaption`;
  await until(page, `document.querySelector("${caption} [data-n]")?.dataset.n === "${submissions}"`);
  await until(page, `document.querySelector("${caption} [data-samples]")?.dataset.samples === "${count}"`);
  assert.ok(median !== null);
  assert.ok((await page.locator("figure[data-figure=evolution] .statistic.line-p50").count()) > 0);
}

interface Taken {
  readonly csv: string;
  readonly json: { readonly coverage: { readonly blocks: object } };
  readonly svg: string;
  readonly png: Buffer;
}

async function takenAway(page: Page): Promise<Taken> {
  const figure = page.locator("figure[data-figure=distribution]");
  const saved = async (item: string): Promise<Buffer> => {
    await figure.locator("summary.button").click();
    const [download] = await Promise.all([page.waitForEvent("download"), figure.getByText(item).click()]);
    return readFileSync(await download.path());
  };
  return {
    csv: (await saved("Numbers as CSV")).toString(),
    json: JSON.parse((await saved("Numbers as JSON")).toString()) as Taken["json"],
    svg: (await saved("Chart as SVG")).toString(),
    png: await saved("Chart as PNG"),
  };
}
