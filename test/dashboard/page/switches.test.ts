/** What is switched on the page, each of it kept in the address: sanitizing, lines, table, theme; and a figure inside of another page. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { until } from "../browser.ts";
import { openPage } from "./browser.ts";
import { serveFolder } from "./static-server.ts";
import { servedSite } from "./served-site.ts";

describe("the dashboard's switches", () => {
  needs("chromium");
  const suite = servedSite("switches", { dates: 120 });

  const open = async (hash: string): Promise<Page> => {
    const { page } = await openPage(suite.browser, `${suite.server.base}#${hash}`);
    await page.waitForSelector(".figure-summary");
    return page;
  };
  const cycle = "version=nightly%2F29&measure=CYCLE_COLLECTOR";

  it("hide dates with few submissions, and say how many; off, they are drawn and counted", async () => {
    const page = await open(cycle);
    const drawn = page.locator("figure[data-figure=evolution] [data-n]");
    const counted = page.locator("figure[data-figure=summary] [data-n]");
    const n = async (): Promise<number[]> =>
      await Promise.all([drawn, counted].map(async (own) => Number(await own.getAttribute("data-n"))));
    const hidden = page.locator("[data-hidden]");
    await page.getByLabel(/Hide dates with few pings/).uncheck();
    await until(page, `location.hash.includes("sanitize=off")`);
    assert.equal(await hidden.count(), 0);
    const [all, total] = await n();
    assert.equal(all, total);
    await page.getByLabel(/Hide dates with few pings/).check();
    await until(page, `!location.hash.includes("sanitize")`);
    const [shown, same] = await n();
    assert.equal(same, total, "the figures below count all");
    assert.equal((await hidden.count()) > 0, (shown ?? 0) < (total ?? 0));
    await page.close();
  });

  it("take lines away and bring them back", async () => {
    const page = await open("version=nightly%2F29&measure=PLUGIN_ACTIVATED");
    const lines = page.locator("figure[data-figure=evolution] .statistic");
    assert.equal(await lines.count(), 2);
    await page.getByRole("button", { name: "false", exact: true }).click();
    await until(page, `location.hash.includes("lines=v1")`);
    assert.equal(await lines.count(), 1);
    await page.reload();
    await page.waitForSelector(".figure-summary");
    assert.equal(await lines.count(), 1);
    // Another measure has its own lines.
    const box = page.getByRole("combobox", { name: "Measure" });
    await box.fill("CYCLE");
    await page.keyboard.press("Enter");
    await until(page, `document.querySelectorAll("figure[data-figure=evolution] .statistic").length === 6`);
    await page.close();
  });

  it("show the distribution as a table that names what it counts, and the page in dark", async () => {
    const page = await open("version=nightly%2F29&measure=__proto__");
    await page.getByRole("radio", { name: "Table" }).check();
    const rows = page.locator("figure[data-figure=distribution] tbody th");
    assert.deepEqual(await rows.allTextContents(), ["not set", "set"]);
    const figure = page.locator("figure[data-figure=distribution]");
    assert.match((await figure.locator(".readout").textContent()) ?? "", /Empty buckets left out: 1 after the last/);
    await page.getByRole("radio", { name: "Dark" }).check();
    await until(page, `location.hash.includes("theme=dark") && location.hash.includes("distribution=table")`);
    const paper = async (): Promise<string> =>
      await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    assert.equal(await paper(), "rgb(14, 19, 26)");
    await page.getByRole("radio", { name: "Light" }).check();
    await until(page, `getComputedStyle(document.body).backgroundColor === "rgb(246, 247, 249)"`);
    await page.close();
  });

  it("show one figure inside of another page", async () => {
    const folder = tempDir("embedding");
    const address = `${suite.server.base}#${cycle}&only=distribution`;
    const frame = `<iframe width="700" height="640" src="${address.replaceAll("&", "&amp;")}"></iframe>`;
    writeFileSync(join(folder, "index.html"), `<!doctype html><title>A report</title>${frame}`);
    const other = await serveFolder(folder);
    const { page, errors } = await openPage(suite.browser, other.base);
    const inside = page.frameLocator("iframe");
    await inside.locator("figure[data-figure=distribution] svg.drawing").waitFor();
    assert.equal(await inside.locator("figure").count(), 1);
    assert.match((await inside.locator("figcaption").textContent()) ?? "", /n = [\d,]+ pings.*412 of 413 blocks/);
    assert.equal(await inside.locator(".controls").count(), 0);
    assert.deepEqual(errors, []);
    await page.close();
    await other.close();
  });
});
