/** A page whose console and errors are told. */
import type { Browser, Page } from "playwright-core";

export interface Watched {
  readonly page: Page;
  /** What the console said and what was thrown, so far. */
  readonly complaints: string[];
}

export async function openPage(browser: Browser, width = 1280): Promise<Watched> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  return { page, complaints };
}
