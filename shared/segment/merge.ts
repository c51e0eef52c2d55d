/**
 * K-way merge of sorted inputs into one sorted cursor, in memory of one frame for each input.
 *
 *   a loser tree (merge-tree.ts) finds the lowest key, of equal ones the first input's
 *   next: take the winner, advance it, and while the new winner has the same key take that, too
 *   one taken   -> its bytes are passed through untouched
 *   several     -> `combine` makes one value of them, in input order
 *
 * The result is a cursor itself: passes nest, and whoever reads it writes or renders. Inputs whose ranges do not overlap could
 * pass whole frames; the place for that is here, where the runner-up's key says how far the winner may go on alone.
 */
import { SpotfoldError } from "../errors.ts";
import type { EntryCursor } from "./entry.ts";
import { valueOf } from "./entry.ts";
import { FAN_IN_MAX } from "./merge-plan.ts";
import { MergeTree } from "./merge-tree.ts";
import { brokenValue } from "./refusal.ts";

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
  readonly #tree: MergeTree;

  constructor(inputs: readonly EntryCursor[], combine: Combine) {
    if (inputs.length > FAN_IN_MAX) {
      throw new SpotfoldError("internal", `a merge has ${inputs.length} inputs; at most ${FAN_IN_MAX} are allowed`);
    }
    this.#inputs = inputs;
    this.#combine = combine;
    this.#tree = new MergeTree(inputs);
  }

  next(): boolean {
    const input = this.#inputs[this.#tree.winner()];
    if (input === undefined) return false;
    this.keyBytes = input.keyBytes;
    this.keyStart = input.keyStart;
    this.keyEnd = input.keyEnd;
    this.valueBytes = input.valueBytes;
    this.valueStart = input.valueStart;
    this.valueEnd = input.valueEnd;
    if (this.#tree.advance()) this.#combineEqual();
    return true;
  }

  #combineEqual(): void {
    const values = [valueOf(this)];
    do values.push(valueOf(this.#inputs[this.#tree.winner()] as EntryCursor));
    while (this.#tree.advance());
    const key = this.keyBytes.subarray(this.keyStart, this.keyEnd);
    const value = this.#combine(key, values);
    if (value.includes(TAB) || value.includes(LF)) throw brokenValue(key);
    this.valueBytes = value;
    this.valueStart = 0;
    this.valueEnd = value.length;
  }
}
