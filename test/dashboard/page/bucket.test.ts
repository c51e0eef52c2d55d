/**
 * The dashboard out of a bucket, with nothing between it and a browser: `init` makes the bucket and opens it, `run` publishes into it,
 * and a real browser loads the page from its URL. What each file says of itself is what a browser needs.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { openSite } from "../../../dashboard/client/index.ts";
import { smallSample, spotfold } from "../../e2e/spotfold.ts";
import { startMoto, type Moto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { startBrowser } from "../browser.ts";
import { openPage } from "./browser.ts";
import { serveFolder } from "./static-server.ts";

const immutable = "public, max-age=31536000, immutable";
const bucket = "spotfold-page-test";

describe("the dashboard out of a bucket", function bucketSuite() {
  needs("moto", "chromium");
  this.timeout(400_000);
  let moto: Moto;
  let browser: Browser;
  /** Of the aggregate's folder, with a slash at its end. */
  let base: string;

  before(async () => {
    moto = await startMoto();
    browser = await startBrowser();
    const folder = tempDir("bucket-page");
    const sample = await smallSample(join(folder, "sample"), 4, 1);
    const env = { ...moto.env, SPOTFOLD_WEB: `s3://${bucket}/site` };
    const made = await spotfold(folder, ["init", "--create", "--public-web"], { env });
    assert.equal(made.code, 0, made.stderr + made.stdout);
    const run = ["run", "histograms", "--data", sample.data, "--definitions", sample.definitions, "--into", "pings"];
    const ended = await spotfold(folder, run, { env });
    assert.equal(ended.code, 0, ended.stderr);
    base = `${moto.endpoint}/${bucket}/site/pings/`;
  });
  after(async () => await browser?.close());

  it("has for each file its type, how long it may be kept, and that it is gzip", async () => {
    const html = await (await fetch(`${base}index.html`)).text();
    const assets = [...html.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, name = ""]) => name);
    assert.equal(assets.length, 2);
    const pointer = (await (await fetch(`${base}versions.json`)).json()) as Record<string, string>;
    const [unit = ""] = Object.values(pointer);
    const expected: readonly (readonly [path: string, type: string, cache: string])[] = [
      ["index.html", "text/html; charset=utf-8", "no-cache"],
      ["versions.json", "application/json; charset=utf-8", "no-cache"],
      ["coverage.json", "application/json; charset=utf-8", "no-cache"],
      [`${unit}/site.json`, "application/json; charset=utf-8", immutable],
      [`${unit}/filter-tree.json`, "application/json; charset=utf-8", immutable],
      ...assets.map(
        (name) =>
          [
            name,
            name.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8",
            immutable,
          ] as const,
      ),
    ];
    for (const [path, type, cache] of expected) {
      const { status, headers } = await fetch(base + path);
      assert.deepEqual(
        [status, headers.get("content-type"), headers.get("cache-control"), headers.get("content-encoding")],
        [200, type, cache, "gzip"],
        path,
      );
    }
  });

  it("loads in a browser, and shows what the client reads there", async () => {
    const site = await openSite(base);
    const version = site.versions[0] ?? "";
    const [measure = ""] = (await site.measures(version)).keys();
    const all = (await site.evolution(version, measure, "build-date")).range();
    const hash = new URLSearchParams({ version, measure });
    const { page, errors } = await openPage(browser, `${base}index.html#${hash.toString()}`);
    const caption = page.locator("figure[data-figure=summary] figcaption");
    assert.equal(await caption.locator("[data-n]").getAttribute("data-n"), String(all.submissions));
    await page.waitForSelector("figure svg.drawing");
    // Again, from what the browser kept: only what is swapped is asked for.
    const asked: string[] = [];
    page.on("response", (response) => {
      if (response.request().isNavigationRequest() || response.fromServiceWorker()) return;
      asked.push(response.url().slice(base.length));
    });
    await page.reload();
    await page.waitForSelector("figure svg.drawing");
    assert.ok(asked.includes("versions.json"));
    assert.deepEqual(errors, []);
    await page.close();
  });

  it("gives its data to pages of other origins", async () => {
    const folder = tempDir("other-origin");
    writeFileSync(join(folder, "index.html"), "<!doctype html><title>Another origin</title>");
    const server = await serveFolder(folder);
    const { page } = await openPage(browser, server.base);
    const read = (path: string): Promise<string> =>
      page.evaluate(`fetch(${JSON.stringify(base + path)}).then((answer) => answer.text(), String)`);
    assert.match(await read("versions.json"), /^\{/);
    await page.close();
    await server.close();
  });
});
