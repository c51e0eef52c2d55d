/**
 * Each file of a published site in turn absent, refused, empty, cut, of a wrong type and of another version, for both kinds of sites: the
 * page says which file it is, what is the matter and what to do, and goes on when the file is whole again. It is never blank.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Page } from "playwright-core";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { browserOfSuite } from "../browser.ts";
import { openPage } from "./browser.ts";
import { publishCounts, publishHistograms } from "./published.ts";
import { serveFolder, type StaticServer } from "./static-server.ts";

interface Site {
  readonly publish: (folder: string) => Promise<string>;
  readonly pointer: string;
  /** Of the measure that is shown. */
  readonly rows: string;
  /** Files of the layout that the page does not read: without them it shows all the same. */
  readonly unread: readonly string[];
}

const sites: Readonly<Record<string, Site>> = {
  histograms: {
    publish: publishHistograms,
    pointer: "versions.json",
    rows: "-by-build-date.json",
    unread: ["histograms.json"],
  },
  counts: { publish: publishCounts, pointer: "latest.json", rows: "-by-date.json", unread: ["results.ndjson"] },
};

type Instead = readonly [given: string | number, words: RegExp];

const always: readonly Instead[] = [
  [404, /is not there/],
  [403, /is not there/],
  [500, /was not given: the server answered 500/],
  ["", /is empty/],
  [" \n", /is empty/],
  ["cut", /is not whole/],
  ["<!doctype html><title>Sign in</title>", /is not whole: it is no JSON/],
  ["[1]", /is not an object|without a whole number/],
  ["7", /is not an object|without a whole number/],
  ["null", /is not an object|without a whole number/],
];

describe("a dashboard whose files are broken", function broken() {
  needs("chromium");
  this.timeout(400_000);
  const suite = browserOfSuite();

  for (const [kind, { publish, pointer, rows, unread }] of Object.entries(sites)) {
    describe(`of ${kind}`, () => {
      let out: string;
      let server: StaticServer;
      let page: Page;
      let errors: readonly string[];
      let measureFile: string;

      before(async () => {
        out = await publish(tempDir(`broken-${kind}`));
        server = await serveFolder(out);
        ({ page, errors } = await openPage(suite.browser, server.base));
        await page.waitForSelector("figure");
        // The one that is shown first.
        const measure = await page.getByRole("combobox", { name: "Measure" }).inputValue();
        measureFile = `${measure}${rows}`;
      });
      after(async () => {
        await page?.close();
        await server?.close();
      });
      afterEach(() => assert.deepEqual(errors, []));

      const says = async (file: string, given: string | number, words: RegExp): Promise<void> => {
        server.instead.clear();
        server.instead.set(file, given);
        await page.reload();
        const message = page.locator(".message.bad").first();
        const text = (await message.textContent()) ?? "";
        const what = `${file} given as ${JSON.stringify(given)}`;
        assert.match(text, words, what);
        assert.ok(text.includes(file), `${what}: ${text}`);
        assert.match(text, /What to do: \w/, what);
        server.instead.clear();
        await message.getByRole("button", { name: "Try again" }).click();
        await page.waitForSelector("figure figcaption [data-n]");
      };

      const original = (file: string): string =>
        readFileSync(globSync(join(out, "**", file)).find((path) => basename(path) === file) ?? "", "utf8");

      for (const file of ["coverage.json", pointer, "site.json", "filter-tree.json"]) {
        it(`says of ${file} what is the matter, and goes on`, async () => {
          for (const [given, words] of always) await says(file, given, words);
        });
      }

      it("says of the measure's file what is the matter, and goes on", async () => {
        for (const [given, words] of always) await says(measureFile, given, words);
        await says(measureFile, '{"20130101":[[1,"2",0]]}', /has a row of 20130101 that is not \d+ numbers/);
        await says(measureFile, '{"2013-01-01":[]}', /has "2013-01-01" for a date/);
        await says(measureFile, '{"20130101":{}}', /has no rows for 20130101/);
      });

      it("knows versions that it does not read, older and newer", async () => {
        for (const file of ["coverage.json", "site.json"]) {
          for (const version of ["0", "2", '"1"']) {
            const other = original(file).replace(/"format":\s*1/, `"format":${version}`);
            await says(file, other, new RegExp(`is of version ${version}; version 1 is read here`));
          }
          await says(file, original(file).replace(/"format":\s*1,/, ""), /says no version; version 1 is read here/);
        }
        await says(pointer, '{"format":0,"folder":"x"}', /is of version 0; version 1 is read here/);
        // These two have no version of their own: what does not fit site.json is told as such.
        await says(measureFile, '{"20130101":[[1]]}', /is not \d+ numbers, as site.json says/);
        await says("filter-tree.json", '{"filters":{}}', /without a whole number/);
      });

      it("does without what only others read", async () => {
        for (const file of unread) {
          server.instead.set(file, 404);
          await page.reload();
          await page.waitForSelector("figure figcaption [data-n]");
          assert.equal(await page.locator(".message.bad").count(), 0);
        }
        server.instead.clear();
      });

      it("says so when its own script does not arrive, or not whole", async () => {
        const [script = ""] = globSync("page-*.js", { cwd: out });
        for (const given of [404, "", "cut"] as const) {
          server.instead.set(script, given);
          const opened = await suite.browser.newPage();
          await opened.goto(server.base);
          await opened.getByText("the page's script did not arrive").waitFor({ state: "visible" });
          await opened.close();
        }
        const [style = ""] = globSync("page-*.css", { cwd: out });
        server.instead.clear();
        server.instead.set(style, 404);
        await page.reload();
        await page.waitForSelector("figure figcaption [data-n]");
        server.instead.clear();
      });
    });
  }
});
