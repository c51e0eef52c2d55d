/** What the shipped analyses publish for the page, read by the page's client: the numbers must be those that went in. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseRows, Evolution } from "../../dashboard/client/evolution.ts";
import { FilterTree } from "../../dashboard/client/filter-tree.ts";
import { parseSite, type SiteDescription } from "../../dashboard/client/site-description.ts";
import { dateOf, pageRowsMax } from "../../jobs/counts/page.ts";
import counts from "../../jobs/counts/index.ts";
import histograms from "../../jobs/histograms/index.ts";
import type { Key } from "../../jobs/index.ts";
import { renderUnits, runAnalysis } from "../../jobs/testing.ts";
import { TestSite } from "../../jobs/testing/site.ts";
import { DIMENSIONS } from "./histograms/dimensions.ts";

function ping(histogram: readonly number[], name = "GC_MS"): unknown {
  return {
    ver: 2,
    info: {
      OS: "Linux",
      version: "3.2.0-4",
      arch: "x86-64",
      revision: "http://hg.mozilla.org/mozilla-central/rev/0123456789ab",
    },
    simpleMeasurements: { firstPaint: 40 },
    histograms: { [name]: histogram },
  };
}

const parsed = (files: Readonly<Record<string, string>>, name: string): unknown =>
  JSON.parse(files[name] ?? "null") as unknown;

function evolution(files: Readonly<Record<string, string>>, measure: string, dates: string): Evolution {
  const site = parseSite("site.json", parsed(files, "site.json"));
  const known = site.measures.get(measure);
  assert.ok(known !== undefined, measure);
  const tree = new FilterTree("filter-tree.json", parsed(files, "filter-tree.json"));
  const rows = parseRows("rows", parsed(files, `${measure}-by-${dates}.json`), known, tree);
  return new Evolution(known, rows, tree);
}

describe("what histograms publish for the page", () => {
  const definitions = {
    GC_MS: { kind: "linear", low: 1, high: 10, n_buckets: 3, description: "<b>Pauses</b>" },
    ODD: { kind: "linear", low: 1, high: 1, n_buckets: 4 },
  };
  const inputs = { "definitions/Histograms.json": JSON.stringify(definitions) };
  const records = [
    ping([1, 2, 0, 9, -1, -1, 30, 0]),
    ping([0, 1, 1, 14, -1, -1, 130, 0]),
    ping([1, 1, 1, 1, 3, -1, -1, -1, -1], "ODD"),
  ];
  const { entries } = runAnalysis(histograms, [{ dimensions: DIMENSIONS, records }], { inputs });
  const [unit] = renderUnits(histograms, entries, { inputs });
  const files = unit?.files ?? {};
  const site = (): SiteDescription => parseSite("site.json", parsed(files, "site.json"));

  it("says what each measure is, with its buckets", () => {
    const { measures, ...rest } = site();
    assert.deepEqual([...measures.keys()], ["GC_MS", "ODD", "SIMPLE_MEASURES_FIRSTPAINT"]);
    const { kind, bounds, description } = measures.get("GC_MS") ?? {};
    assert.deepEqual([kind, bounds, description], ["linear", [0, 1, 10], "<b>Pauses</b>"]);
    assert.equal(measures.get("SIMPLE_MEASURES_FIRSTPAINT")?.bounds.length, 50);
    // Its definition gives equal bounds, which tell nothing apart.
    assert.deepEqual([measures.get("ODD")?.kind, measures.get("ODD")?.bounds], ["unknown", [0, 1, 2, 3]]);
    assert.deepEqual([rest.unit, rest.submissions], [["channel", "version"], "pings"]);
    assert.deepEqual(rest.dimensions, ["reason", "appName", "OS", "osVersion", "arch"]);
  });

  it("gives the numbers that went in", () => {
    for (const { name } of site().dates) {
      const all = evolution(files, "GC_MS", name);
      assert.deepEqual(all.dates, [name === "build-date" ? "20131029" : "20131030"]);
      const { counts: found, submissions, mean, standardDeviation } = all.where("OS", "Linux").range();
      assert.deepEqual([found, submissions, mean], [[1, 3, 1], 2, 23 / 5]);
      assert.ok(Math.abs((standardDeviation ?? 0) - Math.sqrt(160 / 5 - (23 / 5) ** 2)) < 1e-9);
    }
    assert.equal(evolution(files, "SIMPLE_MEASURES_FIRSTPAINT", "build-date").range().submissions, 3);
  });

  it("agrees with the schema of its documentation", () => {
    const path = join(import.meta.dirname, "../../docs/formats/site.schema.json");
    const schema = JSON.parse(readFileSync(path, "utf8")) as {
      required: string[];
      properties: Record<string, unknown>;
    };
    assert.deepEqual(Object.keys(parsed(files, "site.json") as object), schema.required);
    assert.deepEqual(Object.keys(schema.properties), schema.required);
  });
});

describe("what counts publish for the page", () => {
  function published(by: string, entries: readonly (readonly [Key, number])[], date?: string): TestSite | null {
    const params = { by, ...(date === undefined ? {} : { date }) };
    const beside = counts.beside?.({ params, inputs: { names: () => [], read: () => new Uint8Array() } }) ?? null;
    if (beside === null) return null;
    const site = new TestSite();
    for (const [key, value] of entries) beside.add(key, value);
    beside.end(site);
    return site;
  }

  it("is nothing where no column is a date", () => {
    assert.equal(published("$.status,$.method", [[["200", "GET"], 1]]), null);
  });

  it("is a counter by the other columns, whatever they are called", () => {
    const site = published("$.__proto__,date,$.method", [
      [["200", "2026-01-02", "GET"], 5],
      [["200", "20260102", "_id"], 2],
      [["404", "2026-01-01T23:59:59Z", "GET"], 1],
      [["404", "yesterday", "GET"], 4],
    ]);
    const files = site?.files ?? {};
    const all = evolution(files, "records", "date");
    assert.deepEqual(all.dimensions, ["$.__proto__", "$.method"]);
    assert.deepEqual(
      all.series().map(({ date, distribution }) => [date, distribution.submissions]),
      [
        ["20260101", 1],
        ["20260102", 7],
      ],
    );
    assert.equal(all.filter("200").filter("_id").range().submissions, 2);
    assert.deepEqual(site?.notes, { records: 12, withoutDate: 4 });
  });

  it("is by the column that was named", () => {
    const site = published("$.day", [[["20260101"], 3]], "$.day");
    assert.equal(evolution(site?.files ?? {}, "records", "date").range().submissions, 3);
  });

  it("is left out, and noted, where it would be too much to look at", () => {
    const entries = Array.from({ length: pageRowsMax + 1 }, (_, i) => [["20260101", String(i)], 1] as const);
    const site = published("date,$.id", entries);
    assert.deepEqual(Object.keys(site?.files ?? {}), []);
    assert.deepEqual(Object.keys(site?.notes ?? {}), ["records", "withoutDate", "withoutPage"]);
  });

  it("knows days that exist", () => {
    const texts = [
      "20240229",
      "2024-02-29",
      "2024-02-29T10:00",
      "2023-02-29",
      "2024-0229",
      "20241301",
      "202402290",
      "",
    ];
    assert.deepEqual(texts.map(dateOf), ["20240229", "20240229", "20240229", null, null, null, null, null]);
  });
});
