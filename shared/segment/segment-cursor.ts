/**
 * The lines of a segment, frame after frame, one of them decoded at a time; and whole frames, for merges that pass them on as
 * they are. A frame that is passed on was decoded, too: its checksum holds it to what was written, before its source may go.
 */
import { keyEndOf, LineCursor } from "./entry.ts";
import type { EntryCursor } from "./entry.ts";
import type { FramePart, FramePosition } from "./index.ts";
import { checkCount, decodeFrame } from "./open.ts";
import type { DecodedFrame } from "./open.ts";
import type { SyncSegmentSource } from "./source.ts";

const LF = 0x0a;

/** A data frame of which every line is wanted. */
export interface WholeFrame {
  readonly position: FramePosition;
  readonly compressed: Uint8Array;
  /** Decoded: its lines. */
  readonly bytes: Uint8Array;
  readonly columns: number;
  /** Of the last line, in `bytes`. */
  readonly lastKeyStart: number;
  readonly lastKeyEnd: number;
}

/** A cursor that may be asked for whole frames. */
export interface FramedCursor extends EntryCursor {
  /** The current entry is the first of a frame of which every line is wanted. */
  readonly isAtWholeFrame: boolean;
  /** The frame that `isAtWholeFrame` told of; else null. */
  wholeFrame(): WholeFrame | null;
  /** Goes behind the frame: `next` gives the first entry after it. */
  leaveFrame(): void;
}

export class SegmentCursor extends LineCursor implements FramedCursor {
  readonly #columns: number;
  readonly #parts: readonly FramePart[];
  readonly #source: SyncSegmentSource;
  #next = 0;
  #frame: DecodedFrame | undefined;
  #compressed: Uint8Array = new Uint8Array(0);
  #entries = 0;

  constructor(columns: number, parts: readonly FramePart[], source: SyncSegmentSource) {
    super(columns);
    this.#columns = columns;
    this.#parts = parts;
    this.#source = source;
  }

  override next(): boolean {
    while (!super.next()) {
      if (this.#frame !== undefined && this.#entries >= 0) checkCount(this.#frame, this.#entries);
      this.#entries = 0;
      const part = this.#parts[this.#next++];
      if (part === undefined) {
        this.#frame = undefined;
        return false;
      }
      const { offset, length } = part.position;
      this.#compressed = this.#source.read(offset, offset + length);
      this.#frame = decodeFrame(this.#compressed, part, this.#columns);
      this.reset(this.#frame.bytes, this.#frame.start, this.#frame.end);
    }
    this.#entries += 1;
    return true;
  }

  get isAtWholeFrame(): boolean {
    const frame = this.#frame;
    return this.#entries === 1 && frame !== undefined && frame.start === 0 && frame.end === frame.bytes.length;
  }

  wholeFrame(): WholeFrame | null {
    const frame = this.#frame;
    if (frame === undefined || !this.isAtWholeFrame) return null;
    const { bytes, position } = frame;
    const lastKeyStart = bytes.lastIndexOf(LF, bytes.length - 2) + 1;
    const lastKeyEnd = keyEndOf(bytes, lastKeyStart, this.#columns);
    return { position, compressed: this.#compressed, bytes, columns: this.#columns, lastKeyStart, lastKeyEnd };
  }

  leaveFrame(): void {
    this.leave();
    this.#entries = -1;
  }
}
