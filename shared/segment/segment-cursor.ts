/**
 * The lines of a segment, frame after frame, one of them decoded at a time; and whole frames, for merges that pass them on as
 * they are.
 *
 *   before a frame that is wanted whole, and asked to hold: its first key is known from the index, nothing of it is read yet
 *   `enter`      it is read and decoded, as when nothing holds
 *   `wholeFrame` then `leaveFrame`: it is passed on by who takes it, and not decoded
 *
 * What is passed on is held to what was written before its source may go: by the checksum of its compressed bytes, or, where
 * its segment has none, by decoding it. Where a frame's keys end is said by the first key of the frame behind it.
 */
import { keyEndOf, LineCursor } from "./entry.ts";
import type { EntryCursor } from "./entry.ts";
import type { FramePart, FramePosition, SegmentIndex } from "./index.ts";
import { checkCompressed, checkCount, decodeFrame } from "./open.ts";
import type { DecodedFrame } from "./open.ts";
import type { SyncSegmentSource } from "./source.ts";

const LF = 0x0a;

/** A data frame of which every line is wanted. Its bytes can be had until who gave it goes on. */
export interface WholeFrame {
  readonly position: FramePosition;
  readonly columns: number;
  /** Its last key; or, when `isBelowEnd`, a key that all of its keys are below and none of those behind it is. */
  readonly endKey: Uint8Array;
  readonly isBelowEnd: boolean;
  /** As it stands in its segment, held to what was written. Throws `corrupt`. */
  compressed(): Uint8Array;
  /** Its lines, decoded. Throws `corrupt`. */
  lines(): Uint8Array;
}

/** A cursor that may be asked for whole frames. */
export interface FramedCursor extends EntryCursor {
  /** From now on `next` may stop before a whole frame: `enter` must be called before the value is read. Keys are there. */
  holdFrames(): void;
  /** `next` stopped before a frame: its value cannot be read yet. */
  readonly isHeld: boolean;
  /** Reads the frame that is held; the current entry is its first, as before. Nothing when none is held. */
  enter(): void;
  /** The frame whose first entry is the current one, if every line of it is wanted; else null. */
  wholeFrame(): WholeFrame | null;
  /** Goes behind the frame: `next` gives the first entry after it. */
  leaveFrame(): void;
}

export function framedCursor(cursor: EntryCursor): FramedCursor | null {
  return "wholeFrame" in cursor ? (cursor as FramedCursor) : null;
}

export class SegmentCursor extends LineCursor implements FramedCursor {
  isHeld = false;
  readonly #index: SegmentIndex;
  readonly #parts: readonly FramePart[];
  readonly #source: SyncSegmentSource;
  #holds = false;
  #next = 0;
  #part: FramePart | undefined;
  #frame: DecodedFrame | undefined;
  #compressed: Uint8Array = new Uint8Array(0);
  /** Of the frame in hand, so many were given; below 0: it was left. */
  #entries = 0;

  constructor(index: SegmentIndex, parts: readonly FramePart[], source: SyncSegmentSource) {
    super(index.columns);
    this.#index = index;
    this.#parts = parts;
    this.#source = source;
  }

  override next(): boolean {
    if (this.isHeld) this.enter();
    while (!super.next()) {
      if (this.#frame !== undefined && this.#entries >= 0) checkCount(this.#frame, this.#entries);
      this.#entries = 0;
      this.#frame = undefined;
      this.#part = this.#parts[this.#next++];
      if (this.#part === undefined) return false;
      if (this.#holds && this.#endOf(this.#part) !== null) {
        this.stand(this.#part.position.firstKey);
        this.#entries = 1;
        this.isHeld = true;
        return true;
      }
      this.#decode(this.#part);
    }
    this.#entries += 1;
    return true;
  }

  holdFrames(): void {
    this.#holds = true;
  }

  enter(): void {
    if (!this.isHeld || this.#part === undefined) return;
    this.isHeld = false;
    this.#decode(this.#part);
    const shared = this.keyShared;
    // The same key once more, now with its value.
    super.next();
    this.keyShared = shared;
  }

  wholeFrame(): WholeFrame | null {
    const part = this.#part;
    const frame = this.#frame;
    if (part === undefined || this.#entries !== 1) return null;
    const { columns } = this.#index;
    const { position } = part;
    if (frame !== undefined) {
      if (frame.start > 0 || frame.end < frame.bytes.length) return null;
      const compressed = this.#compressed;
      const end = { endKey: lastKeyOf(frame.bytes, columns), isBelowEnd: false };
      return { position, columns, ...end, compressed: () => compressed, lines: () => frame.bytes };
    }
    const end = this.#endOf(part);
    // They leave the cursor as it is: it may still be entered.
    const lines = (bytes: Uint8Array): Uint8Array => decodeFrame(bytes, part, columns).bytes;
    const compressed = (): Uint8Array => {
      const bytes = this.#read(part);
      checkCompressed(bytes, position);
      if (position.checksum === null) lines(bytes);
      return bytes;
    };
    return end && { position, columns, ...end, compressed, lines: () => lines(this.#read(part)) };
  }

  leaveFrame(): void {
    this.leave();
    this.isHeld = false;
    this.#frame = undefined;
    this.#entries = -1;
  }

  /** Where its keys end, as far as that is known without decoding it; null also when not every line of it is wanted. */
  #endOf({ position, range }: FramePart): Pick<WholeFrame, "endKey" | "isBelowEnd"> | null {
    if (range.from !== undefined || range.to !== undefined) return null;
    const behind = this.#parts[this.#next];
    if (behind !== undefined) return { endKey: behind.position.firstKey, isBelowEnd: true };
    const isLast = position === this.#index.frames.at(-1);
    return isLast ? { endKey: this.#index.lastKey, isBelowEnd: false } : null;
  }

  #decode(part: FramePart): void {
    this.#compressed = this.#read(part);
    this.#frame = decodeFrame(this.#compressed, part, this.#index.columns);
    this.reset(this.#frame.bytes, this.#frame.start, this.#frame.end);
  }

  #read({ position: { offset, length } }: FramePart): Uint8Array {
    return this.#source.read(offset, offset + length);
  }
}

function lastKeyOf(bytes: Uint8Array, columns: number): Uint8Array {
  const start = bytes.lastIndexOf(LF, bytes.length - 2) + 1;
  return bytes.subarray(start, keyEndOf(bytes, start, columns));
}
