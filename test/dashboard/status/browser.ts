/** A real Chromium for a suite, and a page whose console and errors are told. */
import { chromium, type Browser, type Page } from "playwright-core";
import { createRequire } from "node:module";
import { chromiumPath } from "../../support/requirements.ts";

export async function startChromium(): Promise<Browser> {
  // Containers have no user namespaces for its sandbox; the pages are ours.
  return await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
}

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

/** What axe-core finds, a line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  const path = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  // The page's policy lets no script in; the debugger's may.
  await page.evaluate((await import("node:fs")).readFileSync(path, "utf8"));
  const found = (await page.evaluate("axe.run()")) as {
    readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
  };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
