/** Segments for tests: from pairs, in memory. */
import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { keyOf, valueOf } from "../../../shared/segment/entry.ts";
import type { EntryCursor } from "../../../shared/segment/entry.ts";
import { encodeKey } from "../../../shared/segment/key.ts";
import { SegmentWriter } from "../../../shared/segment/writer.ts";
import type { SegmentWriterOptions } from "../../../shared/segment/writer.ts";

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
