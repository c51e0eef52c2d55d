/** The status page while its server is started anew: it asks for a token again, and what somebody typed is still there afterwards. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { spotfold, startSpotfold } from "../../e2e/spotfold.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { accessibilityProblems, browserOfSuite } from "../browser.ts";
import { giveToken, openPage } from "./browser.ts";

const waitMs = 60_000;

describe("a server that is started anew", function againSuite() {
  this.timeout(200_000);
  needs("chromium");

  const suite = browserOfSuite();

  it("takes nothing away of what was typed, and shows nothing to who was never let in", async () => {
    const folder = tempDir("status-again");
    await spotfold(folder, ["sample", "--out", "pings", "--mb", "1", "--blocks", "2"]);
    assert.equal((await spotfold(folder, ["run", "os-distribution", "--data", "pings/blocks"])).code, 0);
    const serve = ["serve", "--status", "--allow-actions", "--port"];
    const first = await startSpotfold(folder, [...serve, "0"]);
    const [, url = ""] = await first.waitFor(/ at (http:\S+)/, waitMs);
    const watched = await openPage(suite.browser, 768);
    const { page } = watched;
    await page.goto(url);
    await page.getByText("This page needs a token").waitFor();
    assert.equal(await page.getByRole("heading", { name: "Runs" }).count(), 0);
    assert.equal(await page.locator(".place").count(), 0);
    await giveToken(watched, first);
    await page.getByText("The token was taken.").waitFor({ state: "attached" });

    await page.locator("summary", { hasText: "New run" }).click();
    const into = page.getByRole("combobox", { name: "Aggregate" });
    await into.fill("typed");
    await first.stop();
    await page.getByText("The server does not answer.").waitFor({ timeout: waitMs });
    const second = await startSpotfold(folder, [...serve, new URL(url).port]);
    await page.getByText("This page needs a token").waitFor({ timeout: waitMs });
    assert.equal(await into.inputValue(), "typed");
    assert.equal(await into.evaluate((element) => element === element.ownerDocument.activeElement), true);
    assert.equal(await page.getByRole("button", { name: "Show plan" }).getAttribute("aria-disabled"), "true");
    await page.getByText("Not now: the server asks for its token, above.").first().waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.screenshot({ path: join(folder, "again.png"), fullPage: true });
    await giveToken(watched, second);
    await page.getByText("This page needs a token").waitFor({ state: "detached" });
    assert.equal(await into.inputValue(), "typed");
    await page.getByRole("button", { name: "Show plan" }).click();
    await page.getByRole("group", { name: "Plan: Submit run" }).getByText("typed").first().waitFor({ timeout: waitMs });
    await page.close();
  });
});
