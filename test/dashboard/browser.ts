/** A real Chromium, one for a suite, and what axe-core says of a page. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type Page } from "playwright-core";
import { chromiumPath } from "../support/requirements.ts";

export async function startBrowser(): Promise<Browser> {
  // The sandbox wants rights that a container does not have; the pages are our own.
  return await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
}

export interface SuiteBrowser {
  readonly browser: Browser;
}

/** One for all tests of the suite that is being described, behind what it needs: started before the first, closed after the last. */
export function browserOfSuite(): SuiteBrowser {
  let browser: Browser | undefined;
  before(async () => {
    browser = await startBrowser();
  });
  after(async () => await browser?.close());
  return {
    get browser() {
      assert.ok(browser !== undefined, "the suite has begun");
      return browser;
    },
  };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[];
  }[];
}

/** What axe-core finds, in words. The policy of the page holds for scripts in it, so this one is given from outside. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResult;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${JSON.stringify(target)} ${failureSummary ?? ""}`),
  );
}

/** What an expression may take to become true. */
const untilMsMax = 10_000;
const lookMs = 20;

/** Waits in steps: the policy of the pages keeps waiting inside of them from evaluating anything. */
export async function until(page: Page, expression: string): Promise<void> {
  for (const end = performance.now() + untilMsMax; performance.now() < end; await page.waitForTimeout(lookMs)) {
    if ((await page.evaluate(expression)) === true) return;
  }
  throw new Error(`not within ${untilMsMax} ms: ${expression}`);
}
