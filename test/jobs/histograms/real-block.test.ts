import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decompressSync } from "@napi-rs/lzma/lzma";
import histograms from "../../../jobs/histograms/index.ts";
import type { TestBlock } from "../../../jobs/testing.ts";
import { checkIsolation, checkMerge, encodeEntries, renderUnits, runAnalysis } from "../../../jobs/testing.ts";
import { needs, referenceDir } from "../../support/requirements.ts";
import { plainDashboard } from "./plain-dashboard.ts";
import { assertSameFiles } from "./same-files.ts";

const KEY = "saved_session/Firefox/nightly/28.0a1/20131029030201.20131029.v2.log.0ab8723b6fb3455bb34b04d97482fda2.lzma";
const DIMENSIONS = {
  reason: "saved_session",
  appName: "Firefox",
  appUpdateChannel: "nightly",
  appVersion: "28.0a1",
  appBuildID: "20131029030201",
  submission_date: "20131029",
};

describe("histograms of the real block", () => {
  needs("data");
  let block: TestBlock;
  let definitions: string;
  let unit: ReturnType<typeof renderUnits>[number];

  before(() => {
    const text = decompressSync(readFileSync(join(referenceDir(), "data/blocks", KEY))).toString();
    const records = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.slice(line.indexOf("\t") + 1));
    block = { key: KEY, dimensions: DIMENSIONS, records };
    definitions = readFileSync(join(referenceDir(), "data/definitions/8d3810543edc.Histograms.json"), "utf8");
    [unit] = published({ "definitions/Histograms.json": definitions });
  });

  function published(inputs: Record<string, string>): [ReturnType<typeof renderUnits>[number]] {
    const { entries, rejected } = runAnalysis(histograms, [block], { inputs });
    assert.deepEqual(rejected, {});
    const units = renderUnits(histograms, entries, { inputs });
    assert.equal(units.length, 1);
    return [units[0] as (typeof units)[number]];
  }

  function file(name: string): Record<string, unknown> {
    return JSON.parse(unit.files[name] ?? "") as Record<string, unknown>;
  }

  it("has 416 histogram measures and 36 simple measures by either date", () => {
    assert.equal(unit.label, "nightly/28");
    assert.equal(unit.folder, "20000101000000-28-nightly-0-00000000");
    for (const dateType of ["by-build-date", "by-submission-date"]) {
      const names = Object.keys(unit.files).filter((name) => name.endsWith(`-${dateType}.json`));
      const simple = names.filter((name) => name.startsWith("SIMPLE_MEASURES_"));
      assert.equal(simple.length, 36);
      assert.equal(names.length - simple.length, 416);
      for (const name of names) assert.deepEqual(Object.keys(file(name)), ["20131029"], name);
    }
    assert.equal(Object.keys(unit.files).length, 2 * (416 + 36) + 3);
  });

  it("sums CYCLE_COLLECTOR to 288, 312 and 699 for counts of 1, 2 and 1", () => {
    const rows = file("CYCLE_COLLECTOR-by-build-date.json")["20131029"] as number[][];
    const firefox = (file("filter-tree.json") as Record<string, Record<string, Record<string, unknown>>>)[
      "saved_session"
    ]?.["Firefox"] as Record<string, Record<string, Record<string, { _id: number }>>>;
    const found = ["6.1", "6.0", "6.3"].map((version) => {
      const row = rows.find((candidate) => candidate.at(-1) === firefox["WINNT"]?.[version]?.["x86-64"]?._id) ?? [];
      return [row[50], row.at(-2)];
    });
    assert.deepEqual(found, [
      [288, 1],
      [312, 2],
      [699, 1],
    ]);
    assert.equal(rows.length, 3);
    assert.equal(rows[0]?.length, 50 + 5 + 2);
  });

  it("has definitions for 381 of its measures, and names the others", () => {
    const known = file("histograms.json");
    const histogramNames = Object.keys(known).filter((name) => !name.startsWith("SIMPLE_MEASURES_"));
    const defined = histogramNames.filter((name) => Object.keys(known[name] as object).length > 0);
    assert.equal(defined.length, 381);
    const without = histogramNames.filter((name) => !defined.includes(name));
    assert.deepEqual(unit.notes["withoutDefinition"], without);
    assert.equal(unit.notes["pings"], 4);
    const raw = JSON.parse(definitions) as Record<string, unknown>;
    assert.deepEqual(known["CYCLE_COLLECTOR"], raw["CYCLE_COLLECTOR"]);
    const { entries } = runAnalysis(histograms, [block], { inputs: { "definitions/Histograms.json": definitions } });
    const withBounds = entries
      .filter(([key]) => key[3] === "by-build-date" && /-/.test(key[10] ?? ""))
      .map(([key]) => key[2]);
    assert.equal(new Set(withBounds.filter((name) => !name?.startsWith("SIMPLE_"))).size, 379);
  });

  it("equals the plain reference, with definitions for all, for another revision, and without", () => {
    const own = "definitions/518f5bff0ae4.Histograms.json";
    for (const [inputs, known] of [
      [{ "definitions/Histograms.json": definitions }, true],
      [{ [own]: definitions }, true],
      [{ "definitions/8d3810543edc.Histograms.json": definitions }, false],
      [{}, false],
    ] as const) {
      const [product] = published({ ...inputs });
      const pings = block.records.map((text) => ({
        dimensions: DIMENSIONS,
        json: JSON.parse(text as string) as unknown,
      }));
      const table = JSON.parse(definitions) as Record<string, unknown>;
      const expected = plainDashboard(pings, () => (known ? table : undefined)).units.get("nightly/28");
      assertSameFiles(product.files, expected?.files);
      assert.deepEqual(product.notes, expected?.notes);
    }
  });

  it("merges exactly in any order, and leaves nothing behind in the process", () => {
    const inputs = { "definitions/Histograms.json": definitions };
    const parts = block.records.map((record) => ({ ...block, records: [record] }));
    checkMerge(
      histograms,
      parts.map((part) => runAnalysis(histograms, [part], { inputs }).entries),
    );
    checkIsolation(histograms, parts[0] as TestBlock, parts[1] as TestBlock, { inputs });
    const atOnce = encodeEntries(histograms, runAnalysis(histograms, [block], { inputs }).entries);
    assert.deepEqual(encodeEntries(histograms, runAnalysis(histograms, parts, { inputs }).entries), atOnce);
  });
});
