/** A site of which one version is broken: the page says which, and shows the others. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { startBrowser } from "../browser.ts";
import { openPage } from "./browser.ts";
import { makeSite } from "./made-site.ts";
import { serveFolder, type StaticServer } from "./static-server.ts";

describe("a dashboard of which one version is broken", () => {
  needs("chromium");
  let browser: Browser;
  let server: StaticServer;
  let file: string;
  let whole: string;

  before(async () => {
    const folder = tempDir("one-broken");
    makeSite(folder, { dates: 5 });
    const folders = JSON.parse(readFileSync(join(folder, "versions.json"), "utf8")) as Record<string, string>;
    file = join(folder, folders["nightly/29"] ?? "", "site.json");
    whole = readFileSync(file, "utf8");
    server = await serveFolder(folder);
    browser = await startBrowser();
  });
  beforeEach(() => writeFileSync(file, whole.slice(0, -2)));
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it("shows the newest of the others and says which one is not, until it is mended", async () => {
    const { page, errors } = await openPage(browser, server.base);
    await page.waitForSelector("figure figcaption [data-n]");
    const message = page.locator(".message.bad");
    assert.match(
      (await message.textContent()) ?? "",
      /nightly\/29 cannot be shown; the others can.*site\.json is not whole/,
    );
    assert.equal(await page.getByRole("combobox", { name: /Channel/ }).inputValue(), "nightly/28");
    assert.equal(await page.title(), "CHECKERBOARDING · nightly/28 · Telemetry histograms");
    // What was said of looking for newer data is over as well, once it was read again.
    server.instead.set("coverage.json", 500);
    await page.evaluate(`dispatchEvent(new Event("online"))`);
    await page.waitForSelector(".notice");
    server.instead.delete("coverage.json");
    writeFileSync(file, whole);
    await message.getByRole("button", { name: "Try again" }).click();
    await message.waitFor({ state: "detached" });
    assert.equal(await page.getByRole("combobox", { name: /Channel/ }).inputValue(), "nightly/29");
    assert.equal(await page.locator(".notice").count(), 0);
    assert.deepEqual(errors, []);
    await page.close();
  });

  it("says so of the version that was chosen, and leaves the choice of another", async () => {
    const { page } = await openPage(browser, `${server.base}#version=nightly%2F29`);
    const message = page.locator(".message.bad");
    assert.match((await message.textContent()) ?? "", /site\.json is not whole/);
    assert.equal(await message.count(), 1);
    const box = page.getByRole("combobox", { name: /Channel/ });
    await box.fill("release");
    await page.keyboard.press("Enter");
    await page.waitForSelector("figure figcaption [data-n]");
    assert.equal(await message.count(), 0);
    await page.close();
  });
});
