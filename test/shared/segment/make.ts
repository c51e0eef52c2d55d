/** Segments for tests: from pairs, in memory. */
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { keyOf, valueOf } from "../../../shared/segment/entry.ts";
import type { EntryCursor } from "../../../shared/segment/entry.ts";
import {
  encodeFooter,
  encodeHeader,
  encodeIndexFrame,
  FORMAT_WITHOUT_CHECKSUMS,
} from "../../../shared/segment/format.ts";
import { encodeKey } from "../../../shared/segment/key.ts";
import { syncMemorySource } from "../../../shared/segment/source.ts";
import { SyncSegmentReader } from "../../../shared/segment/sync-reader.ts";
import { BytesBuilder } from "../../../shared/segment/varint.ts";
import { SegmentWriter } from "../../../shared/segment/writer.ts";
import type { SegmentWriterOptions } from "../../../shared/segment/writer-options.ts";
import { compressFrame } from "../../../shared/segment/zstd.ts";

/** Encoded key and value, both as text. */
export type Pair = readonly [key: string, value: string];

/** In the order of bytes by the slow, obvious way; of equal keys the last stays. */
export function sorted(pairs: readonly Pair[]): Pair[] {
  return [...new Map(pairs)].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** `pairs` in ascending order of unique keys. */
export function makeSegment(pairs: readonly Pair[], options: SegmentWriterOptions): Buffer {
  const pieces: Uint8Array[] = [];
  const writer = new SegmentWriter((bytes) => pieces.push(bytes), options);
  for (const [key, value] of pairs) writer.add(Buffer.from(key), Buffer.from(value));
  const summary = writer.finish();
  const bytes = Buffer.concat(pieces);
  if (summary.bytes !== bytes.length || summary.entries !== pairs.length) throw new Error("the summary is wrong");
  return bytes;
}

export function readAll(cursor: EntryCursor): Pair[] {
  const pairs: Pair[] = [];
  while (cursor.next()) pairs.push([Buffer.from(keyOf(cursor)).toString(), Buffer.from(valueOf(cursor)).toString()]);
  return pairs;
}

/** Two columns of a small alphabet, so that prefixes, equal keys and every kind of character meet. */
export const columns = fc.tuple(
  fc.string({ unit: fc.constantFrom("a", "b", "\t", "\\", "\uffee", "😀"), maxLength: 3 }),
  fc.string({ unit: fc.constantFrom("a", "b", "\n", "é"), maxLength: 3 }),
);

export const pair: fc.Arbitrary<Pair> = fc.tuple(
  columns.map(encodeKey),
  fc
    .oneof(fc.string({ maxLength: 20 }), fc.nat().map(String), fc.constant("x".repeat(300)))
    .map((text) => JSON.stringify(text)),
);

export const pairs: fc.Arbitrary<Pair[]> = fc.array(pair, { maxLength: 60 }).map(sorted);

/** A segment as it was written before formats had checksums of compressed frames. */
export function inFirstFormat(segment: Buffer): Buffer {
  const { index } = SyncSegmentReader.open(syncMemorySource(segment));
  const last = index.frames.at(-1);
  const indexOffset = last === undefined ? index.headerBytes : last.offset + last.length;
  const body = new BytesBuilder();
  body.varint(index.columns);
  body.varint(index.kind.length);
  body.bytes(Buffer.from(index.kind));
  for (const number of [index.headerBytes, index.frames.length, index.entries, index.rawBytes, index.lastKey.length])
    body.varint(number);
  body.bytes(index.lastKey);
  for (const { firstKey, length, rawBytes, entries } of index.frames) {
    body.varint(0);
    body.varint(firstKey.length);
    body.bytes(firstKey);
    for (const number of [length, rawBytes, entries]) body.varint(number);
  }
  const format = FORMAT_WITHOUT_CHECKSUMS;
  const frame = encodeIndexFrame(compressFrame(body.view(), 1));
  return Buffer.concat([
    encodeHeader({ ...index, format }),
    segment.subarray(index.headerBytes, indexOffset),
    frame,
    encodeFooter({ format, indexOffset, indexBytes: frame.length, indexRawBytes: body.length }),
  ]);
}

/** Deterministic numbers in [0, 1): for tests that are not properties. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Many frames and an index beyond the first read; long keys that share little. */
export function largeSegment(): { bytes: Buffer; entries: Pair[] } {
  const random = seeded(1);
  const noise = (): string => Array.from({ length: 60 }, () => Math.floor(random() * 2 ** 32).toString(36)).join("");
  const entries = Array.from({ length: 600 }, (_, i): Pair => [`${String(i).padStart(4, "0")}${noise()}`, noise()]);
  return { bytes: makeSegment(entries, { columns: 1, frameBytes: 1 }), entries };
}
