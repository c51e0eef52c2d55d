/**
 * K-way merge of sorted inputs into one sorted cursor, in memory of one frame for each input.
 *
 *   a loser tree (merge-tree.ts) finds the lowest key, of equal ones the first input's
 *   next: take the winner, advance it, and while the new winner has the same key take that, too
 *   one taken   -> its bytes are passed through untouched
 *   several     -> `combine` makes one value of them, in input order
 *   takeFrame: the winner stands at the beginning of a frame whose keys are all below every other input's -> the frame as it is,
 *              which nobody has read; any other way the frame is entered before its first value is taken
 *
 * The result is a cursor itself: passes nest, and whoever reads it writes or renders.
 */
import { SpotfoldError } from "../errors.ts";
import type { EntryCursor } from "./entry.ts";
import { FAN_IN_MAX } from "./merge-plan.ts";
import { MergeTree } from "./merge-tree.ts";
import { compareRanges } from "./order.ts";
import { brokenValue } from "./refusal.ts";
import { framedCursor } from "./segment-cursor.ts";
import type { FramedCursor, WholeFrame } from "./segment-cursor.ts";

/** One value of several of the same key, in input order; `key` is encoded. What it throws passes through. */
export type Combine = (key: Uint8Array, values: ValueList) => Uint8Array;

const TAB = 0x09;
const LF = 0x0a;
const NO_BYTES = new Uint8Array(0);

/** Encoded values, without an object for each. The bytes stay what they are; the list is used again for the next key. */
export class ValueList {
  #count = 0;
  readonly #bytes: Uint8Array[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  get count(): number {
    return this.#count;
  }

  /** Value `index` lies in these bytes, from `start` to `end`. */
  bytes(index: number): Uint8Array {
    return this.#bytes[index] as Uint8Array;
  }

  start(index: number): number {
    return this.#starts[index] as number;
  }

  end(index: number): number {
    return this.#ends[index] as number;
  }

  /** A view of one value. */
  view(index: number): Uint8Array {
    return this.bytes(index).subarray(this.start(index), this.end(index));
  }

  clear(): void {
    this.#count = 0;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const index = this.#count++;
    this.#bytes[index] = bytes;
    this.#starts[index] = start;
    this.#ends[index] = end;
  }
}

/** At most 256 inputs (see `planMerge` for more). Throws `analysis-failed` when `combine` gives a value with TAB or LF. */
export class MergeCursor implements EntryCursor {
  keyBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  keyShared = 0;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;
  readonly #inputs: readonly EntryCursor[];
  /** The same, those that give whole frames. */
  readonly #framed: readonly (FramedCursor | null)[];
  readonly #combine: Combine;
  readonly #tree: MergeTree;
  readonly #values = new ValueList();
  #taken: FramedCursor | null = null;

  constructor(inputs: readonly EntryCursor[], combine: Combine) {
    if (inputs.length > FAN_IN_MAX) {
      throw new SpotfoldError("internal", `a merge has ${inputs.length} inputs; at most ${FAN_IN_MAX} are allowed`);
    }
    this.#inputs = inputs;
    this.#framed = inputs.map(framedCursor);
    for (const input of this.#framed) input?.holdFrames();
    this.#combine = combine;
    this.#tree = new MergeTree(inputs);
  }

  next(): boolean {
    this.#leave();
    const input = this.#inputs[this.#tree.winner()];
    if (input === undefined) return false;
    this.#enter(this.#tree.winner());
    this.keyBytes = input.keyBytes;
    this.keyStart = input.keyStart;
    this.keyEnd = input.keyEnd;
    this.keyShared = this.#tree.shared;
    this.valueBytes = input.valueBytes;
    this.valueStart = input.valueStart;
    this.valueEnd = input.valueEnd;
    if (this.#tree.advance()) this.#combineEqual();
    return true;
  }

  /**
   * The next entries, when they are a whole frame of one input that no other input's entries lie in or meet; else null. For
   * writers: to be asked before each `next`. The frame can be read until then. What such a cursor's `keyShared` says right after a frame is of no use.
   */
  takeFrame(): WholeFrame | null {
    this.#leave();
    const input = this.#framed[this.#tree.winner()] ?? null;
    const frame = input?.wholeFrame() ?? null;
    if (input === null || frame === null) return null;
    const rival = this.#inputs[this.#tree.runnerUp()];
    if (rival !== undefined && !isBelow(frame, rival)) return null;
    this.#taken = input;
    return frame;
  }

  /** Goes behind the frame that was taken: not before, since an input that has come to its end may be closed. */
  #leave(): void {
    if (this.#taken === null) return;
    this.#taken.leaveFrame();
    this.#taken = null;
    this.#tree.advance();
  }

  #enter(index: number): void {
    const framed = this.#framed[index] ?? null;
    if (framed !== null && framed.isHeld) framed.enter();
  }

  #combineEqual(): void {
    const values = this.#values;
    values.clear();
    values.add(this.valueBytes, this.valueStart, this.valueEnd);
    do {
      const winner = this.#tree.winner();
      this.#enter(winner);
      const input = this.#inputs[winner] as EntryCursor;
      values.add(input.valueBytes, input.valueStart, input.valueEnd);
    } while (this.#tree.advance());
    const key = this.keyBytes.subarray(this.keyStart, this.keyEnd);
    const value = this.#combine(key, values);
    if (value.includes(TAB) || value.includes(LF)) throw brokenValue(key);
    this.valueBytes = value;
    this.valueStart = 0;
    this.valueEnd = value.length;
  }
}

/** All keys of the frame are below the cursor's. */
function isBelow({ endKey, isBelowEnd }: WholeFrame, { keyBytes, keyStart, keyEnd }: EntryCursor): boolean {
  const order = compareRanges(endKey, 0, endKey.length, keyBytes, keyStart, keyEnd);
  return order < 0 || (order === 0 && isBelowEnd);
}
