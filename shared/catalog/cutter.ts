/**
 * Decides when a long listing is cut into several, and where (ranges.ts).
 *
 *   listing alone --two pages, and there is room for more listings--> cut --two more pages of one of them--> cut again
 *
 * A cut at a bad place costs a request that finds no key. Such requests are counted: there are never many more of them than of
 * those that found something.
 */
import type { BlobInfo } from "../ports/blob-store.ts";
import type { PendingRange } from "./passes.ts";
import { Alphabet, cutsOf } from "./ranges.ts";

/** Pages of a range before it is cut: most prefixes end before, and what its keys are like is known after. */
const pagesBeforeCut = 2;
/** Requests that may find nothing before the first ones found something. */
const emptyAllowed = 32;
/** Keys of a page that are looked at for their characters. */
const learnedKeys = 16;

export class Cutter {
  readonly #alphabet = new Alphabet();
  /** Of each range since it was made or cut. */
  readonly #pages = new WeakMap<PendingRange, number>();
  #found = 0;
  #empty = 0;

  /** A range that was made by a cut has no keys. */
  foundNothing(): void {
    this.#empty++;
  }

  /**
   * After a page of `range`, whose keys these are: the ranges that are to be listed by others from now on, up to `room` of
   * them. What is left to `range`, of which `until` is the end, ends where the first begins.
   */
  cut(range: PendingRange, until: string, blobs: readonly BlobInfo[], room: number): PendingRange[] {
    const first = blobs[0]?.key;
    const last = blobs.at(-1)?.key;
    if (first === undefined || last === undefined) return [];
    this.#found++;
    const pages = (this.#pages.get(range) ?? 0) + 1;
    this.#pages.set(range, pages);
    const most = Math.min(room, emptyAllowed + this.#found - this.#empty);
    if (pages < pagesBeforeCut || most < 1) return [];
    const { prefix } = range;
    const step = Math.max(1, Math.floor(blobs.length / learnedKeys));
    for (let i = 0; i < blobs.length; i += step) this.#alphabet.learn(blobs[i]?.key.slice(prefix.length) ?? "");
    this.#alphabet.learn(last.slice(prefix.length));
    const cuts = cutsOf({ prefix, first, last, until, most, alphabet: this.#alphabet });
    if (cuts.length > 0) this.#pages.set(range, 0);
    return cuts.map((start, index) => ({ prefix, start, after: start, until: cuts[index + 1] ?? until }));
  }
}
