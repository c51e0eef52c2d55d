/** A real browser, one for a suite, and what a test notes of each page: errors, refusals of the policy, and work that took long. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type Page } from "playwright-core";
import { chromiumPath } from "../../support/requirements.ts";

export async function startBrowser(): Promise<Browser> {
  // The sandbox wants rights that a container does not have; the pages are our own.
  return await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
}

export interface OpenedPage {
  readonly page: Page;
  /** What went wrong in it. Files that are not there are named by the page itself. */
  readonly errors: string[];
}

export async function openPage(browser: Browser, address: string, width = 1280): Promise<OpenedPage> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.setDefaultTimeout(8000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) errors.push(message.text());
  });
  await page.goto(address);
  return { page, errors };
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

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of CPU time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export async function startTrace(browser: Browser, page: Page): Promise<void> {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata", "disabled-by-default-devtools.timeline"] });
}

/** CPU milliseconds of each task of the pages' main threads since the trace began. */
export async function endTrace(browser: Browser): Promise<number[]> {
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const place = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const main = new Set(traceEvents.filter(({ args }) => args?.name === "CrRendererMain").map(place));
  return traceEvents
    .filter((event) => main.has(place(event)) && event.ph === "X" && event.name.endsWith("RunTask"))
    .map(({ tdur = 0 }) => tdur / 1000);
}
