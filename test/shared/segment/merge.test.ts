import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import type { EntryCursor } from "../../../shared/segment/entry.ts";
import { prefixRange } from "../../../shared/segment/key.ts";
import { FAN_IN_MAX, planMerge } from "../../../shared/segment/merge-plan.ts";
import { MergeCursor } from "../../../shared/segment/merge.ts";
import { syncMemorySource } from "../../../shared/segment/source.ts";
import { stripFirstColumn } from "../../../shared/segment/strip.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { makeSegment, pairs, readAll, sorted } from "./make.ts";
import type { Pair } from "./make.ts";

function cursorOf(entries: readonly Pair[], frameBytes: number, prefix: readonly string[] = []): EntryCursor {
  const bytes = makeSegment(entries, { columns: 2, frameBytes });
  return SyncSegmentReader.open(syncMemorySource(bytes)).cursor(prefixRange(prefix));
}

/** Shows which values met, and in which order. */
function join(_key: Uint8Array, values: readonly Uint8Array[]): Uint8Array {
  assert.ok(values.length > 1);
  return Buffer.from(values.map((value) => Buffer.from(value).toString()).join("+"));
}

/** The same by a map. */
function naive(inputs: readonly (readonly Pair[])[]): Pair[] {
  const all = new Map<string, string>();
  for (const [key, value] of inputs.flat()) {
    const before = all.get(key);
    all.set(key, before === undefined ? value : `${before}+${value}`);
  }
  return sorted([...all]);
}

describe("segment merge", () => {
  it("is what a map gives, values in input order, for any split", () => {
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 9 }), fc.constantFrom(1, 50, 1000), (inputs, frameBytes) => {
        const cursor = new MergeCursor(
          inputs.map((input) => cursorOf(input, frameBytes)),
          join,
        );
        assert.deepEqual(readAll(cursor), naive(inputs));
        assert.equal(cursor.next(), false);
      }),
      { numRuns: 200 },
    );
  });

  it("is the same in passes of any fan-in", () => {
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 20 }), fc.integer({ min: 2, max: 5 }), (inputs, fanInMax) => {
        let items = inputs;
        for (const pass of planMerge(inputs.length, fanInMax)) {
          items = pass.map(({ start, end }) => {
            assert.ok(end - start <= fanInMax);
            return readAll(
              new MergeCursor(
                items.slice(start, end).map((item) => cursorOf(item, 100)),
                join,
              ),
            );
          });
        }
        assert.deepEqual(items, [naive(inputs)]);
      }),
    );
  });

  it("reads across partitions, and refuses two partitions in one slice", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(pairs, fc.constantFrom("a", "b")), { maxLength: 6 }), (slices) => {
        const inputs = slices.map(([entries, partition]) => stripFirstColumn(cursorOf(entries, 50, [partition])));
        const expected = slices.map(([entries, partition]) =>
          entries
            .filter(([key]) => key.startsWith(`${partition}\t`))
            .map(([key, value]): Pair => [key.slice(partition.length + 1), value]),
        );
        assert.deepEqual(readAll(new MergeCursor(inputs, join)), naive(expected));
      }),
    );
    const two = stripFirstColumn(
      cursorOf(
        [
          ["a\tx", "1"],
          ["b\tx", "1"],
        ],
        50,
      ),
    );
    assert.throws(() => readAll(two), { code: "internal" });
  });

  it("refuses a combined value that would end the line, and more than 256 inputs", () => {
    for (const bad of ["1\t2", "1\n"]) {
      const inputs = [0, 1].map(() => cursorOf([["a\tb", "1"]], 50));
      const cursor = new MergeCursor(inputs, () => Buffer.from(bad));
      assert.throws(() => cursor.next(), { code: "analysis-failed" });
    }
    const inputs = Array.from({ length: FAN_IN_MAX + 1 }, () => cursorOf([], 50));
    assert.throws(() => new MergeCursor(inputs, join), { code: "internal" });
    assert.equal(new MergeCursor(inputs.slice(1), join).next(), false);
  });

  it("is planned in few passes that rewrite little", () => {
    assert.deepEqual(planMerge(0), [[{ start: 0, end: 0 }]]);
    assert.deepEqual(planMerge(256), [[{ start: 0, end: 256 }]]);
    const [first, last] = planMerge(257);
    assert.deepEqual(
      first?.filter(({ start, end }) => end - start > 1),
      [{ start: 0, end: 2 }],
    );
    assert.deepEqual(last, [{ start: 0, end: 256 }]);
    assert.equal(planMerge(10_000).length, 2);
    assert.equal(planMerge(256 * 256).length, 2);
    assert.equal(planMerge(256 * 256 + 1).length, 3);
    for (const pass of planMerge(100_000)) {
      assert.ok(
        pass.every(({ start, end }, i) => end > start && start === (pass[i - 1]?.end ?? 0) && end - start <= 256),
      );
    }
  });
});
