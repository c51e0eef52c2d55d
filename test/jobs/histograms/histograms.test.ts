import assert from "node:assert/strict";
import histograms from "../../../jobs/histograms/index.ts";
import { KEY_COLUMNS, keyParts } from "../../../jobs/histograms/keys.ts";
import type { Sums } from "../../../jobs/histograms/value.ts";
import type { TestBlock, TestUnit } from "../../../jobs/testing.ts";
import { encodeEntries, renderUnits, runAnalysis } from "../../../jobs/testing.ts";
import { TestRecord } from "../../../jobs/testing/record.ts";
import { sortTexts } from "../../../shared/segment/order.ts";
import type { Dimensions } from "./plain-dashboard.ts";
import { DIMENSIONS } from "./dimensions.ts";

const INFO = { OS: "WINNT", version: "6.1", arch: "x86", revision: "http://hg.example.org/a/rev/0123456789ab" };

function ping(histograms: unknown, more: object = {}): object {
  return { info: INFO, histograms, ...more };
}

function block(records: readonly unknown[], dimensions: Dimensions = {}): TestBlock {
  return { dimensions: { ...DIMENSIONS, ...dimensions }, records };
}

/** Entries of one measure by build date: definition column -> sums. */
function sumsOf(
  measure: string,
  blocks: readonly TestBlock[],
  inputs: Record<string, string> = {},
): Record<string, Sums> {
  const { entries } = runAnalysis(histograms, blocks, { inputs });
  const found = entries.filter(([key]) => key[2] === measure && key[3] === "by-build-date");
  return Object.fromEntries(found.map(([key, value]) => [key[10], value as Sums]));
}

function unitOf(blocks: readonly TestBlock[], inputs: Record<string, string> = {}): TestUnit {
  const units = renderUnits(histograms, runAnalysis(histograms, blocks, { inputs }).entries, { inputs });
  assert.equal(units.length, 1);
  return units[0] as TestUnit;
}

function fileOf(unit: TestUnit, name: string): unknown {
  return JSON.parse(unit.files[name] ?? "null");
}

function infoOf(revision: string): object {
  return { ...INFO, revision: `https://hg.example.org/b/rev/${revision}` };
}

describe("histograms", () => {
  it("add up as the original's rows do, -1 being neutral", () => {
    const rows = [
      [5, 10, 5, -1, -1, -1, -1, -1],
      [10, 5, 10, -1, 5, 0, -2, 7],
      [0, 0, 0, -1, -1, 2.5, 1, -1],
    ];
    assert.deepEqual(sumsOf("A", [block(rows.map((A) => ping({ A })))]), { 3: [15, 15, 15, null, 5, 2.5, -1, 7, 3] });
    const published = fileOf(unitOf([block(rows.map((A) => ping({ A })))]), "A-by-build-date.json");
    assert.deepEqual(published, { 20131029: [[15, 15, 15, -1, 5, 2.5, -1, 7, 3, 5]] });
  });

  it("keep full precision, beyond 2^53 and below one", () => {
    const rows = [
      [2 ** 53, 0.1, -5, 0.1, 1e16, 1e300, 1, 1],
      [1, 0.2, 5, 0.2, 1, -1e300, 2 ** 53, 1],
      [2 ** 53, 0.3, 0, 0.3, 1, 1e-300, 1, 1],
    ];
    const sums = sumsOf("A", [block(rows.map((A) => ping({ A })))])["3"];
    const tenths = [0.6, 2.7755575615628914e-17];
    assert.deepEqual(sums, [[2 ** 54, 1], tenths, 0, tenths, 1e16 + 2, 1e-300, 2 ** 53 + 2, 3, 3]);
  });

  it("hold what neither of a statistic's two doubles can", () => {
    const rows = [1e30, 1, 1e-30, -5e-31, 2.5].map((sum) => [sum, -1, -1, -1, -1]);
    assert.deepEqual(sumsOf("A", [block(rows.map((A) => ping({ A })))]), {
      0: [[1e30, 3.5, 5e-31], null, null, null, null, 5],
    });
  });

  it("of different lengths or definitions never meet", () => {
    const inputs = {
      "definitions/0123456789ab.Histograms.json": `{"A":{"kind":"enumerated","n_values":2}}`,
      "definitions/aaaaaaaaaaaa.Histograms.json": `{"A":{"kind":"linear","low":1,"high":7,"n_buckets":3}}`,
    };
    const A = [1, 2, 3, 0, 0, 0, 0, 0];
    const older = block([ping({ A }), ping({ A }, { info: infoOf("bbbbbbbbbbbb") }), ping({ A: [7, ...A] })]);
    const newer = block([ping({ A }, { info: infoOf("aaaaaaaaaaaa") })], { appBuildID: "20131029230000" });
    const columns = Object.keys(sumsOf("A", [older, newer], inputs));
    assert.equal(columns.length, 4);
    assert.deepEqual(sortTexts(columns.map((column) => column.split("-")[0] ?? "")), ["3", "3", "3", "4"]);
    const unit = unitOf([older, newer], inputs);
    // The unknown one stands beside the newest build's; the other known one and the longer one do not.
    assert.deepEqual(fileOf(unit, "A-by-build-date.json"), { 20131029: [[2, 4, 6, 0, 0, 0, 0, 0, 2, 5]] });
    assert.deepEqual(fileOf(unit, "histograms.json"), { A: { kind: "linear", low: 1, high: 7, n_buckets: 3 } });
    const leftOut = unit.notes["definitionsLeftOut"] as { definition: string; entries: number; pings: number }[];
    assert.deepEqual(
      leftOut.map(({ entries, pings }) => [entries, pings]),
      [
        [2, 1],
        [2, 1],
      ],
    );
    assert.deepEqual(unit.notes["withoutDefinition"], []);
    assert.deepEqual(unitOf([newer, older], inputs), unit);
  });

  it("whose definition says another length are published without one", () => {
    const unit = unitOf([block([ping({ A: [1, 0, 0, 0, 0, 0] })])], {
      "definitions/Histograms.json": `{"A":{"kind":"flag"}}`,
    });
    assert.deepEqual(fileOf(unit, "histograms.json"), { A: {} });
    assert.deepEqual(unit.notes["withoutDefinition"], ["A"]);
  });

  it("count by submission date up to 60 days after the build, by build date always", () => {
    for (const [submitted, counts] of [
      ["20131029", true],
      ["20131228", true],
      ["20131229", false],
      ["20131001", true],
      ["20131301", false],
      ["20131131", false],
      ["yesterday", false],
    ] as const) {
      const unit = unitOf([block([ping({ A: [1, 0, 0, 0, 0, 0] })], { submission_date: submitted })]);
      const row = [1, 0, 0, 0, 0, 0, 1, 5];
      assert.deepEqual(fileOf(unit, "A-by-build-date.json"), { 20131029: [row] });
      assert.deepEqual(fileOf(unit, "A-by-submission-date.json"), counts ? { [submitted]: [row] } : {}, submitted);
    }
  });

  it("reject a record for one reason, and leave nothing of it", () => {
    const cases: readonly [unknown, string][] = [
      ["[1]", "json-not-an-object"],
      ["{", "invalid-json"],
      [{}, "info-not-an-object"],
      [{ info: [] }, "info-not-an-object"],
      [{ info: { ...INFO, OS: 1 } }, "os-not-a-string"],
      [{ info: { ...INFO, version: null } }, "version-not-a-string-or-number"],
      [{ info: { ...INFO, arch: undefined } }, "arch-not-a-string"],
      [{ info: { ...INFO, revision: 5 } }, "revision-not-a-string"],
      [{ info: { ...INFO, revision: null } }, "revision-not-a-string"],
      [{ info: { ...INFO, OS: "x".repeat(101) } }, "os-too-long"],
    ];
    for (const [record, reason] of cases) {
      const { entries, rejected } = runAnalysis(histograms, [block([record])]);
      assert.deepEqual([entries, rejected], [[], { [reason]: 1 }]);
    }
    for (const [dimensions, reason] of [
      [{ appBuildID: "2013102" }, "build-id-too-short"],
      [{ reason: "" }, "dimension-missing"],
      [{ appName: "x".repeat(101) }, "dimension-too-long"],
    ] as const) {
      assert.deepEqual(runAnalysis(histograms, [block([ping({})], dimensions)]).rejected, { [reason]: 1 });
    }
  });

  it("without a revision are accepted", () => {
    const { entries, rejected } = runAnalysis(histograms, [
      block([{ info: { OS: "Linux", version: 3.25, arch: "x" }, histograms: { A: [1, 1, 1, 1, 1, 1] } }]),
    ]);
    assert.deepEqual(rejected, {});
    const newest = entries.find(([key]) => key[3] === "(newest)")?.[1];
    assert.deepEqual(newest, { buildId: "20131029030201", revision: "", length: 1, definition: "1" });
    assert.deepEqual(keyParts(entries.at(-1)?.[0] ?? []).path, ["saved_session", "Firefox", "Linux", "3.2", "x"]);
  });

  it("format versions that are numbers, and cut those of Linux to three characters", () => {
    const versions: readonly [string, string | number, string][] = [
      ["WINNT", 6.1, "6.1"],
      ["WINNT", 10, "10"],
      ["WINNT", 6.12345678949, "6.123456789"],
      ["Linux", "3.11.0-12-generic", "3.1"],
      ["Linux", "x".repeat(1000), "xxx"],
      ["Darwin", "13.0.0", "13.0.0"],
    ];
    for (const [OS, version, expected] of versions) {
      const { entries } = runAnalysis(histograms, [
        block([ping({ A: [0, 0, 0, 0, 0] }, { info: { ...INFO, OS, version } })]),
      ]);
      assert.equal(entries.find(([key]) => key[2] === "(paths)")?.[0][8], expected);
    }
  });

  it("that are odd are dropped alone, and counted", () => {
    const good = [1, 0, 0, 0, 0, 0];
    const unit = unitOf([
      block([
        ping({ good, "": good, "a/b": good, "../x": good, [".x"]: good, ["y".repeat(151)]: good, Ä: good }),
        ping({ good, object: { 1: 2 }, text: ["1", 0, 0, 0, 0, 0], no: [null, 0, 0, 0, 0, 0], short: [1, 2, 3, 4] }),
        `{"info":${JSON.stringify(INFO)},"histograms":{"good":[1e999,0,0,0,0,0],"more":[1e301,0,0,0,0,0]}}`,
        ping([]),
        ping({ long: Array.from({ length: 10_006 }, () => 0), "Z.z-_9": good }),
        ping(undefined),
      ]),
    ]);
    assert.deepEqual(unit.notes["dropped"], {
      "histograms-not-an-object": 1,
      "measure-name": 6,
      "not-a-number": 4,
      "not-an-array": 1,
      "too-long": 1,
      "too-short": 1,
    });
    assert.equal(unit.notes["pings"], 6);
    assert.deepEqual(Object.keys(fileOf(unit, "histograms.json") as object), ["Z.z-_9", "good"]);
    assert.deepEqual(fileOf(unit, "good-by-build-date.json"), { 20131029: [[2, 0, 0, 0, 0, 0, 2, 5]] });
  });

  it("called as parts of JSON or JavaScript are published right", () => {
    const A = [1, 0, 0, 0, 0, 0];
    const paths = ["__proto__", "_id", "_id_", "name", "constructor", "10", "9", 'q"\\\n', "ü", "\u{1f600}", "\uffff"];
    const unit = unitOf([
      block(
        paths.map(
          (OS) => `{"info":${JSON.stringify({ ...INFO, OS })},"histograms":{"__proto__":${JSON.stringify(A)}}}`,
        ),
      ),
    ]);
    const rows = (JSON.parse(unit.files["__proto__-by-build-date.json"] ?? "") as Record<string, number[][]>)[
      "20131029"
    ];
    assert.equal(rows?.length, paths.length);
    assert.equal(unit.files["histograms.json"], '{"__proto__":{}}');
    const tree = JSON.parse(unit.files["filter-tree.json"] ?? "") as Record<string, Record<string, object>>;
    const systems = Object.keys(tree["saved_session"]?.["Firefox"] ?? {}).toSorted();
    const shown = ["_id", "name", ...paths.map((path) => path.replace(/^(_id_?|name)$/, "$1_"))];
    assert.deepEqual(systems, shown.toSorted());
    assert.equal(unit.files["filter-tree.json"]?.match(/"_id":/g)?.length, 3 + 3 * paths.length);
  });

  it("are published under harmless names", () => {
    const folder = histograms.publish?.folder({ key: ["../x y", "28"] }, "20260101000000", "7-89abcdef");
    assert.equal(folder, "20260101000000-28-.._x_y-7-89abcdef");
    assert.equal(histograms.publish?.label({ key: ["nightly", "28"] }), "nightly/28");
  });

  it("take simple measures as histograms", () => {
    const simpleMeasurements = {
      up: 42,
      neg: -7,
      js: { a: 30_000, b: "x", c: { d: 1 } },
      t: true,
      list: [1],
      "bad/": 1,
      x: -1,
    };
    const unit = unitOf([block([ping({}, { simpleMeasurements }), ping({}, { simpleMeasurements: [1] })])]);
    const names = Object.keys(fileOf(unit, "histograms.json") as object);
    assert.deepEqual(names, ["NEG", "UP", "X", "JS_A"].map((name) => `SIMPLE_MEASURES_${name}`).toSorted());
    const up = (fileOf(unit, "SIMPLE_MEASURES_UP-by-submission-date.json") as Record<string, number[][]>)[
      "20131030"
    ]?.[0];
    assert.equal(
      up?.findIndex((value) => value === 1),
      15,
    );
    const log = Math.log(43);
    assert.deepEqual(up?.slice(50), [42, log, log * log, -1, -1, 1, 5]);
    const neg = (fileOf(unit, "SIMPLE_MEASURES_NEG-by-build-date.json") as Record<string, number[][]>)["20131029"]?.[0];
    assert.deepEqual(neg?.slice(0, 51), [...Array.from({ length: 50 }, () => 0), -7]);
    assert.deepEqual((fileOf(unit, "histograms.json") as Record<string, unknown>)["SIMPLE_MEASURES_JS_A"], {
      kind: "exponential",
      low: 1,
      high: 30000,
      n_buckets: 50,
      extended_statistics_ok: true,
      description: "Histogram aggregation for simple measure: _JS_A",
    });
    assert.deepEqual(unit.notes["dropped"], { "measure-name": 1 });
  });

  it("print results as plain numbers", () => {
    assert.deepEqual(histograms.finish?.([], [[0.6, 1e-20], null, 3]), [0.6, -1, 3]);
    assert.equal(histograms.finish?.([], 7), 7);
  });

  it("drain in key order and start again from nothing", () => {
    const accumulator = histograms.accumulator?.({
      params: {},
      inputs: { names: () => [], read: () => new Uint8Array() },
    });
    assert.ok(accumulator);
    const record = new TestRecord({ key: "k", dimensions: DIMENSIONS });
    record.load(ping({ A: [1, 0, 0, 0, 0, 0] }));
    const before = accumulator.bytes();
    accumulator.add(record);
    assert.ok(accumulator.bytes() > before);
    const first = [...accumulator.drain()];
    assert.equal(accumulator.bytes(), before);
    assert.deepEqual([...accumulator.drain()], []);
    record.load(ping({ A: [1, 0, 0, 0, 0, 0] }));
    accumulator.add(record);
    assert.deepEqual([...accumulator.drain()], first);
    assert.ok(first.every(([key]) => key.length === KEY_COLUMNS.length));
    const lines = encodeEntries(histograms, first).map((line) => Buffer.from(line));
    assert.ok(lines.every((line, i) => i === 0 || Buffer.compare(lines[i - 1] as Buffer, line) < 0));
  });
});
