/** The dashboard in a real browser, on made sites: many dates and measures, names that mean harm, files that are broken. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { needs } from "../../support/requirements.ts";
import { accessibilityProblems, until } from "../browser.ts";
import { openPage, type OpenedPage } from "./browser.ts";
import { hostileName, madeCoverage } from "./made-site.ts";
import { servedSite } from "./served-site.ts";

describe("the dashboard in a browser", () => {
  needs("chromium");
  const suite = servedSite("dashboard", { dates: 365, measures: 2000 });
  let opened: OpenedPage | undefined;

  afterEach(async () => {
    suite.server.instead.clear();
    const errors = opened?.errors ?? [];
    await opened?.page.close();
    opened = undefined;
    assert.deepEqual(errors, []);
  });

  const open = async (hash: string, width?: number): Promise<OpenedPage["page"]> => {
    opened = await openPage(suite.browser, `${suite.server.base}#${hash}`, width);
    return opened.page;
  };
  const cycle = "version=nightly%2F29&measure=CYCLE_COLLECTOR";

  it("says what each number is of", async () => {
    const page = await open(cycle);
    await page.waitForSelector("figure svg.drawing path");
    const figures = await page.locator("figure").evaluateAll((all) =>
      all.map((figure) => ({
        name: figure.getAttribute("data-figure"),
        n: Number(figure.querySelector("figcaption [data-n]")?.getAttribute("data-n")),
        text: figure.querySelector("figcaption")?.textContent ?? "",
      })),
    );
    assert.deepEqual(
      figures.map(({ name }) => name),
      ["evolution", "distribution", "summary"],
    );
    for (const { n, text } of figures) {
      assert.ok(n > 0);
      assert.match(
        text,
        /whole aggregate: 412 of 413 blocks, 1 missing.*100 of 98,310 records rejected.*no definition left out, some of 1 other measure.*as of 2026/,
      );
    }
    await page.locator(".coverage-button").first().click();
    assert.match((await page.locator("dialog").textContent()) ?? "", /corrupt.*5e1b0\.lzma.*GC_MS/);
    await page.keyboard.press("Escape");
    // The page hears of it in a turn of its own.
    await page.waitForSelector("dialog", { state: "detached" });
  });

  it("is usable by all: axe-core finds nothing, in both themes, wide and narrow", async () => {
    const compared = `${cycle}&compare=version%3Dnightly%252F28`;
    for (const [hash, width] of [
      [cycle, 1280],
      [`${compared}&theme=dark`, 360],
      [`${compared}&theme=light&distribution=table`, 1280],
    ] as const) {
      const page = await open(hash, width);
      await page.waitForSelector("figure svg.drawing");
      assert.deepEqual(await accessibilityProblems(page), []);
      const over = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      assert.ok(over <= 0, `wider than the screen by ${over} px`);
      await page.close();
    }
  });

  it("narrows by filters, and has it all in its address", async () => {
    const page = await open(cycle);
    const n = page.locator("figure[data-figure=summary] [data-n]");
    const all = Number(await n.getAttribute("data-n"));
    await page.selectOption('[data-dimension="OS"]', `=${hostileName}`);
    await until(page, `document.querySelector("figure[data-figure=summary] [data-n]")?.dataset.n !== "${all}"`);
    const some = Number(await n.getAttribute("data-n"));
    assert.ok(some > 0 && some < all);
    await page.getByLabel("Submission dates").check();
    await page.reload();
    await page.waitForSelector("figure");
    assert.equal(await page.locator('[data-dimension="OS"]').inputValue(), `=${hostileName}`);
    assert.ok(await page.getByLabel("Submission dates").isChecked());
    await page.goBack();
    await until(page, `!location.hash.includes("submission-date")`);
    assert.equal(await page.evaluate("globalThis.harmed"), undefined);
  });

  it("finds measures by name and description with the keyboard, also __proto__", async () => {
    const page = await open(cycle);
    const box = page.getByRole("combobox", { name: "Measure" });
    await box.click();
    await box.fill("step 1999");
    await page.waitForSelector('[role=option]:has-text("MEASURE_1999_MS")');
    assert.equal(await page.locator("[role=option].choice").count(), 1);
    await box.fill("__proto");
    await page.keyboard.press("Enter");
    await until(page, `location.hash.includes("__proto__")`);
    await page.waitForSelector(".description:has-text('<img src=x')");
    assert.equal(await page.evaluate("globalThis.harmed"), undefined);
  });

  it("chooses dates with keys", async () => {
    const page = await open(cycle);
    await page.getByRole("slider", { name: "First date" }).focus();
    await page.keyboard.press("ArrowRight");
    await until(page, `location.hash.includes("from=20130108")`);
    await page.getByRole("slider", { name: "Last date" }).focus();
    await page.keyboard.press("PageDown");
    await until(page, `location.hash.includes("to=20131227")`);
    await page.getByRole("button", { name: "All dates" }).click();
    await until(page, `!location.hash.includes("from=")`);
  });

  it("keeps a brush, however many its steps, as one entry of the history: Back leads to before it", async () => {
    const page = await open(cycle);
    const state = async (): Promise<string> => await page.evaluate<string>("location.hash");
    const entries = async (): Promise<number> => await page.evaluate<number>("history.length");
    await page.getByRole("slider", { name: "First date" }).focus();
    const [before, many] = [await state(), await entries()];
    // Held down, and pressed again and again.
    await page.keyboard.down("ArrowRight");
    for (let repeated = 0; repeated < 5; repeated++) await page.keyboard.down("ArrowRight");
    assert.equal(await state(), before, "while it is held it is not in the address");
    await page.keyboard.up("ArrowRight");
    await until(page, `location.hash.includes("from=20130113")`);
    for (let pressed = 0; pressed < 5; pressed++) await page.keyboard.press("ArrowRight");
    await until(page, `location.hash.includes("from=20130118")`);
    const box = await page.locator("rect.dragging").boundingBox();
    assert.ok(box !== null);
    for (const part of [0.3, 0.5]) {
      await page.mouse.move(box.x + box.width * part, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * (part + 0.2), box.y + box.height / 2, { steps: 4 });
      await page.mouse.up();
    }
    await until(page, `/from=20130[67]\\d\\d&to=/.test(location.hash)`);
    assert.equal(await entries(), many + 1);
    // What is searched is no state.
    const search = page.getByRole("combobox", { name: "Measure" });
    await search.click();
    await search.pressSequentially("step 1");
    await page.keyboard.press("Escape");
    assert.equal(await entries(), many + 1);
    await page.goBack();
    await until(page, `location.hash === ${JSON.stringify(before)}`);
    await page.waitForSelector(".range-fields:has-text('365 dates')");
  });

  it("chooses dates with a finger", async () => {
    const context = await suite.browser.newContext({
      hasTouch: true,
      isMobile: true,
      viewport: { width: 360, height: 800 },
    });
    const page = await context.newPage();
    await page.goto(`${suite.server.base}#${cycle}`);
    await page.waitForSelector("rect.dragging");
    await page.evaluate(`document.querySelector("rect.dragging").scrollIntoView({ block: "center" })`);
    const box = await page.locator("rect.dragging").boundingBox();
    assert.ok(box !== null);
    const finger = await context.newCDPSession(page);
    const at = (x: number): { x: number; y: number }[] => [{ x: box.x + x, y: box.y + box.height / 2 }];
    await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(60) });
    for (let x = 70; x <= 150; x += 20) {
      await finger.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(x) });
    }
    await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await until(page, `/from=.*to=/.test(location.hash)`);
    await context.close();
  });

  it("gives its numbers and drawings as files", async () => {
    const page = await open(cycle);
    const figure = page.locator("figure[data-figure=distribution]");
    const saved = async (item: string): Promise<{ name: string; bytes: Buffer }> => {
      await figure.locator("summary.button").click();
      const [download] = await Promise.all([page.waitForEvent("download"), figure.getByText(item).click()]);
      // What was chosen has gone with its menu.
      assert.equal(await figure.locator("summary.button").evaluate((own) => own.matches(":focus")), true);
      return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
    };
    const csv = await saved("Numbers as CSV");
    assert.equal(csv.name, "CYCLE_COLLECTOR-distribution.csv");
    assert.match(
      csv.bytes.toString(),
      /^version,reason,OS,narrowed_by,bucket,start,end,count,share\r\nnightly\/29,\*,\*,,"\[0, 1\)",0,1,\d+,/,
    );
    const json = JSON.parse((await saved("Numbers as JSON")).bytes.toString()) as { coverage: { blocks: unknown } };
    assert.deepEqual(json.coverage.blocks, { covered: 412, missing: 1, open: 0 });
    assert.match((await saved("Chart as SVG")).bytes.toString(), /<svg.*n = .*412 of 413 blocks/s);
    assert.equal((await saved("Chart as PNG")).bytes.subarray(1, 4).toString(), "PNG");
  });

  it("compares series, and shows one figure alone", async () => {
    const page = await open("version=nightly%2F28&measure=CYCLE_COLLECTOR");
    await page.getByRole("button", { name: "Compare with another series" }).click();
    await page.waitForSelector("figure[data-figure=comparison] .curve");
    assert.equal(await page.locator(".shifts tbody tr").count(), 2);
    assert.match((await page.locator(".shifts tbody tr").nth(1).textContent()) ?? "", /nightly\/29.*\+.*….*pp/);
    await page.getByLabel("Difference").check();
    await page.waitForSelector("figure[data-figure=comparison] .zero", { state: "attached" });
    await page.evaluate(`location.hash += "&only=comparison"`);
    await page.waitForSelector(".alone");
    assert.equal(await page.locator("figure").count(), 1);
  });

  it("offers newer data, and says when it cannot look for it", async () => {
    const page = await open(cycle);
    await page.waitForSelector("figure");
    suite.server.instead.set("coverage.json", 500);
    await page.evaluate(`dispatchEvent(new Event("online"))`);
    await page.waitForSelector(".notice:has-text('cannot be looked for')");
    suite.server.instead.set("coverage.json", JSON.stringify(madeCoverage(0, 4)));
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Show it" }).click();
    await page.waitForSelector("figcaption:has-text('412 of 412 blocks')");
    assert.equal(await page.locator(".notice").count(), 0);
  });
});
