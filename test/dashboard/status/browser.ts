/** A page whose console and errors are told. */
import type { Browser, Page } from "playwright-core";
import type { Started } from "../../support/processes.ts";

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

/** Gives a page that acts the token that its server made and told. What was refused before that is no complaint. */
export async function giveToken({ page, complaints }: Watched, server: Started): Promise<void> {
  const [, token = ""] = await server.waitFor(/asks for this token: (\S+)/, 60_000);
  await page.getByLabel("Token", { exact: true }).fill(token);
  const foreign = complaints.filter((text) => !text.includes("401"));
  complaints.splice(0, complaints.length, ...foreign);
  await page.getByRole("button", { name: "Show status" }).click();
}
