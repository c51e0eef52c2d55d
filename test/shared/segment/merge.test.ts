import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { keyOf } from "../../../shared/segment/entry.ts";
import type { EntryCursor } from "../../../shared/segment/entry.ts";
import { prefixRange } from "../../../shared/segment/key.ts";
import { FAN_IN_MAX, planMerge } from "../../../shared/segment/merge-plan.ts";
import { MergeCursor } from "../../../shared/segment/merge.ts";
import type { ValueList } from "../../../shared/segment/merge.ts";
import { framesOf } from "../../../shared/segment/index.ts";
import { SegmentCursor } from "../../../shared/segment/segment-cursor.ts";
import { syncMemorySource } from "../../../shared/segment/source.ts";
import { stripFirstColumn } from "../../../shared/segment/strip.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { SegmentWriter } from "../../../shared/segment/writer.ts";
import { inFirstFormat, makeSegment, pairs, readAll, sorted } from "./make.ts";
import type { Pair } from "./make.ts";

function cursorOf(
  entries: readonly Pair[],
  frameBytes: number,
  prefix: readonly string[] = [],
  isOld = false,
): EntryCursor {
  const bytes = makeSegment(entries, { columns: 2, frameBytes });
  return SyncSegmentReader.open(syncMemorySource(isOld ? inFirstFormat(bytes) : bytes)).cursor(prefixRange(prefix));
}

/** Shows which values met, and in which order. */
function join(_key: Uint8Array, values: ValueList): Uint8Array {
  assert.ok(values.count > 1);
  const texts = Array.from({ length: values.count }, (_, i) => Buffer.from(values.view(i)).toString());
  return Buffer.from(texts.join("+"));
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

/** Ascending keys, in consecutive inputs of growing size; `touching`: the last key of each is the first of the next one, too. */
function cutUp(entries: readonly Pair[], touching: boolean): Pair[][] {
  const all = sorted(entries);
  const inputs: Pair[][] = [];
  for (let start = 0; start < all.length;) {
    const end = start + inputs.length + 1;
    inputs.push(all.slice(start, touching ? end + 1 : end));
    start = end;
  }
  return inputs.toReversed();
}

/** A segment merged with nothing, by whole frames. */
function copyOf(bytes: Buffer): Buffer {
  const cursor = new MergeCursor([SyncSegmentReader.open(syncMemorySource(bytes)).cursor()], join);
  const pieces: Uint8Array[] = [];
  const writer = new SegmentWriter((piece) => pieces.push(piece), { columns: 2, frameBytes: 1 });
  for (let frame = cursor.takeFrame(); frame !== null; frame = cursor.takeFrame()) writer.addFrame(frame);
  writer.finish();
  return Buffer.concat(pieces);
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

  it("is the same when frames that stand alone are taken over as they are", () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.array(pairs, { maxLength: 6 }),
        fc.constantFrom(1, 50, 1000),
        fc.constantFrom(1, 60, 300, 100_000),
        fc.constantFrom("any", "touching", "apart"),
        fc.constantFrom([], ["a"], ["b"]),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
        (all, frameBytes, frameBytesOut, spread, prefix, areOld) => {
          // Cut from one: their ranges do not meet, or in one key.
          const whole = spread === "any" ? all : cutUp(all.flat(), spread === "touching");
          const cursor = new MergeCursor(
            whole.map((input, i) => cursorOf(input, frameBytes, prefix, areOld[i % areOld.length])),
            join,
          );
          // Of a part of each: its first and last frames are cut.
          const [column] = prefix;
          const inputs = whole.map((input) =>
            input.filter(([key]) => column === undefined || key.startsWith(`${column}\t`)),
          );
          const pieces: Uint8Array[] = [];
          const writer = new SegmentWriter((piece) => pieces.push(piece), { columns: 2, frameBytes: frameBytesOut });
          for (;;) {
            const frame = cursor.takeFrame();
            if (frame !== null) {
              taken += 1;
              writer.addFrame(frame);
            } else if (cursor.next()) writer.addFrom(cursor);
            else break;
          }
          const summary = writer.finish();
          const reader = SyncSegmentReader.open(syncMemorySource(Buffer.concat(pieces)));
          const expected = naive(inputs);
          assert.deepEqual(readAll(reader.cursor()), expected);
          assert.equal(summary.entries, expected.length);
          for (const [key, at] of [
            [summary.firstKey, 0],
            [summary.lastKey, -1],
            [reader.index.lastKey, -1],
          ] as const) {
            assert.equal(Buffer.from(key).toString(), expected.at(at)?.[0] ?? "");
          }
        },
      ),
      { numRuns: 400 },
    );
    assert.ok(taken > 400, `${taken} frames`);
  });

  it("finds every flipped bit of a frame before it is passed on, and keeps the checksum that came with it", () => {
    const entries = Array.from({ length: 9 }, (_, i): Pair => [`k${i}\tx`, `"${"ab".repeat(i)}"`]);
    const segment = makeSegment(entries, { columns: 2, frameBytes: 60 });
    for (const bytes of [segment, inFirstFormat(segment)]) {
      const { frames } = SyncSegmentReader.open(syncMemorySource(bytes)).index;
      const last = frames.at(-1);
      const end = (last?.offset ?? 0) + (last?.length ?? 0);
      const copied = copyOf(bytes);
      assert.deepEqual(readAll(SyncSegmentReader.open(syncMemorySource(copied)).cursor()), entries);
      assert.deepEqual(
        SyncSegmentReader.open(syncMemorySource(copied)).index.frames.map(({ checksum }) => checksum),
        SyncSegmentReader.open(syncMemorySource(segment)).index.frames.map(({ checksum }) => checksum),
      );
      for (let place = frames[0]?.offset ?? 0; place < end; place++) {
        for (let bit = 0; bit < 8; bit++) {
          const damaged = Buffer.from(bytes);
          damaged.writeUInt8((bytes[place] ?? 0) ^ (1 << bit), place);
          assert.throws(() => copyOf(damaged), { code: "corrupt" }, `byte ${place}, bit ${bit}`);
        }
      }
    }
  });

  it("takes over frames that nobody reads, undecoded, and none that does not come next", () => {
    const bytes = makeSegment(
      Array.from({ length: 9 }, (_, i): Pair => [`k${i}\tx`, "1".repeat(50)]),
      { columns: 2, frameBytes: 100 },
    );
    let reads = 0;
    const source = syncMemorySource(bytes);
    const { index } = SyncSegmentReader.open(source);
    const counted = new SegmentCursor(index, framesOf(index, {}), {
      size: source.size,
      read: (start, end) => (reads++, source.read(start, end)),
    });
    const cursor = new MergeCursor([counted], join);
    for (let frame = cursor.takeFrame(); frame !== null; frame = cursor.takeFrame());
    assert.equal(reads, 0);
    const whole = new MergeCursor([SyncSegmentReader.open(syncMemorySource(bytes)).cursor()], join);
    const writer = new SegmentWriter(() => undefined, { columns: 2 });
    const frame = whole.takeFrame();
    if (frame === null) assert.fail("there is a frame");
    writer.addFrame(frame);
    assert.throws(() => writer.addFrame(frame), { code: "internal" });
    assert.throws(() => new SegmentWriter(() => undefined, { columns: 3 }).addFrame(frame), { code: "internal" });
  });

  it("says how much of a key the one before has, in each cursor", () => {
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 5 }), fc.constantFrom(1, 50, 1000), (inputs, frameBytes) => {
        const single = inputs.map((input) => cursorOf(input, frameBytes));
        const merged = new MergeCursor(
          inputs.map((input) => cursorOf(input, frameBytes)),
          join,
        );
        for (const cursor of [...single, merged]) {
          let before = Buffer.alloc(0);
          while (cursor.next()) {
            const key = Buffer.from(keyOf(cursor));
            const most = Math.min(before.length, key.length);
            let shared = 0;
            while (shared < most && before[shared] === key[shared]) shared += 1;
            assert.equal(cursor.keyShared, shared);
            before = key;
          }
        }
      }),
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
