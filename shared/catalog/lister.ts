/**
 * Lists what is pending of a pass, several prefixes at a time, until nothing is.
 *
 * Folders that the layout spells are listed level by level, and only those that the filter allows; what lies below them is
 * listed at once: in a bucket, where it is long and there is nothing else to do, by several, each its part of the keys
 * (cutter.ts). A page is committed as it comes, a prefix when all its pages are. Keys below prefixes that cannot belong to the layout are counted,
 * not kept: they tell of a wrong place or a wrong layout.
 */
import pLimit from "p-limit";
import type { Layout } from "../dataset/layout.ts";
import { SpotfoldError } from "../errors.ts";
import { compareKeys } from "../keys.ts";
import type { Clock } from "../ports/clock.ts";
import type { BlobInfo, BlobStore } from "../ports/blob-store.ts";
import { remember, writeBlocks } from "./blocks.ts";
import type { SeenBlock, TupleCache } from "./blocks.ts";
import type { Connection } from "./connection.ts";
import { Cutter } from "./cutter.ts";
import type { Listing } from "./listing.ts";
import {
  addPending,
  addSkipped,
  count,
  cutPending,
  markAfter,
  markListed,
  pendingOf,
  prefixesAtOnce,
} from "./passes.ts";
import type { Counts, Pass, PendingRange } from "./passes.ts";
import { isAtEnd, upTo } from "./range-end.ts";

/** As many as a bucket's adapter has in flight: a page takes 50 to 100 ms, and a bucket takes thousands a second. */
const parallelListings = 64;
/** Of a folder: each reads its directories whole, and holds what it read. The disk has no more to do with more of them. */
const parallelFolders = 16;
/** Unmatched keys that are shown. */
const examplesMax = 3;
/** What Spotfold keeps in the folder that it is called from is no data, should that be the dataset's. */
const ownPrefix = ".spotfold/";

export interface SyncProgress {
  readonly prefixes: number;
  readonly prefixesPending: number;
  readonly listed: number;
}

export interface ListerOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly layout: Layout;
  /** Rooted at the dataset's place. */
  readonly store: BlobStore;
  readonly pass: Pass;
  readonly listing: Listing;
  /** Foreign keys are counted to the last; otherwise one page of each foreign prefix is. */
  readonly alwaysFull: boolean;
  /** Pages are requests, and begin at any key for the price of one: long listings are cut, and more go on at once. */
  readonly cut: boolean;
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Lister {
  readonly #options: ListerOptions;
  readonly #cache: TupleCache = new Map();
  /** Ends the other listings when one fails. */
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #parallel: number;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #cutter = new Cutter();
  /** Cuts that are being written, and not listed yet. */
  #promised = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: ListerOptions) {
    this.#options = options;
    this.#parallel = options.cut ? parallelListings : parallelFolders;
    this.#limit = pLimit(this.#parallel);
  }

  /** Resolves when nothing is pending; rejects with the first failure, or the signal's reason, when all listings have ended. */
  async run(): Promise<void> {
    const { connection, pass, signal } = this.#options;
    signal?.throwIfAborted();
    const forward = (): void => this.#stop.abort(signal?.reason);
    signal?.addEventListener("abort", forward, { once: true });
    try {
      for (const range of connection.read((db) => pendingOf(db, pass.id))) this.#start(range);
      // A listing adds those below it before it ends, so nothing is left when none is running.
      while (this.#running.size > 0) await Promise.all(this.#running);
    } finally {
      signal?.removeEventListener("abort", forward);
    }
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #start(range: PendingRange): void {
    const task = this.#limit(async () => {
      if (this.#stop.signal.aborted) return;
      for (const prefix of await this.#listRange(range)) this.#start({ prefix, start: "", after: "", until: "" });
    })
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#stop.abort(error);
      })
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  /** Lists one range to its end; the prefixes below it that are to be listed. */
  async #listRange(range: PendingRange): Promise<readonly string[]> {
    const { store, layout, alwaysFull, cut } = this.#options;
    const { prefix, start, after } = range;
    const foreign = layout.matchPrefix(prefix) === null;
    const deep = foreign || slashesIn(prefix) >= layout.depth;
    const signal = this.#stop.signal;
    const pages = store.list(
      prefix,
      deep ? (after === "" ? { signal } : { signal, after }) : { signal, shallow: true },
    );
    const children: string[] = [];
    let more = false;
    let { until } = range;
    let last = after;
    for await (const page of pages) {
      signal.throwIfAborted();
      const blobs = upTo(page.blobs, until);
      // Somebody else's keys in a bucket: one page tells that they are there.
      more = foreign && !alwaysFull;
      const ends = more || isAtEnd(page.blobs, until);
      const cuts = cut && deep && !ends ? this.#cutter.cut(range, until, blobs, this.#room()) : [];
      last = await this.#commitPage(range, blobs, last, deep, cuts);
      until = cuts[0]?.start ?? until;
      children.push(...page.prefixes);
      if (ends) break;
    }
    if (start !== "" && last === start) this.#cutter.foundNothing();
    return this.#commitRange(range, children, more);
  }

  /** Listings that could go on beside those that do. */
  #room(): number {
    return Math.max(0, this.#parallel - this.#running.size - this.#promised);
  }

  async #commitPage(
    range: PendingRange,
    page: readonly BlobInfo[],
    before: string,
    deep: boolean,
    cuts: readonly PendingRange[],
  ): Promise<string> {
    const last = page.at(-1)?.key;
    if (last === undefined) return before;
    const { connection, clock, layout, pass } = this.#options;
    const { blocks, unmatched } = this.#sort(page, before);
    const nowMs = clock.now();
    this.#promised += cuts.length;
    const { tuples, counts } = await connection
      .write((db) => {
        const written = writeBlocks(db, pass, layout, blocks, nowMs, this.#cache);
        // Only a listing without prefixes can go on after a key.
        if (deep) markAfter(db, pass.id, range, last);
        cutPending(db, pass.id, range, cuts);
        const add = (counts: Counts): Counts => plus(counts, blocks.length, written, unmatched);
        return { tuples: written.tuples, counts: count(db, pass.id, nowMs, add) };
      })
      .finally(() => (this.#promised -= cuts.length));
    for (const cut of cuts) this.#start(cut);
    remember(this.#cache, tuples);
    this.#report(counts);
    return last;
  }

  /** Throws `invalid-key` when the store lists one key twice: two files whose names say the same. */
  #sort(blobs: readonly BlobInfo[], before: string): { blocks: SeenBlock[]; unmatched: string[] } {
    const { store, layout } = this.#options;
    const blocks: SeenBlock[] = [];
    const unmatched: string[] = [];
    let previous = before;
    for (const { key, size, etag } of blobs) {
      if (key === previous) {
        throw new SpotfoldError("invalid-key", `${store.name} lists the key ${JSON.stringify(key)} twice.`, {
          hint: "Two files have names that say the same: rename one of them, or move it out of the folder.",
          context: { store: store.name, key },
        });
      }
      previous = key;
      if (key.startsWith(ownPrefix)) continue;
      // Zero bytes end values in the catalog's order; no file system and no bucket has them in keys.
      const dimensions = key.includes("\0") ? null : layout.match(key);
      if (dimensions === null) unmatched.push(key);
      else blocks.push({ key, size, etag, dimensions });
    }
    return { blocks, unmatched };
  }

  async #commitRange(range: PendingRange, below: readonly string[], more: boolean): Promise<readonly string[]> {
    const { connection, clock, layout, pass, listing } = this.#options;
    const children: string[] = [];
    const skipped: { prefix: string; known: string }[] = [];
    for (const child of below) {
      if (child === ownPrefix) continue;
      const known = layout.matchPrefix(child);
      const wanted = known === null ? listing.mode === "full" : layout.allowsPrefix(child, listing.filter);
      if (wanted) children.push(child);
      else if (known !== null) skipped.push({ prefix: child, known: JSON.stringify(known) });
    }
    // Children first, in parts: until the prefix itself is marked, a death lists it again.
    for (let from = 0; from < children.length; from += prefixesAtOnce) {
      await connection.write((db) => addPending(db, pass.id, children.slice(from, from + prefixesAtOnce)));
    }
    for (let from = 0; from < skipped.length; from += prefixesAtOnce) {
      await connection.write((db) => addSkipped(db, pass, skipped.slice(from, from + prefixesAtOnce)));
    }
    const counts = await connection.write((db) => {
      markListed(db, pass.id, range);
      return count(db, pass.id, clock.now(), (counts) => ({
        ...counts,
        prefixes: counts.prefixes + (range.start === "" ? 1 : 0),
        skipped: counts.skipped + skipped.length,
        unmatchedMore: counts.unmatchedMore || more,
      }));
    });
    this.#report(counts);
    return children;
  }

  #report({ prefixes, listed }: Counts): void {
    this.#options.onProgress?.({ prefixes, prefixesPending: this.#running.size, listed });
  }
}

function plus(
  counts: Counts,
  listed: number,
  { added, changed }: { readonly added: number; readonly changed: number },
  unmatched: readonly string[],
): Counts {
  return {
    ...counts,
    listed: counts.listed + listed,
    added: counts.added + added,
    changed: counts.changed + changed,
    unmatched: counts.unmatched + unmatched.length,
    examples: [...counts.examples, ...unmatched.slice(0, examplesMax)].toSorted(compareKeys).slice(0, examplesMax),
  };
}

function slashesIn(text: string): number {
  return text.split("/").length - 1;
}
