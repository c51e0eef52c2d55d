/** The charts below a finger: a tap reads out and chooses nothing, a drag chooses dates. And dates that are typed the wrong way round. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { servedSite } from "./served-site.ts";

describe("the dashboard on a phone", function touch() {
  needs("chromium");
  this.timeout(120_000);
  const suite = servedSite("touch", { dates: 40 });
  let page: Page;
  beforeEach(async () => {
    const context = await suite.browser.newContext({
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    page = await context.newPage();
    page.setDefaultTimeout(8000);
    await page.goto(`${suite.server.base}#version=nightly%2F28&measure=CYCLE_COLLECTOR`);
    await page.waitForSelector("rect.dragging");
  });
  afterEach(async () => await page.context().close());

  /** A place in it, by shares of its width. */
  const placeIn = async (selector: string, share: number): Promise<{ x: number; y: number }> => {
    const target = page.locator(selector).first();
    await target.scrollIntoViewIfNeeded();
    const box = (await target.boundingBox())!;
    return { x: box.x + box.width * share, y: box.y + box.height / 2 };
  };
  const tap = async (selector: string, share: number): Promise<void> => {
    const { x, y } = await placeIn(selector, share);
    await page.touchscreen.tap(x, y);
  };
  const read = (figure: string): Promise<string> =>
    page.locator(`figure[data-figure=${figure}] .readout b`).innerText();

  for (const [chart, selector] of [
    ["upper", "figure[data-figure=evolution] rect.pointing"],
    ["lower", "rect.dragging"],
  ] as const) {
    it(`reads out a date that is tapped in the ${chart} chart, and another one that is tapped then`, async () => {
      await tap(selector, 0.25);
      const first = await read("evolution");
      assert.match(first, /^2013-01-1\d$/);
      await tap(selector, 0.75);
      const second = await read("evolution");
      assert.match(second, /^2013-0[12]-\d\d$/);
      assert.ok(second > first, `${first}, then ${second}`);
      assert.ok(!page.url().includes("from="), "all dates are still shown");
      assert.equal(await page.locator("rect.inside").count(), 0);
    });
  }

  it("chooses dates by a drag", async () => {
    const [from, to] = [await placeIn("rect.dragging", 0.25), await placeIn("rect.dragging", 0.75)];
    const session = await page.context().newCDPSession(page);
    const send = async (type: "touchStart" | "touchMove" | "touchEnd", x: number): Promise<void> => {
      const touchPoints = type === "touchEnd" ? [] : [{ x, y: from.y }];
      await session.send("Input.dispatchTouchEvent", { type, touchPoints });
    };
    await send("touchStart", from.x);
    for (const share of [0.2, 0.5, 1]) await send("touchMove", from.x + (to.x - from.x) * share);
    await send("touchEnd", to.x);
    await page.waitForURL(/from=201301\d\d&to=2013/);
  });

  it("keeps a bucket that was tapped until something else is", async () => {
    await tap("figure[data-figure=distribution] rect.pointing", 0.3);
    const first = await read("distribution");
    await tap("figure[data-figure=distribution] rect.pointing", 0.6);
    assert.notEqual(await read("distribution"), first);
    await page.locator("figure[data-figure=summary] h2").tap();
    await page.waitForSelector("figure[data-figure=distribution] .pointed", { state: "detached" });
  });

  it("takes dates that are typed the wrong way round from the earlier to the later", async () => {
    const [from, to] = [page.getByLabel("From", { exact: true }), page.getByLabel("to", { exact: true })];
    await from.fill("2013-01-20");
    await page.waitForURL(/from=20130120/);
    await to.fill("2013-01-12");
    await to.blur();
    await page.waitForURL(/from=20130112&to=20130120/);
    assert.deepEqual([await from.inputValue(), await to.inputValue()], ["2013-01-12", "2013-01-20"]);
  });
});
