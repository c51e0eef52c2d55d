/** The status page in a real Chromium, over real servers: what it shows, that it follows, and that nothing hostile comes alive. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { pageAssets } from "../../../cli/status-page/assets.ts";
import { gzipSync } from "node:zlib";
import { startSpotfold } from "../../e2e/spotfold.ts";
import type { Started } from "../../support/processes.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, browserOfSuite, until } from "../browser.ts";
import { giveToken, openPage } from "./browser.ts";
import { fillWorkFolder, hostile, runs } from "./work-folder.ts";

/** Of all the dashboard's pages. */
const scriptBytesMax = 60 * 1024;

describe("the status page", function pageSuite() {
  this.timeout(120_000);
  needs("chromium");

  const suite = browserOfSuite();

  async function served(folder: string, ...flags: string[]): Promise<{ server: Started; url: string }> {
    // As slow as life: what the folder has would be too old in a tenth of the time.
    const env = { SPOTFOLD_TIMING_SCALE: "1" };
    const server = await startSpotfold(folder, ["serve", "--status", "--port", "0", ...flags], { env });
    const [, url = ""] = await server.waitFor(/ at (http:\S+)/, 60_000);
    return { server, url };
  }

  const textOf = async (page: Page): Promise<string> => await page.locator("main").innerText();

  it("begins with nothing, and shows the first run without a reload; then that the server is away", async () => {
    const folder = tempDir("status-live");
    const { server, url } = await served(folder);
    const { page } = await openPage(suite.browser, 360);
    await page.goto(url);
    await page.getByText("Nothing yet").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await fillWorkFolder(join(folder, ".spotfold/store"));
    await page.getByText(runs.going).first().waitFor();
    await server.stop();
    await page.getByText("The server does not answer.").waitFor();
    assert.match(await textOf(page), /What is shown is as of/);
    assert.ok((await textOf(page)).includes(runs.going), "what was known stays");
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.close();
  });

  it("shows holds with their cures, workers, attempts and logs; hostile names and logs are text", async () => {
    const folder = tempDir("status-rich");
    await fillWorkFolder(join(folder, ".spotfold/store"));
    const { url } = await served(folder);
    const { page, complaints } = await openPage(suite.browser);
    await page.goto(url);
    await page.getByText("Cure:").waitFor();
    const text = await textOf(page);
    assert.match(text, /Allow s3:GetObject to the role of the workers/);
    assert.match(text, /40 jobs: 25 done, 1 in hand, 14 waiting/);
    assert.match(text, /build-2 silent/);
    assert.equal(await page.getByRole("progressbar").count(), 2);
    // By the keyboard alone.
    const summary = page.locator("summary").nth(1);
    await summary.focus();
    await page.keyboard.press("Enter");
    await page.locator("pre.log").first().waitFor();
    assert.ok((await page.locator("pre.log").allInnerTexts()).some((log) => log.includes(hostile)));
    assert.equal(await page.locator("main img").count(), 0);
    assert.equal(await page.title(), "Spotfold status");
    const long = page.locator(".logged", { hasText: String.raw`line 0\x07` });
    assert.equal((await long.locator("pre").innerText()).split("\n").length, 12);
    await long.getByRole("button", { name: "Show all 40 lines" }).press("Enter");
    assert.equal((await long.locator("pre").innerText()).split("\n").length, 40);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityProblems(page), [], colorScheme);
    }
    for (const width of [360, 768, 1280, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.ok(Number(over) <= 0, `${width}`);
    }
    assert.deepEqual(complaints, []);
    // An ask that brings nothing takes nothing away.
    await page.route("**/attempts.json*", async (route) => await route.abort());
    const again = page.getByRole("button", { name: "Ask again" });
    await again.waitFor();
    assert.ok((await page.locator("pre.log").count()) > 0);
    assert.deepEqual(await accessibilityProblems(page), []);
    await Promise.all([page.waitForRequest("**/attempts.json*"), again.press("Enter")]);
    await page.unroute("**/attempts.json*");
    // Asked by the page itself after a while: what had the focus is gone then.
    await again.waitFor({ state: "detached" });
    assert.equal(await summary.evaluate((element) => element === element.ownerDocument.activeElement), true);
    await page.close();
  });

  it("asks for the token, and keeps it out of URLs and of what scripts can read", async () => {
    const folder = tempDir("status-token");
    writeFileSync(join(folder, "token"), "0123456789abcdef0123\n");
    const { server, url } = await served(folder, "--token-file", "token", "--host", "0.0.0.0");
    const { page } = await openPage(suite.browser);
    await page.goto(url.replace("0.0.0.0", "127.0.0.1"));
    // By the keyboard alone: the field has the focus from the first, and again when the token was wrong.
    const focused = async (id: string): Promise<void> => await until(page, `document.activeElement.id === "${id}"`);
    await focused("token");
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("That is not the token").waitFor();
    await focused("token");
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByLabel("Token", { exact: true }).fill("0123456789abcdef0123");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing yet").waitFor();
    await focused("nothing");
    assert.equal(await page.evaluate("document.cookie"), "");
    assert.ok(!page.url().includes("0123456789abcdef"));
    assert.ok(!(server.stdout() + server.stderr()).includes("0123456789abcdef"));
    await page.close();
  });

  it("cancels a run by the command that it shows, where it may", async () => {
    const folder = tempDir("status-cancel");
    await fillWorkFolder(join(folder, ".spotfold/store"));
    const { server, url } = await served(folder, "--allow-actions");
    const watched = await openPage(suite.browser, 360);
    const { page } = watched;
    await page.goto(url);
    await giveToken(watched, server);
    await page.getByRole("button", { name: "Cancel run …" }).last().click();
    await page.getByText(`cancel ${runs.going} --store`).waitFor();
    await page.getByText("What is resolved by then is entered and kept.").waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole("button", { name: "Cancel run", exact: true }).click();
    await page.getByText(/^exit \d/).waitFor({ timeout: 60_000 });
    assert.match(await page.getByText(/^exit \d/).innerText(), new RegExp(`exit 0\n${runs.going} is cancelled`));
    await page.getByText("cancelled", { exact: true }).waitFor();
    await page.close();
  });

  it("says why a run was not admitted and what waits for a master, and cancels a run that waits", async () => {
    const folder = tempDir("status-waits");
    const store = join(folder, ".spotfold/store");
    await fillWorkFolder(store);
    const texts = { what: `There is no folder ${hostile}.`, where: "dataset d in /data", hint: "Bring it back." };
    const waits = { ...texts, code: "no-such-store", since: Date.now() - 180_000 };
    writeFileSync(
      join(store, "inbox", runs.waiting),
      JSON.stringify({ format: 1, run: runs.waiting, aggregate: "dashboard", waits }),
    );
    const { server, url } = await served(folder, "--allow-actions");
    const watched = await openPage(suite.browser);
    const { page } = watched;
    await page.goto(url);
    await giveToken(watched, server);
    const card = page.locator("li.card", { hasText: runs.waiting });
    await card.getByText("Not admitted for 3 min").waitFor();
    const text = await card.innerText();
    assert.ok(text.includes(`There is no folder ${hostile}.`), text);
    assert.match(text, /counts into dashboard, submitted [\s\S]*Cure: Bring it back\./);
    const all = await textOf(page);
    assert.match(all, /No master leads, and runs wait for one .* To start one:\s+cd \S+ && \S+( \S+)? master --store /);
    assert.match(all, /40 jobs wait for a master to send them\./);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await accessibilityProblems(page), [], colorScheme);
      for (const width of [360, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        assert.ok(Number(over) <= 0, `${width}`);
        await page.screenshot({ path: join(folder, `waits-${width}-${colorScheme}.png`), fullPage: true });
      }
    }
    // By the keyboard alone.
    await card.getByRole("button", { name: "Cancel run …" }).focus();
    await page.keyboard.press("Enter");
    await card.getByRole("button", { name: "Cancel run", exact: true }).click();
    await card.getByText(/is cancelled; no master had admitted it/).waitFor({ timeout: 60_000 });
    // It is another card by then, and what was said stays.
    await card.getByText("cancelled", { exact: true }).waitFor();
    assert.match(
      await card.innerText(),
      /closed (\d+ \w+ \d+, )?\d\d:\d\d:\d\d[\s\S]*is cancelled; no master had admitted it/,
    );
    assert.deepEqual(watched.complaints, []);
    await page.close();
  });

  it("fits its budget of script", () => {
    const [script] = [...pageAssets().files].filter(([name]) => name.endsWith(".js"));
    assert.ok(script !== undefined && gzipSync(script[1]).length <= scriptBytesMax);
  });
});
