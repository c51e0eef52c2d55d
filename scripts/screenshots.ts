/**
 * `npm run screenshots`: makes docs/images, the pictures of the README, from nothing but this checkout and Chromium.
 *
 *   sample, access logs -> run --out -> serve -> the dashboard in its main states
 *   submit, master --http, worker -> the status page while the run goes on
 *
 * Times, ids and rates of the status page are of the run that was looked at. The dashboard's pictures are the same each time, but for what
 * another version of Chromium or other fonts draw: when its data was published is fixed for them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { chromiumPath, repositoryRoot } from "../test/support/requirements.ts";
import { makeAccessLogs, makeSample, spotfold, startSpotfold, writeSlowAnalysis } from "./screenshots-data.ts";
import { smallerPng } from "./smaller-png.ts";

const into = join(repositoryRoot, "docs/images");
const publishedAt = "2026-04-02T06:00:00.000Z";
const servedAt = /(http:\/\/127\.0\.0\.1:\d+\/)/;
const waitMs = 180_000;

interface Shot {
  readonly name: string;
  /** As the page's address has it, behind the sign. */
  readonly state: Readonly<Record<string, string>>;
  readonly width: number;
  readonly height: number;
  /** What stands at the top of the picture; else the page's head. */
  readonly from?: string;
}

const measure = "SIMPLE_MEASURES_SESSIONRESTORED";
const one = { version: "nightly/29", measure };
const two = { ...one, compare: "version=nightly%2F28" };

const dashboard: readonly Shot[] = [
  { name: "dashboard", state: { ...one, theme: "light" }, width: 1180, height: 1010 },
  { name: "dashboard-dark", state: { ...one, theme: "dark" }, width: 1180, height: 1010 },
  { name: "comparison", state: { ...two, theme: "light" }, width: 1180, height: 1120, from: ".figure-distribution" },
  { name: "phone", state: { ...one, theme: "light" }, width: 390, height: 1300 },
];
const counts: Shot = { name: "counts", state: { theme: "light" }, width: 1180, height: 900 };

async function save(page: Page, name: string): Promise<void> {
  const png = smallerPng(await page.screenshot({ animations: "disabled", caret: "hide" }));
  writeFileSync(join(into, `${name}.png`), png);
  console.log(`docs/images/${name}.png  ${Math.ceil(png.length / 1024)} KiB`);
}

async function shoot(browser: Browser, base: string, { name, state, width, height, from }: Shot): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height }, locale: "en-GB", timezoneId: "UTC" });
  await page.route("**/coverage.json", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as object), asOf: publishedAt } });
  });
  await page.goto(`${base}#${new URLSearchParams(state).toString()}`);
  await page.waitForSelector(".figure-summary figcaption");
  if (from !== undefined) {
    await page.evaluate(
      `scrollTo(0, document.querySelector(${JSON.stringify(from)}).getBoundingClientRect().top - 12)`,
    );
  }
  await save(page, name);
  await page.close();
}

/** Publishes with these words, serves it, and takes its pictures. */
async function shootSite(
  browser: Browser,
  folder: string,
  run: readonly string[],
  shots: readonly Shot[],
): Promise<void> {
  const site = join(folder, `site-${run[0] ?? ""}`);
  await spotfold(folder, "run", ...run, "--out", site);
  const server = await startSpotfold(folder, ["serve", site, "--port", "0"], servedAt);
  try {
    for (const shot of shots) await shoot(browser, server.found, shot);
  } finally {
    await server.stop();
  }
}

async function shootStatus(browser: Browser, data: string): Promise<void> {
  // Its path stands on the page.
  const own = join(tmpdir(), "spotfold-example");
  mkdirSync(own);
  try {
    await spotfold(own, "run", "os-distribution", "--data", data, "--into", "systems");
    await shootDaemons(browser, own, data);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Runs in the page: a machine's name is nobody's business. */
const withoutHost = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    node.data = node.data.replaceAll(${JSON.stringify(`${hostname()}-`)}, "host-");
  }
})()`;

/** Workers first: a run is cut for the slots that are alive. */
async function shootDaemons(browser: Browser, own: string, data: string): Promise<void> {
  const started = /"event":"[^"]+"/;
  const workers = await Promise.all([1, 2].map(async () => await startSpotfold(own, ["worker"], started)));
  const listening = /"event":"status-page-listening".*"url":"([^"]+)"/;
  const master = await startSpotfold(own, ["master", "--http", "0"], listening);
  try {
    await spotfold(own, "submit", writeSlowAnalysis(own), "--data", data, "--into", "channels");
    const page = await browser.newPage({ viewport: { width: 1180, height: 1000 }, locale: "en-GB", timezoneId: "UTC" });
    await page.goto(master.found);
    await page
      .getByText(/: [1-9]\d* done, [1-9]/)
      .first()
      .waitFor({ timeout: waitMs });
    await page.evaluate(withoutHost);
    await save(page, "status");
    await page.close();
  } finally {
    for (const daemon of [...workers, master]) await daemon.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), "spotfold-screenshots-"));
mkdirSync(into, { recursive: true });
const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
try {
  const { data, definitions } = await makeSample(folder);
  await shootSite(browser, folder, ["histograms", "--data", data, "--definitions", definitions], dashboard);
  const layout = ["--layout", "dt={date:yyyy-MM-dd}/", "--records", "ndjson"];
  const by = ["--by", "date,$.host,$.method,$.status"];
  await shootSite(browser, folder, ["counts", "--data", makeAccessLogs(folder), ...layout, ...by], [counts]);
  await shootStatus(browser, data);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
