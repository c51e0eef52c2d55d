/** What a test of the dashboard notes of each page: errors, refusals of the policy, and work that took long. */
import type { Browser, Page } from "playwright-core";

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

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of CPU time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** CPU milliseconds of each task of the pages' main threads while `act` went on. */
export async function tasksDuring(browser: Browser, page: Page, act: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata", "disabled-by-default-devtools.timeline"] });
  let trace: Buffer = Buffer.from('{"traceEvents":[]}');
  try {
    await act();
  } finally {
    // Also of what failed: no other trace begins while one is recorded.
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const place = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const main = new Set(traceEvents.filter(({ args }) => args?.name === "CrRendererMain").map(place));
  return traceEvents
    .filter((event) => main.has(place(event)) && event.ph === "X" && event.name.endsWith("RunTask"))
    .map(({ tdur = 0 }) => tdur / 1000);
}
