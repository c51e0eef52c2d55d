/** Reads a segment where nothing may wait: in children, over local files, and in the simulator, over memory. */
import { valueOf } from "./entry.ts";
import { framesOf } from "./index.ts";
import type { SegmentIndex } from "./index.ts";
import type { KeyRange } from "./key.ts";
import { pointRange } from "./key.ts";
import { compareBytes } from "./order.ts";
import { decodeFrame, openSegment } from "./open.ts";
import type { DecodedFrame } from "./open.ts";
import { SegmentCursor } from "./segment-cursor.ts";
import type { FramedCursor } from "./segment-cursor.ts";
import type { SyncSegmentSource } from "./source.ts";
import { syncMemorySource } from "./source.ts";

export class SyncSegmentReader {
  readonly index: SegmentIndex;
  readonly #source: SyncSegmentSource;

  private constructor(index: SegmentIndex, source: SyncSegmentSource) {
    this.index = index;
    this.#source = source;
  }

  /** Throws `corrupt`, `invalid-format`, and what the source throws. Closing the source is the caller's. */
  static open(source: SyncSegmentSource): SyncSegmentReader {
    const opening = openSegment(source.size);
    let step = opening.next();
    while (step.done !== true) step = opening.next(source.read(step.value.start, step.value.end));
    const { index, whole } = step.value;
    return new SyncSegmentReader(index, whole === undefined ? source : syncMemorySource(whole));
  }

  /** As `open`, with the index that an earlier reader of the same segment had: it is not read again. */
  static again(index: SegmentIndex, source: SyncSegmentSource): SyncSegmentReader {
    return new SyncSegmentReader(index, source);
  }

  /** Frames that hold keys of the range, decoded one at a time. */
  *frames(range: KeyRange = {}): Generator<DecodedFrame, void, undefined> {
    for (const part of framesOf(this.index, range)) {
      const { offset, length } = part.position;
      yield decodeFrame(this.#source.read(offset, offset + length), part, this.index.columns);
    }
  }

  /** The entries of the range, in key order, one frame in memory. */
  cursor(range: KeyRange = {}): FramedCursor {
    return new SegmentCursor(this.index, framesOf(this.index, range), this.#source);
  }

  /** What the keys of the range lie between, or null when there are none; it may say more than there is. */
  bounds(range: KeyRange): { readonly first: Uint8Array; readonly last: Uint8Array } | null {
    const [part] = framesOf(this.index, range);
    const { lastKey } = this.index;
    const { from, to } = range;
    if (part === undefined || (from !== undefined && compareBytes(lastKey, from) < 0)) return null;
    const { firstKey } = part.position;
    return {
      first: from !== undefined && compareBytes(firstKey, from) < 0 ? from : firstKey,
      last: to !== undefined && compareBytes(to, lastKey) < 0 ? to : lastKey,
    };
  }

  /** The value of a key; undefined when there is none. */
  get(key: Uint8Array): Uint8Array | undefined {
    const cursor = this.cursor(pointRange(key));
    return cursor.next() ? valueOf(cursor) : undefined;
  }
}
