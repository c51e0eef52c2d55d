/** Histograms of whatever a ping may hold, beside a plain computation over parsed JSON. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { InvalidRecord } from "../../../jobs/analysis.ts";
import histograms from "../../../jobs/histograms/index.ts";
import { checkIsolation, checkMerge, renderUnits, runAnalysis } from "../../../jobs/testing.ts";
import { TestRecord } from "../../../jobs/testing/record.ts";
import { seeded, shuffled } from "../../../jobs/testing/orders.ts";
import { encodeKeyBytes } from "../../../shared/segment/key.ts";
import { plainDashboard } from "./plain-dashboard.ts";
import { assertSameFiles } from "./same-files.ts";

describe("histograms of any pings", () => {
  const count = fc.oneof(
    fc.nat(20),
    fc.constantFrom(0, -1, 0.1, 2 ** 53, -(2 ** 40), 1e17),
    fc.double({ min: 1e-20, max: 1e20, noNaN: true }),
  );
  const odd = fc.constantFrom(null, "x", {}, [1], ["a", 0, 0, 0, 0], 5);
  const array = fc.oneof(
    { weight: 9, arbitrary: fc.array(count, { minLength: 7, maxLength: 9 }) },
    { weight: 1, arbitrary: odd },
  );
  const measure = fc.constantFrom("A", "B", "STARTUP_A", "a/b", "__proto__", "SIMPLE_MEASURES_X");
  const info = fc.record({
    OS: fc.constantFrom("WINNT", "Linux", "__proto__x", "\u{1f600}", "\uffff"),
    version: fc.constantFrom("6.1", "3.11.2", 6.5),
    arch: fc.constantFrom("x86", "x"),
    revision: fc.constantFrom("", "http://h.example/a/rev/0123456789ab", "http://h.example/a/rev/aaaaaaaaaaaa"),
  });
  const record = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        info,
        histograms: fc.oneof(
          {
            weight: 9,
            arbitrary: fc.array(fc.tuple(measure, array), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs)),
          },
          { weight: 1, arbitrary: odd },
        ),
        simpleMeasurements: fc.dictionary(
          fc.constantFrom("x", "y"),
          fc.oneof(fc.integer(), fc.constant({ z: 3, w: "a" })),
        ),
      }),
    },
    { weight: 1, arbitrary: odd },
  );
  const dimensions = fc.record({
    reason: fc.constantFrom("saved_session", "main"),
    appName: fc.constant("Firefox"),
    appUpdateChannel: fc.constantFrom("nightly", "beta"),
    appVersion: fc.constantFrom("28.0", "28.1", "29.0a1"),
    appBuildID: fc.constantFrom("20131001000000", "20131001120000", "20131220000000", "2013", "a\t\n\\ \u007f\uffff"),
    submission_date: fc.constantFrom("20131001", "20131130", "20131201", "20131225", "2013\u0001\u{1f600}"),
  });
  const blocks = fc.array(fc.record({ dimensions, records: fc.array(record, { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 6,
  });
  const tables: Record<string, Record<string, unknown>> = {
    "0123456789ab": { A: { kind: "linear", low: 1, high: 9, n_buckets: 3 }, B: { kind: "flag" } },
    aaaaaaaaaaaa: {
      A: { kind: "exponential", low: 1, high: 9, n_buckets: 3 },
      STARTUP_A: { kind: "enumerated", n_values: 3 },
    },
  };
  const inputs = Object.fromEntries(
    Object.entries(tables).map(([digits, table]) => [`definitions/${digits}.Histograms.json`, JSON.stringify(table)]),
  );

  it("are published as the plain reference has it", () => {
    fc.assert(
      fc.property(blocks, fc.integer(), (given, seed) => {
        const pings = given.flatMap(({ dimensions, records }) =>
          records.map((json) => ({ dimensions, json: JSON.parse(JSON.stringify(json)) as unknown })),
        );
        const expected = plainDashboard(pings, (revision) => tables[revision.slice(-12)]);
        const { entries, rejected } = runAnalysis(histograms, shuffled(given, seeded(seed)), { inputs });
        assert.equal(
          Object.values(rejected).reduce((a, b) => a + b, 0),
          expected.rejected,
        );
        const units = renderUnits(histograms, entries, { inputs });
        assert.deepEqual(new Set(units.map(({ label }) => label)), new Set(expected.units.keys()));
        for (const { label, files, notes } of units) {
          const unit = expected.units.get(label);
          assertSameFiles(files, unit?.files);
          assert.deepEqual(
            { ...notes, definitionsLeftOut: leftOutCounts(notes) },
            { ...unit?.notes, definitionsLeftOut: leftOutCounts(unit?.notes) },
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  it("drain in the order of the keys' bytes, each key once", () => {
    fc.assert(
      fc.property(blocks, (given) => {
        const inputs = { names: () => [], read: () => new Uint8Array() };
        const accumulator = histograms.accumulator?.({ params: {}, inputs });
        for (const { dimensions, records } of given) {
          const view = new TestRecord({ key: "", dimensions });
          for (const content of records) {
            view.load(content);
            try {
              accumulator?.add(view);
            } catch (error) {
              assert.ok(error instanceof InvalidRecord);
            }
          }
        }
        const keys = [...(accumulator?.drain() ?? [])].map(([key]) => encodeKeyBytes(key));
        assert.ok(keys.every((key, i) => i === 0 || Buffer.compare(keys[i - 1] as Buffer, key) < 0));
      }),
      { numRuns: 100 },
    );
  });

  it("merge exactly in any order, to the byte", () => {
    fc.assert(
      fc.property(blocks, fc.integer(), (given, seed) => {
        checkMerge(
          histograms,
          given.map((one) => runAnalysis(histograms, [one], { inputs }).entries),
          seed,
        );
        const [first, second = first] = given;
        if (first !== undefined && second !== undefined) checkIsolation(histograms, first, second, { inputs });
      }),
      { numRuns: 25 },
    );
  });
});

/** What both sides say of what is left out; definitions are named in different ways. */
function leftOutCounts(notes: Readonly<Record<string, unknown>> = {}): string[] {
  const leftOut = (notes["definitionsLeftOut"] ?? []) as { measure: string; entries: number; pings: number }[];
  return leftOut
    .map(({ measure, entries, pings }) => `${measure} ${entries} ${pings}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
}
