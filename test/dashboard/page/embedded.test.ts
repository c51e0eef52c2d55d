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

/** What stands on the whole page, and not in a frame. */
const framedControls = [".range-fields", ".menu", ".table-details", ".sanitize label", ".segments"];

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
    assert.equal(await frame.locator("summary.button").evaluate((own) => own.matches(":focus")), true);
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
    const hidden = new Set<string>();
    for (const figure of ["evolution", "distribution", "summary"]) {
      const page = await opened(await codeOf(base, figure));
      const inside = page.frameLocator("iframe");
      await inside.locator(`figure[data-figure=${figure}] figcaption [data-n]`).waitFor();
      assert.equal(await inside.locator("figure").count(), 1);
      assert.match((await inside.locator("figcaption").textContent()) ?? "", /n = [\d,]+ pings.*412 of 413 blocks/);
      assert.equal(await inside.locator("h1").textContent(), "CYCLE_COLLECTOR · nightly/29 · Linux");
      const about = (await inside.locator(".head-alone p").textContent()) ?? "";
      assert.match(about, /^Builds: 2013-01-07 to 2013-02-05 \(30 dates\).* · Filters: OS Linux$/);
      const link = inside.getByRole("link", { name: "Open the dashboard" });
      assert.match(
        (await link.getAttribute("href")) ?? "",
        /#version=nightly%2F29&measure=CYCLE_COLLECTOR&filter\.OS=Linux$/,
      );
      assert.equal(await inside.locator(".controls").count(), 0);
      for (const control of framedControls) {
        for (const own of await inside.locator(control).all()) {
          hidden.add(control);
          assert.equal(await own.isVisible(), false, control);
        }
      }
      // On most pages it needs no scrolling.
      const [high = 0, room = 0] = await inside
        .locator("html")
        .evaluate(({ scrollHeight, clientHeight }) => [scrollHeight, clientHeight]);
      assert.ok(high <= room, `${figure} is ${high} px high in a frame of ${room}`);
      await page.close();
    }
    assert.deepEqual([...hidden].toSorted(), framedControls.toSorted());
  });

  it("says what it shows: of each series its own filters, and the dates of its range", async () => {
    const own = encodeURIComponent("version=aurora/27&own=filters");
    const hash = `version=nightly%2F29&measure=CYCLE_COLLECTOR&filter.OS=Linux&filter.country=DE&compare=${own}`;
    const base = await served([]);
    const { page } = await openPage(browser, `${base}#${hash}&from=20130110&to=20130120&only=distribution`);
    await page.waitForSelector(".head-alone p");
    const head = (await page.locator(".head-alone").textContent()) ?? "";
    assert.match(head, /nightly\/29 · Linux, aurora\/27/);
    assert.match(head, /Builds: 2013-01-10 to 2013-01-20 \(11 dates\)/);
    assert.match(head, /Filters: nightly\/29 · Linux: OS Linux; aurora\/27: no filters/);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.close();
  });

  it("adds nothing to the history of the page that it is in", async () => {
    const base = await served([new URL(other.base).origin]);
    const page = await opened(await codeOf(base, "evolution"));
    const grip = page.frameLocator("iframe").getByRole("slider", { name: "First date" });
    const before = await page.evaluate("history.length");
    await grip.focus();
    await grip.press("PageUp");
    const frame = page.frames().at(-1);
    await frame?.waitForURL(/from=/);
    assert.equal(await page.evaluate("history.length"), before);
    await page.close();
  });

  it("is copied where the browser allows it; else there is no button, and the reason", async () => {
    const base = await served([]);
    const { page, errors } = await openPage(browser, "about:blank");
    // As it is of a page that came over plain HTTP from another machine.
    await page.addInitScript("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined })");
    await page.goto(`${base}#version=nightly%2F29&measure=CYCLE_COLLECTOR`);
    const frame = page.locator("figure[data-figure=summary]");
    await frame.locator("summary.button").click();
    await frame.getByRole("button", { name: "Embed it" }).click();
    const dialog = page.getByRole("dialog", { name: "Embed this figure" });
    assert.match((await dialog.textContent()) ?? "", /lets this page copy nothing, since it came without TLS/);
    assert.equal(await dialog.getByRole("button", { name: /^Copy/ }).count(), 0);
    assert.deepEqual(errors, []);
    await page.close();
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
