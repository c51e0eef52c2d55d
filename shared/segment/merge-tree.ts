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
import { compareRanges } from "./order.ts";

const NO_BYTES = new Uint8Array(0);

/** Less than any key shares: an input that is at its end loses to all others. */
const ENDED = -1;

export class MergeTree {
  readonly #inputs: readonly EntryCursor[];
  /** Current keys by input, apart from the cursors: they are compared more often than they change. */
  readonly #bytes: Uint8Array[];
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Of each input that is not the winner: bytes shared with the key that beat it; `ENDED` when it has no entry left. */
  readonly #shared: Int32Array;
  /** Node n > 0 holds a loser; input i is leaf (inputs + i), below node (inputs + i) >> 1. */
  readonly #losers: Int32Array;
  #winner = -1;

  constructor(inputs: readonly EntryCursor[]) {
    this.#inputs = inputs;
    this.#bytes = inputs.map(() => NO_BYTES);
    this.#starts = new Int32Array(inputs.length);
    this.#ends = new Int32Array(inputs.length);
    this.#shared = new Int32Array(inputs.length);
    this.#losers = new Int32Array(inputs.length);
  }

  /** The input whose current entry comes next; -1 when all are at their end. Of equal keys, the first input's. */
  winner(): number {
    if (this.#winner < 0) this.#begin();
    return this.#shared[this.#winner] === ENDED ? -1 : this.#winner;
  }

  /** Moves the winner to its next entry, and says whether the new winner has the key that the old one had. */
  advance(): boolean {
    const shared = this.#shared;
    const losers = this.#losers;
    const input = this.#winner;
    const length = (this.#ends[input] as number) - (this.#starts[input] as number);
    this.#load(input);
    let winner = input;
    let ofWinner = shared[input] as number;
    for (let node = (input + this.#inputs.length) >> 1; node > 0; node >>= 1) {
      const rival = losers[node] as number;
      const ofRival = shared[rival] as number;
      if (ofRival < ofWinner || (ofRival === ofWinner && !this.#beats(rival, winner))) continue;
      losers[node] = winner;
      winner = rival;
      ofWinner = ofRival;
    }
    this.#winner = winner;
    return ofWinner === length && (this.#ends[winner] as number) - (this.#starts[winner] as number) === length;
  }

  /** Of the winner's key: bytes that it has in common with the key of the winner before. */
  get shared(): number {
    return this.#shared[this.#winner] ?? 0;
  }

  /** The input whose current key is the lowest but for the winner's; -1 when no other has any. It lost to the winner. */
  runnerUp(): number {
    let lowest = -1;
    for (let node = (this.#winner + this.#inputs.length) >> 1; node > 0; node >>= 1) {
      const rival = this.#losers[node] as number;
      if (this.#shared[rival] !== ENDED && (lowest < 0 || this.#compare(rival, lowest) < 0)) lowest = rival;
    }
    return lowest;
  }

  #compare(a: number, b: number): number {
    const [bytesA, bytesB] = [this.#bytes[a] as Uint8Array, this.#bytes[b] as Uint8Array];
    const [startA, startB] = [this.#starts[a] as number, this.#starts[b] as number];
    return compareRanges(bytesA, startA, this.#ends[a] as number, bytesB, startB, this.#ends[b] as number);
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
      const ended = this.#shared[left] === ENDED || this.#shared[right] === ENDED;
      const leftWins = ended ? this.#shared[right] === ENDED : this.#beats(left, right);
      winners[node] = leftWins ? left : right;
      this.#losers[node] = leftWins ? right : left;
    }
    this.#winner = winners[1] as number;
  }

  /** Goes to an input's next entry, and notes how much its key shares with the one before it. */
  #load(i: number): void {
    const input = this.#inputs[i] as EntryCursor;
    if (!input.next()) {
      this.#shared[i] = ENDED;
      return;
    }
    this.#bytes[i] = input.keyBytes;
    this.#starts[i] = input.keyStart;
    this.#ends[i] = input.keyEnd;
    this.#shared[i] = input.keyShared;
  }

  /** Who wins of two that share as many bytes with the last winner's key; notes what the loser shares with the winner. */
  #beats(a: number, b: number): boolean {
    let shared = this.#shared[a] as number;
    if (shared === ENDED) return false;
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
