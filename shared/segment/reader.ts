/** Reads a segment from wherever reading takes time: a store, a network. One read opens it, few read it. */
import type { Entry } from "./entry.ts";
import { framesOf } from "./index.ts";
import type { FramePart, SegmentIndex } from "./index.ts";
import type { KeyRange } from "./key.ts";
import { pointRange } from "./key.ts";
import { decodeFrame, entriesOf, openSegment } from "./open.ts";
import type { DecodedFrame } from "./open.ts";
import { memorySource } from "./source.ts";
import type { SegmentSource } from "./types.ts";

/** Neighbouring frames are read together up to this: a request costs as much as the transfer of about a megabyte. */
const READ_BYTES_MAX = 1024 * 1024;

export class SegmentReader {
  readonly index: SegmentIndex;
  readonly #source: SegmentSource;

  private constructor(index: SegmentIndex, source: SegmentSource) {
    this.index = index;
    this.#source = source;
  }

  /** Rejects with `corrupt`, `invalid-format`, and what the source rejects with. */
  static async open(source: SegmentSource): Promise<SegmentReader> {
    const opening = openSegment(source.size);
    let step = opening.next();
    while (step.done !== true) step = opening.next(await source.read(step.value.start, step.value.end));
    const { index, whole } = step.value;
    return new SegmentReader(index, whole === undefined ? source : memorySource(whole));
  }

  /** Frames that hold keys of the range, in key order. */
  async *frames(range: KeyRange = {}): AsyncGenerator<DecodedFrame, void, undefined> {
    const parts = framesOf(this.index, range);
    for (let next = 0; next < parts.length;) {
      const batch = parts.slice(next, batchEnd(parts, next));
      const start = batch[0]?.position.offset ?? 0;
      const bytes = await this.#source.read(start, start + batch.reduce((sum, part) => sum + part.position.length, 0));
      for (const part of batch) {
        const offset = part.position.offset - start;
        yield decodeFrame(bytes.subarray(offset, offset + part.position.length), part, this.index.columns);
      }
      next += batch.length;
    }
  }

  /** The entries of the range, in key order, a frame's at a time. */
  async *entries(range: KeyRange = {}): AsyncGenerator<readonly Entry[], void, undefined> {
    for await (const frame of this.frames(range)) yield entriesOf(frame, this.index.columns);
  }

  /** The value of a key; undefined when there is none. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    for await (const [entry] of this.entries(pointRange(key))) if (entry !== undefined) return entry.value;
    return undefined;
  }
}

/** The first part, and those after it that one read holds. */
function batchEnd(parts: readonly FramePart[], first: number): number {
  let bytes = parts[first]?.position.length ?? 0;
  for (let next = first + 1; next < parts.length; next++) {
    bytes += parts[next]?.position.length ?? 0;
    if (bytes > READ_BYTES_MAX) return next;
  }
  return parts.length;
}
