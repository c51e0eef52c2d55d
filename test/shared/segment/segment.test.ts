import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { encodeKeyBytes, pointRange, prefixRange } from "../../../shared/segment/key.ts";
import { decodeLoneFrame, SUFFIX_BYTES } from "../../../shared/segment/open.ts";
import { SegmentReader } from "../../../shared/segment/reader.ts";
import { fileSource, memorySource, syncFileSource, syncMemorySource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { SegmentWriter } from "../../../shared/segment/writer.ts";
import { needs } from "../../support/requirements.ts";
import { columns, largeSegment, makeSegment, pair, pairs, readAll } from "./make.ts";
import type { Pair } from "./make.ts";

/** Frames of a few lines, so that small data has many. */
const frameBytes = fc.constantFrom(1, 20, 100, 1000);

async function readAllAsync(reader: SegmentReader, columns: readonly string[]): Promise<Pair[]> {
  const found: Pair[] = [];
  for await (const batch of reader.entries(prefixRange(columns))) {
    for (const { key, value } of batch) found.push([Buffer.from(key).toString(), Buffer.from(value).toString()]);
  }
  return found;
}

/** Lengths of all reads of a segment; -1 stands between those that open it and those for its entries. */
async function readLengths(bytes: Uint8Array): Promise<number[]> {
  const lengths: number[] = [];
  const source = memorySource(bytes);
  const read = (start: number, end: number): Promise<Uint8Array> => {
    lengths.push(end - start);
    return source.read(start, end);
  };
  const reader = await SegmentReader.open({ size: source.size, read });
  lengths.push(-1);
  await readAllAsync(reader, []);
  return lengths;
}

describe("segment", () => {
  it("gives back what was written, by each reader, whatever the frames", async () => {
    await fc.assert(
      fc.asyncProperty(pairs, frameBytes, async (entries, frameBytes) => {
        const bytes = makeSegment(entries, { columns: 2, frameBytes });
        const reader = SyncSegmentReader.open(syncMemorySource(bytes));
        assert.deepEqual(readAll(reader.cursor()), entries);
        assert.deepEqual(await readAllAsync(await SegmentReader.open(memorySource(bytes)), []), entries);
        assert.equal(reader.index.entries, entries.length);
        assert.equal(
          reader.index.rawBytes,
          Buffer.byteLength(entries.map(([key, value]) => `${key}\t${value}\n`).join("")),
        );
        assert.equal(Buffer.from(reader.index.lastKey).toString(), entries.at(-1)?.[0] ?? "");
      }),
    );
  });

  it("finds keys, and all keys of a prefix, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(pairs, pair, columns, frameBytes, async (entries, [wanted], [first], frameBytes) => {
        const bytes = makeSegment(entries, { columns: 2, frameBytes });
        const sync = SyncSegmentReader.open(syncMemorySource(bytes));
        const waiting = await SegmentReader.open(memorySource(bytes));
        for (const key of [wanted, entries[0]?.[0] ?? "", entries.at(-1)?.[0] ?? ""]) {
          const value = entries.find((entry) => entry[0] === key)?.[1];
          assert.equal(sync.get(Buffer.from(key))?.toString(), value);
          assert.equal((await waiting.get(Buffer.from(key)))?.toString(), value);
        }
        const prefix = `${encodeKeyBytes([first]).toString()}\t`;
        const expected = entries.filter(([key]) => key.startsWith(prefix));
        assert.deepEqual(readAll(sync.cursor(prefixRange([first]))), expected);
        assert.deepEqual(await readAllAsync(waiting, [first]), expected);
      }),
    );
  });

  it("reads no frame in vain for a key", () => {
    const entries = Array.from({ length: 100 }, (_, i): Pair => [`k${String(i).padStart(3, "0")}`, "1"]);
    const reader = SyncSegmentReader.open(syncMemorySource(makeSegment(entries, { columns: 1, frameBytes: 40 })));
    for (const [key] of entries) assert.equal([...reader.frames(pointRange(Buffer.from(key)))].length, 1, key);
    assert.equal([...reader.frames(pointRange(Buffer.from("a")))].length, 0);
  });

  it("is the same bytes however its entries are added", () => {
    fc.assert(
      fc.property(pairs, frameBytes, (entries, frameBytes) => {
        const bytes = makeSegment(entries, { columns: 2, frameBytes });
        const other = (add: (writer: SegmentWriter) => void): Buffer => {
          const pieces: Uint8Array[] = [];
          const writer = new SegmentWriter((piece) => pieces.push(piece), { columns: 2, frameBytes });
          add(writer);
          writer.finish();
          return Buffer.concat(pieces);
        };
        const cursor = SyncSegmentReader.open(syncMemorySource(bytes)).cursor();
        const copied = other((writer) => {
          while (cursor.next()) writer.addFrom(cursor);
        });
        assert.deepEqual(copied, bytes);
        assert.deepEqual(
          other((writer) => {
            for (const [key, value] of entries) writer.addText(key, value);
          }),
          bytes,
        );
      }),
    );
  });

  describe("read by the command line", () => {
    needs("zstd");

    it("prints its lines with `zstd -dc`", () => {
      for (const count of [0, 1, 5000]) {
        const entries = Array.from({ length: count }, (_, i): Pair => [
          `k${String(i).padStart(6, "0")}\t\\t`,
          `[${i}]`,
        ]);
        const bytes = makeSegment(entries, { columns: 2, frameBytes: 10_000 });
        const { status, stdout } = spawnSync("zstd", ["-dc"], { input: bytes });
        assert.equal(status, 0);
        assert.equal(stdout.toString(), entries.map(([key, value]) => `${key}\t${value}\n`).join(""));
      }
    });
  });

  it("opens with one read of its end, two when the index is larger, and reads neighbours together", async () => {
    const large = largeSegment();
    const small = makeSegment([["a", "1"]], { columns: 1 });
    assert.deepEqual(await readLengths(small), [small.length, -1]);
    const [suffix, index, mark, ...rest] = await readLengths(large.bytes);
    assert.equal(suffix, SUFFIX_BYTES);
    assert.ok(index !== undefined && index > SUFFIX_BYTES && index < large.bytes.length / 2);
    assert.equal(mark, -1);
    assert.ok(rest.length <= 1 + large.bytes.length / 500_000, `${rest.length} reads`);
  });

  it("is read from files, in both ways", async () => {
    const folder = mkdtempSync(join(tmpdir(), "segment-"));
    try {
      const { bytes, entries } = largeSegment();
      const path = join(folder, "x");
      writeFileSync(path, bytes);
      const sync = syncFileSource(path);
      const waiting = fileSource(path);
      assert.deepEqual(readAll(SyncSegmentReader.open(sync).cursor()), entries);
      assert.deepEqual(await readAllAsync(await SegmentReader.open(waiting), []), entries);
      for (const source of [sync, waiting, sync]) source.close();
      assert.throws(() => sync.read(0, 1), { code: "EBADF" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says where a frame is, so that it can be found without the index", () => {
    const pieces: Uint8Array[] = [];
    const writer = new SegmentWriter((bytes) => pieces.push(bytes), { columns: 1, kind: "plan" });
    const positions = ["a", "b", "c"].map((key) => {
      writer.addText(key, `"${key}"`);
      return writer.endFrame();
    });
    assert.equal(writer.endFrame(), undefined);
    writer.finish();
    const bytes = Buffer.concat(pieces);
    const { index } = SyncSegmentReader.open(syncMemorySource(bytes));
    assert.deepEqual(
      index.frames.map((frame) => ({ ...frame, firstKey: Buffer.from(frame.firstKey) })),
      positions,
    );
    assert.equal(index.kind, "plan");
    const [, b] = index.frames;
    assert.ok(b !== undefined);
    const frame = bytes.subarray(b.offset, b.offset + b.length);
    assert.deepEqual(
      decodeLoneFrame(frame, 1).map(({ value }) => Buffer.from(value).toString()),
      ['"b"'],
    );
    assert.throws(() => decodeLoneFrame(frame.subarray(1), 1), { code: "corrupt" });
    assert.throws(() => decodeLoneFrame(bytes.subarray(b.offset, b.offset + b.length + 1), 1), { code: "corrupt" });
    assert.throws(() => decodeLoneFrame(frame, 2), { code: "corrupt" });
  });

  it("refuses what would not come back, and goes on as if it had not been asked", () => {
    const pieces: Uint8Array[] = [];
    const writer = new SegmentWriter((bytes) => pieces.push(bytes), { columns: 2, frameBytes: 64 });
    const add = (key: string, value: string) => (): void => writer.addText(key, value);
    const refused = { code: "internal" };
    for (let i = 11; i < 30; i++) {
      add(`k${i}\tx`, "1")();
      assert.throws(add(`k${i}\tx`, "1"), refused, "equal");
      assert.throws(add(`k${i - 1}\tx`, "1"), refused, "below");
      assert.throws(add(`k${i}0`, "1"), refused, "too few columns");
      assert.throws(add(`k${i}0\tx\ty`, "1"), refused, "too many columns");
      assert.throws(add(`k${i}0\t\n`, "1"), refused, "a control byte");
      assert.throws(add(`k${i}0\tx`, "1\t2"), { code: "analysis-failed" }, "TAB");
      assert.throws(add(`k${i}0\tx`, "1\n2"), { code: "analysis-failed" }, "LF");
      assert.throws(add(`k${i}0\t${"x".repeat(4096)}`, "1"), { code: "limit" });
    }
    const huge = Buffer.alloc(16 * 1024 * 1024 + 1, 49);
    assert.throws(() => writer.add(Buffer.from("z\tz"), huge), { code: "limit" });
    writer.finish();
    const expected = Array.from({ length: 19 }, (_, i): Pair => [`k${i + 11}\tx`, "1"]);
    assert.deepEqual(readAll(SyncSegmentReader.open(syncMemorySource(Buffer.concat(pieces))).cursor()), expected);
    assert.throws(() => writer.finish(), refused);
    assert.throws(add("z\tz", "1"), refused);
  });

  it("holds values up to 16 MiB", () => {
    const value = "9".repeat(16 * 1024 * 1024);
    const entries: Pair[] = [
      ["a", "1"],
      ["b", value],
      ["c", "2"],
    ];
    const reader = SyncSegmentReader.open(syncMemorySource(makeSegment(entries, { columns: 1 })));
    assert.equal(reader.index.frames.length, 3);
    assert.deepEqual(readAll(reader.cursor()), entries);
  });
});
