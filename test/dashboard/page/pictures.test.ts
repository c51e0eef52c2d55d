/**
 * Pictures and paper stand alone: what is shown, of what, by which filters and dates, what each colour and dash means. Looked at in files
 * that a real browser saved, and in the page as it is printed.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { startBrowser } from "../browser.ts";
import { openPage } from "./browser.ts";
import { hostileName, makeSite } from "./made-site.ts";
import { serveFolder, type StaticServer } from "./static-server.ts";

/** What a viewer of the file finds in it. */
interface Seen {
  readonly width: number;
  readonly height: number;
  readonly paper: string | null;
  readonly texts: readonly string[];
  /** Texts that reach out of the picture. */
  readonly cut: readonly string[];
  /** Colours of lines and boxes. */
  readonly colours: readonly string[];
}

/** Runs in an empty page, so that nothing but the file itself gives looks. */
const seenIn = (svg: string): string => `(() => {
  document.body.innerHTML = "";
  const svg = new DOMParser().parseFromString(${JSON.stringify(svg)}, "image/svg+xml").documentElement;
  document.body.append(document.adoptNode(svg));
  const own = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")];
  const isCut = (text) => {
    const box = text.getBoundingClientRect();
    return box.left < own.left - 1 || box.right > own.right + 1 || box.top < own.top - 1 || box.bottom > own.bottom + 1;
  };
  return {
    width: own.width,
    height: own.height,
    paper: svg.querySelector("rect").getAttribute("fill"),
    texts: texts.map((text) => text.textContent),
    cut: texts.filter(isCut).map((text) => text.textContent),
    colours: [...svg.querySelectorAll("path, rect")].flatMap((own) => [own.getAttribute("stroke"), own.getAttribute("fill")]),
  };
})()`;

describe("what is taken from the dashboard to look at elsewhere", function pictures() {
  needs("chromium");
  this.timeout(240_000);
  let browser: Browser;
  let server: StaticServer;
  let viewer: Page;

  before(async () => {
    const folder = tempDir("pictures");
    makeSite(folder, { dates: 60 });
    server = await serveFolder(folder);
    browser = await startBrowser();
    viewer = await browser.newPage();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const hashOf = (compared: readonly string[], more: Readonly<Record<string, string>> = {}): string => {
    const hash = new URLSearchParams({ version: "nightly/29", measure: "CYCLE_COLLECTOR", ...more });
    for (const text of compared) hash.append("compare", text);
    return hash.toString();
  };

  const open = async (hash: string, width = 1280): Promise<Page> => {
    const { page } = await openPage(browser, `${server.base}#${hash}`, width);
    await page.waitForSelector(".figure-summary");
    return page;
  };

  const savedFrom = async (page: Page, figure: string, kind: "SVG" | "PNG"): Promise<Buffer> => {
    const frame = page.locator(`figure[data-figure=${figure}]`);
    await frame.locator("summary.button").click();
    const item = frame.getByRole("button", { name: `Chart as ${kind}` });
    const [download] = await Promise.all([page.waitForEvent("download"), item.click()]);
    return readFileSync(await download.path());
  };

  const seen = async (page: Page, figure: string): Promise<Seen> => {
    const svg = (await savedFrom(page, figure, "SVG")).toString();
    return (await viewer.evaluate(seenIn(svg))) as Seen;
  };

  it("says of one series what it shows, and what its lines mean", async () => {
    const page = await open(hashOf([], { "filter.OS": "Linux", from: "20130110", to: "20130120" }));
    for (const figure of ["evolution", "distribution"]) {
      const { texts, cut, paper } = await seen(page, figure);
      const all = texts.join("\n");
      assert.match(all, new RegExp(`^${figure} of CYCLE_COLLECTOR · nightly/29 · Linux$`, "im"));
      assert.match(all, /Filters: OS Linux/);
      assert.match(
        all,
        /n = [\d,]+ pings, [\d,]+ samples; whole aggregate: 412 of 413 blocks, 1 missing; .*data as of 2026-01-03 09:30 UTC/,
      );
      assert.match(
        all,
        figure === "evolution" ? /Builds: 2013-01-07 to 2013-03-07/ : /Builds: 2013-01-10 to 2013-01-20 \(11 dates\)/,
      );
      if (figure === "evolution")
        for (const line of ["Mean", "Median", "95th percentile"]) assert.ok(texts.includes(line));
      assert.deepEqual(cut, []);
      assert.equal(paper, "rgb(255, 255, 255)");
    }
    await page.close();
  });

  it("names each of four series with its colour and its n, in each figure", async () => {
    const compared = ["nightly/28", "release/25", "aurora/27"];
    const page = await open(hashOf(compared.map((version) => `version=${encodeURIComponent(version)}`)));
    const colours = await page.evaluate<string[]>(
      `[0, 1, 2, 3].map((i) => getComputedStyle(document.querySelector(".curve.series-" + i)).stroke)`,
    );
    assert.equal(new Set(colours).size, 4);
    for (const figure of ["evolution", "distribution", "comparison"]) {
      const picture = await seen(page, figure);
      for (const version of ["nightly/29", ...compared]) {
        const named = picture.texts.filter((text) =>
          new RegExp(`^${version} \\([\\d,]+ pings, [\\d,]+ samples\\)$`).test(text),
        );
        assert.equal(named.length, 1, `${version} in ${figure}: ${picture.texts.join("|")}`);
      }
      for (const colour of colours) assert.ok(picture.colours.includes(colour), `${colour} in ${figure}`);
      assert.deepEqual(picture.cut, []);
    }
    await page.close();
  });

  it("keeps long names inside, on a phone, too, and is a PNG of the same size", async () => {
    const other = new URLSearchParams({
      version: "nightly/28",
      own: "filters",
      "filter.OS": "Linux",
      "filter.reason": "saved_session",
    });
    const page = await open(hashOf([other.toString()], { "filter.OS": hostileName }), 360);
    for (const figure of ["evolution", "distribution", "comparison"]) {
      const { texts, cut, width, height } = await seen(page, figure);
      assert.deepEqual(cut, []);
      assert.ok(
        texts.some((text) => /^nightly\/29 · .*… \([\d,]+ pings, [\d,]+ samples\)$/.test(text)),
        texts.join("|"),
      );
      const png = await savedFrom(page, figure, "PNG");
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [Math.floor(width) * 2, Math.floor(height) * 2]);
    }
    assert.equal(await page.evaluate("globalThis.harmed"), undefined);
    await page.close();
  });

  it("is dark where the reader chose so, and leaves the page as it was", async () => {
    const page = await open(hashOf([], { theme: "dark" }));
    assert.equal((await seen(page, "evolution")).paper, "rgb(22, 29, 39)");
    await page.close();
    const dark = await open(hashOf([]));
    await dark.emulateMedia({ colorScheme: "dark" });
    assert.equal((await seen(dark, "evolution")).paper, "rgb(255, 255, 255)");
    assert.equal(await dark.evaluate("document.documentElement.dataset.theme"), undefined);
    assert.equal(await dark.locator("svg.drawing").count(), await dark.locator(".drawing-frame").count());
    await dark.close();
  });

  it("is printed with what the controls say, with whole tables and without controls", async () => {
    const page = await open(
      hashOf([], { "filter.OS": "Linux", distribution: "table", from: "20130110", to: "20130120" }),
    );
    await page.locator(".table-details summary").click();
    await page.locator(".table-details tbody tr").first().waitFor();
    assert.equal(await page.locator(".printed-head").isVisible(), false);
    await page.emulateMedia({ media: "print" });
    const head = page.locator(".printed-head");
    assert.ok(await head.isVisible());
    assert.match(
      (await head.textContent()) ?? "",
      /CYCLE_COLLECTOR · nightly\/29 · Linux.*Builds: 2013-01-07 to 2013-03-07 \(60 dates\).*OS Linux.*Figures but the evolution: Builds: 2013-01-10 to 2013-01-20 \(11 dates\)/,
    );
    for (const hidden of [
      ".controls",
      ".figure-tools",
      ".range-fields",
      ".coverage-button",
      ".table-details > summary",
    ]) {
      assert.ok((await page.locator(hidden).count()) > 0, hidden);
      for (const element of await page.locator(hidden).all()) assert.equal(await element.isVisible(), false, hidden);
    }
    const shown = await page.evaluate<{
      cut: number;
      rows: number;
      torn: string[];
      drawn: number;
      over: number;
    }>(`(() => {
      const boxes = [...document.querySelectorAll(".scroll")];
      const drawn = [...document.querySelectorAll("svg.drawing")];
      const over = (own) => own.getBoundingClientRect().right - own.closest("figure").getBoundingClientRect().right;
      return {
        cut: boxes.filter((box) => box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== "visible").length,
        rows: document.querySelectorAll(".table-details tbody tr").length,
        torn: [...document.querySelectorAll(".drawing-frame, .figure-summary, tr")]
          .map((own) => getComputedStyle(own).breakInside).filter((own) => own !== "avoid"),
        drawn: drawn.length,
        over: Math.max(...drawn.map(over)),
      };
    })()`);
    assert.deepEqual([shown.cut, shown.rows, shown.torn], [0, 60, []]);
    assert.ok(shown.drawn > 0 && shown.over <= 0);
    assert.equal((await page.pdf({ format: "A4" })).subarray(0, 5).toString(), "%PDF-");
    await page.close();
  });
});
