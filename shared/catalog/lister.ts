/**
 * Lists what is pending of a pass, several prefixes at a time, until nothing is.
 *
 * Folders that the layout spells are listed level by level, and only those that the filter allows; what lies below them is
 * listed at once. A page is committed as it comes, a prefix when all its pages are. Keys below prefixes that cannot belong
 * to the layout are counted, not kept: they tell of a wrong place or a wrong layout.
 */
import pLimit from "p-limit";
import type { Layout } from "../dataset/layout.ts";
import { SpotfoldError } from "../errors.ts";
import { compareKeys } from "../keys.ts";
import type { Clock } from "../ports/clock.ts";
import type { BlobInfo, BlobStore, ListPage } from "../ports/blob-store.ts";
import { remember, writeBlocks } from "./blocks.ts";
import type { SeenBlock, TupleCache } from "./blocks.ts";
import type { Connection } from "./connection.ts";
import type { Listing } from "./listing.ts";
import { addPending, addSkipped, count, markAfter, markListed, pendingOf, prefixesAtOnce } from "./passes.ts";
import type { Counts, Pass } from "./passes.ts";

/** A bucket answers a listing in about 100 ms and takes thousands a second; a disk has no use for more. */
const parallelListings = 16;
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
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Lister {
  readonly #options: ListerOptions;
  readonly #cache: TupleCache = new Map();
  /** Ends the other listings when one fails. */
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(options: ListerOptions) {
    this.#options = options;
  }

  /** Resolves when nothing is pending; rejects with the first failure, or the signal's reason, when all listings have ended. */
  async run(): Promise<void> {
    const { connection, pass, signal } = this.#options;
    signal?.throwIfAborted();
    const limit = pLimit(parallelListings);
    let failure: { readonly error: unknown } | undefined;
    const start = (prefix: string, after: string): void => {
      const task = limit(async () => {
        if (this.#stop.signal.aborted) return;
        for (const child of await this.#listPrefix(prefix, after)) start(child, "");
      })
        .catch((error: unknown) => {
          failure ??= { error };
          this.#stop.abort(error);
        })
        .finally(() => this.#running.delete(task));
      this.#running.add(task);
    };
    const forward = (): void => this.#stop.abort(signal?.reason);
    signal?.addEventListener("abort", forward, { once: true });
    try {
      for (const [prefix, after] of connection.read((db) => pendingOf(db, pass.id))) start(prefix, after);
      // A listing adds those below it before it ends, so nothing is left when none is running.
      while (this.#running.size > 0) await Promise.all(this.#running);
    } finally {
      signal?.removeEventListener("abort", forward);
    }
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure.error;
  }

  /** Lists one prefix to its end; the prefixes below it that are to be listed. */
  async #listPrefix(prefix: string, after: string): Promise<readonly string[]> {
    const { store, layout, alwaysFull } = this.#options;
    const foreign = layout.matchPrefix(prefix) === null;
    const deep = foreign || slashesIn(prefix) >= layout.depth;
    const signal = this.#stop.signal;
    const pages = store.list(
      prefix,
      deep ? (after === "" ? { signal } : { signal, after }) : { signal, shallow: true },
    );
    const children: string[] = [];
    let more = false;
    let last = after;
    for await (const page of pages) {
      signal.throwIfAborted();
      last = await this.#commitPage(prefix, page, last, deep);
      children.push(...page.prefixes);
      // Somebody else's keys in a bucket: one page tells that they are there.
      more = foreign && !alwaysFull;
      if (more) break;
    }
    return this.#commitPrefix(prefix, children, more);
  }

  async #commitPage(prefix: string, page: ListPage, before: string, deep: boolean): Promise<string> {
    const last = page.blobs.at(-1)?.key;
    if (last === undefined) return before;
    const { connection, clock, layout, pass } = this.#options;
    const { blocks, unmatched } = this.#sort(page.blobs, before);
    const nowMs = clock.now();
    const { tuples, counts } = await connection.write((db) => {
      const written = writeBlocks(db, pass, layout, blocks, nowMs, this.#cache);
      // Only a listing without prefixes can go on after a key.
      if (deep) markAfter(db, pass.id, prefix, last);
      const add = (counts: Counts): Counts => plus(counts, blocks.length, written, unmatched);
      return { tuples: written.tuples, counts: count(db, pass.id, nowMs, add) };
    });
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

  async #commitPrefix(prefix: string, below: readonly string[], more: boolean): Promise<readonly string[]> {
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
      markListed(db, pass.id, prefix);
      return count(db, pass.id, clock.now(), (counts) => ({
        ...counts,
        prefixes: counts.prefixes + 1,
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
