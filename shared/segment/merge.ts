/**
 * K-way merge of sorted inputs into one sorted cursor, in memory of one frame for each input.
 *
 *   a loser tree holds the inputs' current keys: the winner is the lowest key, of equal ones the first input's
 *   next: take the winner, advance it, and while the new winner has the same key take that, too
 *   one taken   -> its bytes are passed through untouched
 *   several     -> `combine` makes one value of them, in input order
 *
 * The result is a cursor itself: passes nest, and whoever reads it writes or renders. Inputs whose ranges do not overlap could
 * pass whole frames; the place for that is here, where the runner-up's key says how far the winner may go on alone.
 */
import { Buffer } from "node:buffer";
import { SpotfoldError } from "../errors.ts";
import type { EntryCursor } from "./entry.ts";
import { valueOf } from "./entry.ts";
import { FAN_IN_MAX } from "./merge-plan.ts";
import { compareRanges } from "./order.ts";

/** One value of several of the same key, in input order; `key` is encoded. What it throws passes through. */
export type Combine = (key: Uint8Array, values: readonly Uint8Array[]) => Uint8Array;

const TAB = 0x09;
const LF = 0x0a;
const NO_BYTES = new Uint8Array(0);

/** At most 256 inputs (see `planMerge` for more). Throws `analysis-failed` when `combine` gives a value with TAB or LF. */
export class MergeCursor implements EntryCursor {
  keyBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;
  readonly #inputs: readonly EntryCursor[];
  readonly #combine: Combine;
  /** Current keys by input, apart from the cursors: the tree compares them far more often than they change. */
  readonly #keyBytes: Uint8Array[];
  readonly #keyStarts: Int32Array;
  readonly #keyEnds: Int32Array;
  readonly #alive: boolean[];
  /** Node n > 0 holds the loser of the match below it; leaf i hangs below node (i + inputs) >> 1. */
  readonly #losers: Int32Array;
  #winner = -1;

  constructor(inputs: readonly EntryCursor[], combine: Combine) {
    if (inputs.length > FAN_IN_MAX) {
      throw new SpotfoldError("internal", `a merge has ${inputs.length} inputs; at most ${FAN_IN_MAX} are allowed`);
    }
    this.#inputs = inputs;
    this.#combine = combine;
    this.#keyBytes = inputs.map(() => NO_BYTES);
    this.#keyStarts = new Int32Array(inputs.length);
    this.#keyEnds = new Int32Array(inputs.length);
    this.#alive = inputs.map(() => false);
    this.#losers = new Int32Array(inputs.length);
  }

  next(): boolean {
    if (this.#winner < 0) this.#begin();
    const first = this.#winner;
    const input = this.#inputs[first];
    if (input === undefined || this.#alive[first] !== true) return false;
    this.keyBytes = input.keyBytes;
    this.keyStart = input.keyStart;
    this.keyEnd = input.keyEnd;
    this.valueBytes = input.valueBytes;
    this.valueStart = input.valueStart;
    this.valueEnd = input.valueEnd;
    this.#advance(first);
    if (this.#winnerHasKey()) this.#combineEqual();
    return true;
  }

  #combineEqual(): void {
    const values = [valueOf(this)];
    do {
      const winner = this.#winner;
      values.push(valueOf(this.#inputs[winner] as EntryCursor));
      this.#advance(winner);
    } while (this.#winnerHasKey());
    const key = this.keyBytes.subarray(this.keyStart, this.keyEnd);
    const value = this.#combine(key, values);
    if (value.includes(TAB) || value.includes(LF)) {
      throw new SpotfoldError("analysis-failed", "merging gave a value with TAB or LF in it", {
        hint: "What `encode` of an analysis returns must be one line without tabs.",
        context: { key: Buffer.from(key).toString() },
      });
    }
    this.valueBytes = value;
    this.valueStart = 0;
    this.valueEnd = value.length;
  }

  #winnerHasKey(): boolean {
    const winner = this.#winner;
    const bytes = this.#keyBytes[winner] as Uint8Array;
    if (this.#alive[winner] !== true) return false;
    const [start, end] = [this.#keyStarts[winner] as number, this.#keyEnds[winner] as number];
    return compareRanges(bytes, start, end, this.keyBytes, this.keyStart, this.keyEnd) === 0;
  }

  /** Every input's first entry, and the matches between them, from the leaves up. */
  #begin(): void {
    const count = this.#inputs.length;
    if (count === 0) return;
    const winners = new Int32Array(2 * count);
    for (let i = 0; i < count; i++) {
      this.#load(i);
      winners[count + i] = i;
    }
    for (let node = count - 1; node > 0; node--) {
      const left = winners[2 * node] as number;
      const right = winners[2 * node + 1] as number;
      const leftWins = this.#beats(left, right);
      winners[node] = leftWins ? left : right;
      this.#losers[node] = leftWins ? right : left;
    }
    this.#winner = winners[1] as number;
  }

  /** The winner goes to its next entry and plays its way up again. */
  #advance(input: number): void {
    this.#load(input);
    let winner = input;
    for (let node = (input + this.#inputs.length) >> 1; node > 0; node >>= 1) {
      const rival = this.#losers[node] as number;
      if (this.#beats(rival, winner)) {
        this.#losers[node] = winner;
        winner = rival;
      }
    }
    this.#winner = winner;
  }

  #load(i: number): void {
    const input = this.#inputs[i] as EntryCursor;
    this.#alive[i] = input.next();
    this.#keyBytes[i] = input.keyBytes;
    this.#keyStarts[i] = input.keyStart;
    this.#keyEnds[i] = input.keyEnd;
  }

  /** An input at its end loses; of equal keys the first input's wins. */
  #beats(a: number, b: number): boolean {
    if (this.#alive[a] !== true || this.#alive[b] !== true) return this.#alive[a] === true;
    const order = compareRanges(
      this.#keyBytes[a] as Uint8Array,
      this.#keyStarts[a] as number,
      this.#keyEnds[a] as number,
      this.#keyBytes[b] as Uint8Array,
      this.#keyStarts[b] as number,
      this.#keyEnds[b] as number,
    );
    return order === 0 ? a < b : order < 0;
  }
}
