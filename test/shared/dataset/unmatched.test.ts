/** Values of a list that select nothing beside others that do: told, with those that come nearest. */
import assert from "node:assert/strict";
import { compileLayout, type PrefixDimensions } from "../../../shared/dataset/layout.ts";
import type { Filter } from "../../../shared/dataset/types.ts";
import { unmatchedText, unmatchedValues, type UnmatchedValue } from "../../../shared/dataset/unmatched.ts";

const layout = compileLayout("{channel}/{date:yyyyMMdd}/{file}");

const known: readonly PrefixDimensions[] = [
  { dimensions: { channel: "nightly", date: "20260101", file: "a" } },
  { dimensions: { channel: "beta", date: "20260102", file: "b" } },
  { dimensions: { channel: "release", date: "20260101", file: "c" } },
  // Left out of the listing, since the filter does not allow it.
  { dimensions: { channel: "esr" } },
];

const unmatched = (filter: Filter): readonly UnmatchedValue[] => unmatchedValues(layout, filter, () => known);

describe("values of a filter that select nothing", () => {
  it("are told with the nearest ones, of what the rest of the filter selects", () => {
    assert.deepEqual(unmatched({ channel: ["nightly", "nightlyy", "betta"] }), [
      { dimension: "channel", value: "nightlyy", nearest: ["nightly", "beta", "esr", "release"] },
      { dimension: "channel", value: "betta", nearest: null },
    ]);
    assert.deepEqual(unmatched({ channel: ["nightly", "beta"], date: ["20260101"], file: "*" }), [
      { dimension: "channel", value: "beta", nearest: ["esr", "release", "nightly"] },
    ]);
    assert.deepEqual(unmatched({ date: ["20260102", "20260105"] }), [
      { dimension: "date", value: "20260105", nearest: ["20260102", "20260101"] },
    ]);
  });

  it("are none where each selects something, nor of ranges and single values", () => {
    assert.deepEqual(unmatched({ channel: ["nightly", "beta"], date: { min: "20250101" } }), []);
    assert.deepEqual(unmatched({ channel: "*" }), []);
    assert.deepEqual(unmatched({ channel: ["nightlyy"] }), [], "that selects nothing at all, and is an error");
  });

  it("are told up to ten", () => {
    assert.equal(unmatched({ file: ["a", ...Array.from({ length: 30 }, (_, i) => `x${i}`)] }).length, 10);
  });

  it("are compared with so many values only: before a run, nobody waits for minutes", () => {
    const nearestOfFiles = (count: number): readonly string[] | null | undefined => {
      const files = Array.from({ length: count }, (_, i) => ({
        dimensions: { channel: "beta", date: "20260101", file: `f${i}` },
      }));
      return unmatchedValues(layout, { file: ["f0", "f1x"] }, () => files)[0]?.nearest;
    };
    assert.deepEqual(nearestOfFiles(2_000)?.[0], "f1");
    assert.equal(nearestOfFiles(2_001), null);
  });

  it("are told in a line", () => {
    const [first] = unmatched({ channel: ["nightly", "nightlyy"] });
    assert.ok(first !== undefined);
    assert.match(unmatchedText(first), /^no selected block has channel=nightlyy; the nearest are nightly, beta/);
    assert.match(unmatchedText({ ...first, nearest: [] }), /no value at all is known there$/);
    assert.equal(unmatchedText({ ...first, nearest: null }), "no selected block has channel=nightlyy");
  });
});
