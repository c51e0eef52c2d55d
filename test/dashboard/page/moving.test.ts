/** What stays, and what is said, while the dashboard is on its way from one state to another: a range that moves, a version that is read. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { until } from "../browser.ts";
import { openPage } from "./browser.ts";
import { servedSite } from "./served-site.ts";

const spoken = `document.querySelector(".figures > [role=status]").textContent`;

describe("the dashboard on its way", function moving() {
  needs("chromium");
  this.timeout(120_000);
  const suite = servedSite("moving", { dates: 30 });

  const open = async (hash = ""): Promise<Page> => {
    const { page } = await openPage(
      suite.browser,
      `${suite.server.base}#version=nightly%2F29&measure=CYCLE_COLLECTOR${hash}`,
    );
    await page.waitForSelector(".figure-summary figcaption [data-n]");
    return page;
  };

  it("says a range when it rests, with the counts of these dates", async () => {
    const page = await open();
    const before = await page.evaluate<string>(spoken);
    assert.match(before, / in 30 dates$/);
    const n = `document.querySelector(".figure-summary [data-n]").dataset.n`;
    const all = await page.evaluate<string>(n);
    await page.getByRole("slider", { name: "First date" }).focus();
    // Held: the key is not let go.
    await page.keyboard.down("PageUp");
    await until(page, `${n} !== ${JSON.stringify(all)}`);
    assert.equal(await page.evaluate<string>(spoken), before);
    await page.keyboard.up("PageUp");
    await until(page, `/ in 20 dates$/.test(${spoken})`);
    const [said, shown] = await page.evaluate<[string, string]>(`[${spoken}, ${n}]`);
    assert.equal(/ ([\d,]+) pings/.exec(said)?.[1]?.replaceAll(",", ""), shown);
    await page.close();
  });

  it("keeps the range that a brush had reached when it goes away", async () => {
    const page = await open();
    const box = await page.locator("rect.dragging").boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + 100, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 10);
    await until(page, `document.querySelector(".range-fields input").value !== "2013-01-07"`);
    await page.evaluate(`location.hash += "&only=summary"`);
    await page.waitForSelector(".alone .figure-summary");
    await until(page, `/from=\\d{8}&to=\\d{8}/.test(location.hash)`);
    await page.mouse.up();
    await page.close();
  });

  it("shows what was shown until another version is read", async () => {
    const page = await open();
    let release = (): void => undefined;
    const released = new Promise<void>((done) => (release = done));
    let tellAsked = (): void => undefined;
    const asked = new Promise<void>((done) => (tellAsked = done));
    await page.route(/CYCLE_COLLECTOR-by-build-date/, async (route) => {
      tellAsked();
      await released;
      await route.continue();
    });
    await page.evaluate(`location.hash = location.hash.replace("29", "28")`);
    await page.waitForSelector(".figures-frame.busy");
    await asked;
    assert.equal(await page.locator("figure").count(), 3);
    assert.match(await page.title(), /nightly\/29/);
    release();
    await until(page, `document.title.includes("nightly/28")`);
    await page.close();
  });

  it("makes the open table of the evolution once, however many dates are pointed at", async () => {
    const page = await open();
    await page.locator(".table-details summary").click();
    await page.locator(".table-details tbody tr").first().waitFor();
    // A component that is made anew writes its texts again only where they differ: reading of the dates counts.
    await page.evaluate(`{
      globalThis.formatted = 0;
      const { get } = Object.getOwnPropertyDescriptor(Intl.NumberFormat.prototype, "format");
      Object.defineProperty(Intl.NumberFormat.prototype, "format", {
        get() { globalThis.formatted += 1; return get.call(this); },
      });
    }`);
    const frame = page.locator("figure[data-figure=evolution] .drawing-frame");
    await frame.hover({ position: { x: 200, y: 60 } });
    await page.waitForSelector("line.cursor", { state: "attached" });
    const formatted = await page.evaluate<number>("globalThis.formatted");
    assert.ok(formatted > 0 && formatted < 30, `${formatted} numbers were written`);
    await page.close();
  });
});
