/** Numbers that must not be believed, and numbers that are not there: the page says so, and why, instead of showing something. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, startBrowser, until } from "../browser.ts";
import { openPage } from "./browser.ts";
import { hostileName, makeSite } from "./made-site.ts";
import { serveFolder, type StaticServer } from "./static-server.ts";

type Rows = Record<string, number[][]>;

/** Behind the buckets: the first of the sums, from the end of a row. */
const sumFromEnd = 7;

describe("doubtful numbers on the dashboard", () => {
  needs("chromium");
  let browser: Browser;
  let server: StaticServer;

  before(async () => {
    const folder = tempDir("doubtful");
    makeSite(folder, { dates: 12 });
    const folders = JSON.parse(readFileSync(join(folder, "versions.json"), "utf8")) as Record<string, string>;
    // Sums that belong to no counts, on one date of two.
    for (const measure of ["CHECKERBOARDING", "CYCLE_COLLECTOR"]) {
      const file = join(folder, folders["nightly/28"] ?? "", `${measure}-by-build-date.json`);
      const rows = JSON.parse(readFileSync(file, "utf8")) as Rows;
      for (const [i, date] of Object.keys(rows).entries()) {
        if (i % 2 === 1) continue;
        rows[date] = (rows[date] ?? []).map((row) => row.with(-sumFromEnd, -1e9).with(1 - sumFromEnd, -1e6));
      }
      writeFileSync(file, JSON.stringify(rows));
    }
    // Buckets of the same number, elsewhere.
    const described = join(folder, folders["aurora/27"] ?? "", "site.json");
    const site = readFileSync(described, "utf8");
    const moved = site.replace(/("CHECKERBOARDING": *\{[^}]*"bounds":)(\[[\d,]*\])/, (_, before: string, own: string) =>
      before.concat(JSON.stringify((JSON.parse(own) as number[]).map((bound) => bound * 7))),
    );
    assert.notEqual(moved, site);
    writeFileSync(described, moved);
    server = await serveFolder(folder);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const open = async (hash: Readonly<Record<string, string>>): Promise<Page> => {
    const text = new URLSearchParams({ version: "nightly/28", sanitize: "off", ...hash }).toString();
    const { page } = await openPage(browser, `${server.base}#${text}`);
    await page.waitForSelector(".figure-summary figcaption [data-n]");
    return page;
  };

  it("are unknown where sums do not belong to the counts, with the reason, and of the others where some do", async () => {
    for (const [measure, facts] of [
      ["CHECKERBOARDING", ["Mean", "Standard deviation"]],
      ["CYCLE_COLLECTOR", ["Mean", "Geometric mean", "Geometric std. deviation"]],
    ] as const) {
      const page = await open({ measure });
      const told = async (fact: string): Promise<string> => {
        const shown = page.locator(".facts > div", { has: page.locator("dt", { hasText: new RegExp(`^${fact}$`) }) });
        return (await shown.locator("dd").textContent()) ?? "";
      };
      for (const fact of facts)
        assert.match(await told(fact), /^(?:× )?[\d,.]+ of [\d,]+ samples: not all sums belong to the counts$/);
      // The first of the dates is one of those that are damaged.
      await page.getByLabel("to", { exact: true }).fill("2013-01-07");
      await until(page, `location.hash.includes("to=20130107")`);
      for (const fact of facts) assert.equal(await told(fact), "unknown: its sums do not belong to the counts");
      const line = page.locator("figure[data-figure=evolution] [data-contradictory]");
      assert.match((await line.textContent()) ?? "", /^The sums of 6 points do not belong to the counts/);
      // Percentiles come from the counts alone.
      assert.match((await page.locator('[data-percentile="50"] td').first().textContent()) ?? "", /^\d/);
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.close();
    }
  });

  it("are no comparison where a series has none, the first one or another", async () => {
    // Nobody has both.
    const nobody = { "filter.reason": "idle_daily", "filter.OS": hostileName };
    const others = new URLSearchParams({ version: "nightly/28", own: "filters" });
    const empty = new URLSearchParams({ ...Object.fromEntries(others), ...nobody });
    for (const [hash, words] of [
      [{ compare: empty.toString() }, /None of the other series can be compared/],
      [{ ...nobody, compare: others.toString() }, /has no samples here: there is nothing to compare/],
    ] as const) {
      for (const measure of ["CYCLE_COLLECTOR", "UPDATE_STATE"]) {
        const page = await open({ measure, ...hash });
        const figure = page.locator("figure[data-figure=comparison]");
        assert.match((await figure.locator(".nothing").textContent()) ?? "", words);
        assert.equal(await figure.locator(".curve").count(), 0);
        const last = (await figure.locator(".shifts tbody tr").nth(1).locator("td").last().textContent()) ?? "";
        assert.equal(last, "nothing to compare");
        assert.doesNotMatch((await figure.locator(".shifts").textContent()) ?? "", /100/);
        await page.close();
      }
    }
  });

  it("stand in no bucket of another series: not as bars, not in tables, not in pictures", async () => {
    for (const distribution of ["chart", "table"]) {
      const page = await open({ measure: "CHECKERBOARDING", compare: "version=aurora%2F27", distribution });
      const figure = page.locator("figure[data-figure=distribution]");
      assert.match((await figure.textContent()) ?? "", /Series whose buckets are not those of the first are not shown/);
      if (distribution === "table") {
        assert.ok((await figure.locator("td[data-series='0']").count()) > 0);
        assert.equal(await figure.locator("td[data-series='1']").count(), 0);
        await page.close();
        continue;
      }
      assert.ok((await figure.locator(".bar.series-0").count()) > 0);
      assert.equal(await figure.locator(".outline").count(), 0);
      await figure.locator("summary.button").click();
      const item = figure.getByRole("button", { name: "Chart as SVG" });
      const [download] = await Promise.all([page.waitForEvent("download"), item.click()]);
      const saved = readFileSync(await download.path(), "utf8");
      assert.match(saved, />nightly\/28 \(/);
      assert.doesNotMatch(saved, />aurora\/27 \(/);
      // A comparison that draws nothing has no drawing to save, and numbers all the same.
      const menu = page.locator("figure[data-figure=comparison] .menu");
      await menu.locator("summary").click();
      assert.equal(await menu.getByRole("button", { name: "Numbers as CSV" }).count(), 1);
      assert.equal(await menu.getByRole("button", { name: "Chart as" }).count(), 0);
      await page.close();
    }
  });

  it("say how many pings had a definition that was left out, and of what", async () => {
    const page = await open({ version: "nightly/29", measure: "CYCLE_COLLECTOR" });
    await page.locator("button.coverage-button").first().click();
    const text = (await page.locator("dialog[open]").textContent()) ?? "";
    assert.match(text, /nightly\/29 GC_MS: 3 pings in 3 entries of another definition \(0a1b2c3d\)/);
    assert.match(text, /corrupt saved_session\/\S+ of dataset telemetry: ends early/);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.close();
  });
});
