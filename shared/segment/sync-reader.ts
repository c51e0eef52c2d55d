/** Reads a segment where nothing may wait: in children, over local files, and in the simulator, over memory. */
import type { EntryCursor } from "./entry.ts";
import { LineCursor, valueOf } from "./entry.ts";
import { framesOf } from "./index.ts";
import type { SegmentIndex } from "./index.ts";
import type { KeyRange } from "./key.ts";
import { pointRange } from "./key.ts";
import { checkCount, decodeFrame, openSegment } from "./open.ts";
import type { DecodedFrame } from "./open.ts";
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

  /** Frames that hold keys of the range, decoded one at a time. */
  *frames(range: KeyRange = {}): Generator<DecodedFrame, void, undefined> {
    for (const part of framesOf(this.index, range)) {
      const { offset, length } = part.position;
      yield decodeFrame(this.#source.read(offset, offset + length), part, this.index.columns);
    }
  }

  /** The entries of the range, in key order, one frame in memory. */
  cursor(range: KeyRange = {}): EntryCursor {
    return new SegmentCursor(this.index.columns, this.frames(range));
  }

  /** The value of a key; undefined when there is none. */
  get(key: Uint8Array): Uint8Array | undefined {
    const cursor = this.cursor(pointRange(key));
    return cursor.next() ? valueOf(cursor) : undefined;
  }
}

/** The lines of many frames. */
class SegmentCursor extends LineCursor {
  readonly #frames: Iterator<DecodedFrame, void, undefined>;
  #frame: DecodedFrame | undefined;
  #entries = 0;

  constructor(columns: number, frames: Iterator<DecodedFrame, void, undefined>) {
    super(columns);
    this.#frames = frames;
  }

  override next(): boolean {
    while (!super.next()) {
      if (this.#frame !== undefined) checkCount(this.#frame, this.#entries);
      this.#entries = 0;
      const step = this.#frames.next();
      this.#frame = step.done === true ? undefined : step.value;
      if (this.#frame === undefined) return false;
      this.reset(this.#frame.bytes, this.#frame.start, this.#frame.end);
    }
    this.#entries += 1;
    return true;
  }
}
