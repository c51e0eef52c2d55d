/**
 * The loser tree of a merge: which input has the lowest key. Inputs are leaves; a node holds who lost the match below it; the
 * winner of all is outside. When the winner goes on to its next key, it plays again against the losers on its way up.
 *
 * Keys of neighbouring entries are alike for most of their length, so keys are not compared from their beginning. With each
 * loser goes how many bytes its key shares with the key that beat it. All losers on the way of the last winner lost to that
 * winner's key P, and the new candidate comes after P in the same input: what shares more with P is lower; only when both
 * share the same number are bytes compared, from there on. A new winner that shares all of P is P again.
 */
import type { EntryCursor } from "./entry.ts";

const NO_BYTES = new Uint8Array(0);

export class MergeTree {
  readonly #inputs: readonly EntryCursor[];
  /** Current keys by input, apart from the cursors: they are compared more often than they change. */
  readonly #bytes: Uint8Array[];
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #alive: Uint8Array;
  /** Of each input that is not the winner: bytes shared with the key that beat it. */
  readonly #shared: Int32Array;
  /** Node n > 0 holds a loser; input i is leaf (inputs + i), below node (inputs + i) >> 1. */
  readonly #losers: Int32Array;
  #winner = -1;

  constructor(inputs: readonly EntryCursor[]) {
    this.#inputs = inputs;
    this.#bytes = inputs.map(() => NO_BYTES);
    this.#starts = new Int32Array(inputs.length);
    this.#ends = new Int32Array(inputs.length);
    this.#alive = new Uint8Array(inputs.length);
    this.#shared = new Int32Array(inputs.length);
    this.#losers = new Int32Array(inputs.length);
  }

  /** The input whose current entry comes next; -1 when all are at their end. Of equal keys, the first input's. */
  winner(): number {
    if (this.#winner < 0) this.#begin();
    return this.#alive[this.#winner] === 1 ? this.#winner : -1;
  }

  /** Moves the winner to its next entry, and says whether the new winner has the key that the old one had. */
  advance(): boolean {
    const input = this.#winner;
    const length = (this.#ends[input] as number) - (this.#starts[input] as number);
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
    if (this.#alive[winner] !== 1 || this.#shared[winner] !== length) return false;
    return (this.#ends[winner] as number) - (this.#starts[winner] as number) === length;
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

  /** Goes to an input's next entry, and notes how much its key shares with the one before it. */
  #load(i: number): void {
    const input = this.#inputs[i] as EntryCursor;
    const before = this.#bytes[i] as Uint8Array;
    const beforeStart = this.#starts[i] as number;
    const beforeEnd = this.#ends[i] as number;
    this.#alive[i] = input.next() ? 1 : 0;
    const { keyBytes, keyStart, keyEnd } = input;
    const most = Math.min(beforeEnd - beforeStart, keyEnd - keyStart);
    let shared = 0;
    while (shared < most && before[beforeStart + shared] === keyBytes[keyStart + shared]) shared++;
    this.#bytes[i] = keyBytes;
    this.#starts[i] = keyStart;
    this.#ends[i] = keyEnd;
    this.#shared[i] = shared;
  }

  /** Who wins of two that share so many bytes with the last winner's key; notes what the loser shares with the winner. */
  #beats(a: number, b: number): boolean {
    if (this.#alive[a] !== 1 || this.#alive[b] !== 1) return this.#alive[a] === 1;
    let shared = this.#shared[a] as number;
    const sharedB = this.#shared[b] as number;
    if (shared !== sharedB) return shared > sharedB;
    const bytesA = this.#bytes[a] as Uint8Array;
    const bytesB = this.#bytes[b] as Uint8Array;
    const startA = this.#starts[a] as number;
    const startB = this.#starts[b] as number;
    const lengthA = (this.#ends[a] as number) - startA;
    const lengthB = (this.#ends[b] as number) - startB;
    const most = Math.min(lengthA, lengthB);
    let order = lengthA - lengthB;
    for (; shared < most; shared++) {
      const difference = (bytesA[startA + shared] as number) - (bytesB[startB + shared] as number);
      if (difference !== 0) {
        order = difference;
        break;
      }
    }
    const aWins = order === 0 ? a < b : order < 0;
    this.#shared[aWins ? b : a] = shared;
    return aWins;
  }
}
