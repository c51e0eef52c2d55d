/**
 * A figure inside of another page: the HTML that the dashboard gives, put into a page of another origin, over a real `spotfold serve`,
 * which refuses it until that origin is named. In the frame are the figure, what it is of, and the way to the whole page.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startServer } from "../../../cli/serve/server.ts";
import { atEnd } from "../../support/cleanup.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, startBrowser } from "../browser.ts";
import { openPage } from "./browser.ts";
import { makeSite } from "./made-site.ts";
import { serveFolder, type StaticServer } from "./static-server.ts";

describe("an embedded figure", function embedded() {
  needs("chromium");
  this.timeout(120_000);
  let browser: Browser;
  let site: string;
  let other: StaticServer;
  let report: string;

  before(async () => {
    site = tempDir("embedded-site");
    makeSite(site, { dates: 30 });
    report = tempDir("report");
    other = await serveFolder(report);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await other?.close();
  });

  const served = async (frameOrigins: readonly string[]): Promise<string> => {
    const server = await startServer({ folder: site, port: 0, host: "127.0.0.1", frameOrigins });
    atEnd(async () => await server.stop());
    return server.url;
  };

  /** As the dialog gives it. */
  const codeOf = async (base: string, figure: string): Promise<string> => {
    const hash = new URLSearchParams({ version: "nightly/29", measure: "CYCLE_COLLECTOR", "filter.OS": "Linux" });
    const { page, errors } = await openPage(browser, `${base}#${hash.toString()}`);
    const frame = page.locator(`figure[data-figure=${figure}]`);
    await frame.locator("summary.button").click();
    await frame.getByRole("button", { name: "Embed it" }).click();
    const dialog = page.getByRole("dialog", { name: "Embed this figure" });
    const code = await dialog.getByLabel("HTML for the other page").inputValue();
    assert.match((await dialog.textContent()) ?? "", /--allow-frames https:\/\/example\.org/);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.deepEqual(errors, []);
    await page.close();
    return code;
  };

  const opened = async (code: string, width = 760): Promise<Page> => {
    writeFileSync(join(report, "index.html"), `<!doctype html><title>A report</title>${code}`);
    const page = await browser.newPage({ viewport: { width, height: 720 } });
    await page.goto(other.base);
    return page;
  };

  it("is the figure, what it is of and a link to all, where the origin is named", async () => {
    const base = await served([new URL(other.base).origin]);
    for (const figure of ["evolution", "distribution", "summary"]) {
      const page = await opened(await codeOf(base, figure));
      const inside = page.frameLocator("iframe");
      await inside.locator(`figure[data-figure=${figure}] figcaption [data-n]`).waitFor();
      assert.equal(await inside.locator("figure").count(), 1);
      assert.match((await inside.locator("figcaption").textContent()) ?? "", /n = [\d,]+ pings.*412 of 413 blocks/);
      assert.equal(await inside.locator("h1").textContent(), "CYCLE_COLLECTOR · nightly/29 · OS Linux");
      const link = inside.getByRole("link", { name: "Open the dashboard" });
      assert.match(
        (await link.getAttribute("href")) ?? "",
        /#version=nightly%2F29&measure=CYCLE_COLLECTOR&filter\.OS=Linux$/,
      );
      for (const control of [".controls", ".range-fields", ".menu", ".table-details", ".sanitize label", ".segments"]) {
        for (const own of await inside.locator(control).all()) assert.equal(await own.isVisible(), false, control);
      }
      // On most pages it needs no scrolling.
      const [high = 0, room = 0] = await inside
        .locator("html")
        .evaluate(({ scrollHeight, clientHeight }) => [scrollHeight, clientHeight]);
      assert.ok(high <= room, `${figure} is ${high} px high in a frame of ${room}`);
      await page.close();
    }
  });

  it("is refused where no origin is named, and where another one is", async () => {
    for (const origins of [[], ["https://example.org"]]) {
      const base = await served(origins);
      const page = await browser.newPage();
      const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
      writeFileSync(join(report, "index.html"), `<!doctype html><iframe src="${base}#only=summary"></iframe>`);
      await page.goto(other.base);
      await refused;
      assert.equal(await page.frameLocator("iframe").locator("figure").count(), 0);
      await page.close();
    }
  });
});
