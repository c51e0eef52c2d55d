/** That the state drained as bytes is the state drained as pairs: the same keys and values in the same order, always. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { InvalidRecord } from "../../../jobs/analysis.ts";
import type { Inputs } from "../../../jobs/analysis.ts";
import { HistogramAccumulator } from "../../../jobs/histograms/accumulator.ts";
import { writeSums, sumsOf } from "../../../jobs/histograms/cell-sums.ts";
import { Cells } from "../../../jobs/histograms/cells.ts";
import histograms from "../../../jobs/histograms/index.ts";
import { Line } from "../../../jobs/histograms/line.ts";
import { addSums, encodeValue } from "../../../jobs/histograms/value.ts";
import { encodeEntries } from "../../../jobs/testing.ts";
import { TestRecord } from "../../../jobs/testing/record.ts";

interface Ping {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly json: unknown;
}

const FILES: Readonly<Record<string, unknown>> = {
  "definitions/Histograms.json": {
    A: { kind: "linear", low: 1, high: 3, n_buckets: 3 },
    C: { kind: "boolean" },
  },
  "definitions/0123456789ab.Histograms.json": { A: { kind: "exponential", low: 1, high: 9, n_buckets: 3 } },
};
const INPUTS: Inputs = {
  names: () => Object.keys(FILES),
  read: (name) => Buffer.from(JSON.stringify(FILES[name])),
};

/** The lines of what is left of the pings, as `encodeEntries` writes them. */
function drained(pings: readonly Ping[], encoded: boolean): string[] {
  const accumulator = new HistogramAccumulator(INPUTS);
  for (const { dimensions, json } of pings) {
    const record = new TestRecord({ key: "", dimensions });
    record.load(json);
    try {
      accumulator.add(record);
    } catch (error) {
      assert.ok(error instanceof InvalidRecord, String(error));
    }
  }
  if (!encoded) return encodeEntries(histograms, [...accumulator.drain()]);
  const lines: string[] = [];
  const add = (key: Uint8Array, keyEnd: number, value: Uint8Array, start: number, end: number): void => {
    const [keyText, valueText] = [key.subarray(0, keyEnd), value.subarray(start, end)].map((bytes) =>
      Buffer.from(bytes).toString(),
    );
    lines.push(`${keyText}\0${valueText}`);
  };
  accumulator.drainEncoded({ add });
  accumulator.drainEncoded({ add: () => assert.fail("it is empty") });
  return lines;
}

const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(3) },
  fc.constantFrom(-1, 0.1, -0, 1e300, -1e300, 1e17, 9007199254740991, 5e-324, 2.5),
  fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
  fc.integer({ min: -5e9, max: 5e9 }),
);
const array = fc.array(number, { minLength: 5, maxLength: 9 });
const measure = fc.constantFrom("A", "B", "C", "STARTUP_A", "SIMPLE_MEASURES_UP", "y.z-1");
const json = fc.record({
  info: fc.record(
    {
      OS: fc.constantFrom("WINNT", "Linux", "a\tb\\", "é\u{1f600}"),
      version: fc.constantFrom("6.1", 5, "3.2.0"),
      arch: fc.constantFrom("x86", "x86-64"),
      revision: fc.constantFrom("", "http://h.example/a/rev/0123456789ab", "http://h.example/a/rev/ffffffffffff"),
    },
    { requiredKeys: ["OS", "version", "arch"] },
  ),
  histograms: fc.dictionary(measure, array, { maxKeys: 5 }),
  simpleMeasurements: fc.dictionary(fc.constantFrom("up", "UP", "Up", "main"), number, { maxKeys: 3 }),
});
const dimensions = fc.record({
  reason: fc.constantFrom("idle_daily", "saved_session"),
  appName: fc.constantFrom("Firefox", "F\nx"),
  appUpdateChannel: fc.constantFrom("nightly", "aurora"),
  appVersion: fc.constantFrom("28.0a1", "28.1", "9"),
  appBuildID: fc.constantFrom("20131029030201", "20131029030202", "20131028030201", "20100101030201"),
  submission_date: fc.constantFrom("20131029", "20131030"),
});

describe("the histograms' state", () => {
  it("is drained as bytes as it is drained as pairs", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(dimensions, fc.array(json, { minLength: 1, maxLength: 4 })), { maxLength: 6 }),
        (blocks) => {
          const pings = blocks.flatMap(([dimensions, list]) => list.map((json) => ({ dimensions, json })));
          assert.deepEqual(drained(pings, true), drained(pings, false));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("adds cells up as values are added, and writes each as its value is encoded", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.array(number, { minLength: 7, maxLength: 7 }), { maxLength: 5 })), (groups) => {
        const cells = new Cells();
        const total = cells.make(2);
        const written = (cell: number): string => {
          const line = new Line();
          writeSums(cells, cell, line);
          return line.bytes.toString("utf8", 0, line.length);
        };
        // What it held before is forgotten.
        cells.addArray(total, [1, 2 ** 53, 3, 1e300, 0.1, 1e-9, 6]);
        cells.clear(total);
        let expected = sumsOf(cells, total);
        for (const arrays of groups) {
          const cell = cells.make(2);
          for (const array of arrays) cells.addArray(cell, array);
          assert.equal(written(cell), encodeValue(sumsOf(cells, cell)));
          expected = addSums(expected, sumsOf(cells, cell));
          cells.addCell(total, cell);
        }
        assert.equal(written(total), encodeValue(expected));
      }),
    );
  });

  it("has numbers as JSON has them", () => {
    const whole = fc.oneof(
      fc.integer({ min: -(2 ** 33), max: 2 ** 33 }),
      fc.maxSafeInteger(),
      fc.constantFrom(0, -0, 9, 10, 2 ** 31 - 1, 2 ** 31),
    );
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
        fc.array(whole),
        (doubles, integers) => {
          const line = new Line();
          for (const number of [...doubles, ...integers]) {
            line.number(number);
            line.text(" ");
          }
          line.integers(Float64Array.from([5.5, ...integers, 5.5]), 1, integers.length + 1);
          const expected = [...doubles, ...integers].map((number) => `${JSON.stringify(number)} `);
          const commas = integers.map((number) => `${JSON.stringify(number)},`);
          assert.equal(line.bytes.toString("utf8", 0, line.length), [...expected, ...commas].join(""));
        },
      ),
    );
  });
});
