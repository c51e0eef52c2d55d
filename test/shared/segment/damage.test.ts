import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32, zstdCompressSync } from "node:zlib";
import { SpotfoldError } from "../../../shared/errors.ts";
import { encodeFooter, encodeIndexFrame, FOOTER_BYTES, SEGMENT_FORMAT } from "../../../shared/segment/format.ts";
import { decodeFrame, decodeLoneFrame, entriesOf } from "../../../shared/segment/open.ts";
import { syncMemorySource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { compressFrame, decompressFrame, SKIPPABLE_HEAD_BYTES } from "../../../shared/segment/zstd.ts";
import { inFirstFormat, largeSegment, makeSegment, readAll, seeded } from "./make.ts";
import type { Pair } from "./make.ts";

/** All of it, or the error's code. */
function read(bytes: Uint8Array): Pair[] | string {
  try {
    return readAll(SyncSegmentReader.open(syncMemorySource(bytes)).cursor());
  } catch (error) {
    assert.ok(error instanceof SpotfoldError, String(error));
    return error.code;
  }
}

function flipBit(bytes: Uint8Array, random: () => number): { damaged: Buffer; place: number } {
  const place = Math.floor(random() * bytes.length);
  const damaged = Buffer.from(bytes);
  damaged[place] = (damaged[place] ?? 0) ^ (1 << Math.floor(random() * 8));
  return { damaged, place };
}

describe("a damaged segment", () => {
  const entries = Array.from({ length: 400 }, (_, i): Pair => [
    `k${Math.floor(i / 60)}\t${String(i).padStart(6, "0")}`,
    `[${i % 10}]`,
  ]);
  const small = makeSegment(entries, { columns: 2, frameBytes: 512 });
  const large = largeSegment().bytes;

  for (const [name, bytes] of [
    ["small", small],
    ["large", large],
    ["of format 1", inFirstFormat(small)],
  ] as const) {
    it(`gives an error, or what was written, for one flipped bit in 300 places (${name})`, () => {
      const whole = read(bytes);
      assert.ok(Array.isArray(whole));
      const random = seeded(7);
      let errors = 0;
      for (let i = 0; i < 300; i++) {
        const { damaged, place } = flipBit(bytes, random);
        const found = read(damaged);
        if (typeof found === "string") {
          assert.equal(found, "corrupt", `byte ${place}`);
          errors += 1;
        } else assert.deepEqual(found, whole, `byte ${place}`);
      }
      assert.ok(errors > 290, `${errors} errors`);
    });
  }

  it("is corrupt wherever it is cut off, and with anything before or behind it", () => {
    for (let length = 0; length < small.length; length++) {
      assert.equal(read(small.subarray(0, length)), "corrupt", `${length} bytes`);
    }
    assert.equal(read(Buffer.concat([small, Buffer.from("\n")])), "corrupt");
    assert.equal(read(Buffer.concat([Buffer.alloc(1), small])), "corrupt");
  });

  it("is corrupt when two frames change places", () => {
    const { frames } = SyncSegmentReader.open(syncMemorySource(small)).index;
    const alike = (x: (typeof frames)[number], y: (typeof frames)[number]): boolean =>
      x !== y && x.length === y.length && x.rawBytes === y.rawBytes;
    const a = frames.find((frame) => frames.some((other) => alike(frame, other)));
    const b = frames.find((frame) => a !== undefined && alike(frame, a));
    assert.ok(a !== undefined && b !== undefined);
    const swapped = Buffer.from(small);
    small.copy(swapped, a.offset, b.offset, b.offset + b.length);
    small.copy(swapped, b.offset, a.offset, a.offset + a.length);
    assert.equal(read(swapped), "corrupt");
  });

  it("is corrupt when a frame has no checksum, or another number of entries than its index says", () => {
    const raw = Buffer.from("a\t1\nb\t2\n");
    const frame = compressFrame(raw, 1);
    assert.equal(decodeLoneFrame(frame, 1).length, 2);
    const bare = zstdCompressSync(raw, { pledgedSrcSize: raw.length });
    assert.throws(() => decodeLoneFrame(bare, 1), { code: "corrupt", message: /lacks checksum/ });
    const position = {
      offset: 0,
      length: frame.length,
      rawBytes: raw.length,
      firstKey: Buffer.from("a"),
      checksum: null,
    };
    const entries = (count: number): number =>
      entriesOf(decodeFrame(frame, { position: { ...position, entries: count }, range: {} }, 1), 1).length;
    assert.equal(entries(2), 2);
    for (const count of [1, 3]) assert.throws(() => entries(count), { code: "corrupt" });
  });

  it("is left alone when a later version wrote it", () => {
    const later = Buffer.from(small);
    const footer = later.subarray(later.length - FOOTER_BYTES + SKIPPABLE_HEAD_BYTES);
    footer.writeUInt32LE(SEGMENT_FORMAT + 1, 0);
    assert.equal(read(later), "corrupt");
    footer.writeUInt32LE(crc32(footer.subarray(0, 20)), 20);
    assert.equal(read(later), "invalid-format");
  });

  it("neither crashes nor hangs when its index lies and all checksums are right", () => {
    const { frames } = SyncSegmentReader.open(syncMemorySource(small)).index;
    const last = frames.at(-1);
    const indexOffset = (last?.offset ?? 0) + (last?.length ?? 0);
    const rawBytes = small.readUInt32LE(small.length - FOOTER_BYTES + SKIPPABLE_HEAD_BYTES + 16);
    const compressed = small.subarray(indexOffset + SKIPPABLE_HEAD_BYTES, small.length - FOOTER_BYTES);
    const body = decompressFrame(compressed, rawBytes, "index");
    const random = seeded(3);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 1000; i++) {
      const index = encodeIndexFrame(compressFrame(flipBit(body, random).damaged, 1));
      const footer = encodeFooter({
        format: SEGMENT_FORMAT,
        indexOffset,
        indexBytes: index.length,
        indexRawBytes: body.length,
      });
      const found = read(Buffer.concat([small.subarray(0, indexOffset), index, footer]));
      const outcome = typeof found === "string" ? found : "read";
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    assert.deepEqual(
      [...outcomes.keys()].filter((outcome) => outcome !== "read"),
      ["corrupt"],
    );
    // What an index may say wrongly and still be read is the last key: nothing that is read depends on it.
    assert.ok((outcomes.get("corrupt") ?? 0) > 900, JSON.stringify([...outcomes]));
  });
});
