/**
 * `catalog sync`: lists a dataset's place into the catalog.
 *
 * What was listed is committed as it comes: a sync that was killed goes on where it stood. Only when nothing is pending any
 * more are blocks marked as vanished, and only those that lie where the pass has looked; a pass that did not get through
 * marks nothing.
 */
import { filterText } from "../dataset/filter.ts";
import { compileLayout } from "../dataset/layout.ts";
import type { Layout } from "../dataset/layout.ts";
import type { DatasetSpec, Filter } from "../dataset/types.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Clock } from "../ports/clock.ts";
import { markVanished, unseenBlocks } from "./blocks.ts";
import type { UnseenCursor } from "./blocks.ts";
import type { Catalog } from "./catalog.ts";
import type { Connection } from "./connection.ts";
import { Lister } from "./lister.ts";
import type { SyncProgress } from "./lister.ts";
import { decideListing, recentDaysDefault } from "./listing.ts";
import type { Listing } from "./listing.ts";
import { beginPass, countsOf, finishPass, ownerEnded, ownerLives } from "./passes.ts";
import type { Counts, ListingMode, Pass } from "./passes.ts";

/** A catalog file that is lost while it is in use is begun anew; twice in one sync is no accident. */
const triesMax = 2;

export interface SyncOptions {
  /** List all of a bucket, although the last full listing is recent. */
  readonly full?: boolean;
  /** Days that a sync between full listings looks at, today included; by the layout's date, in UTC. Default 3. */
  readonly recentDays?: number;
  /** Listing it all costs next to nothing. Default: true unless the store is a bucket (its name begins with `s3:`). */
  readonly alwaysFull?: boolean;
  /**
   * Long prefixes are listed in parts, side by side. Default: only when the store is a bucket. A folder is read whole for each
   * part of it.
   */
  readonly cut?: boolean;
  readonly onProgress?: (progress: SyncProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SyncResult {
  readonly mode: ListingMode;
  /** With `recent`: the first date that was looked at, YYYYMMDD, and when the last full listing began, ms. */
  readonly since?: string;
  readonly fullMs?: number;
  /** It went on with what an earlier sync had begun; all counts but `vanished` are of both. */
  readonly resumed: boolean;
  readonly prefixes: number;
  /** Prefixes that the filter left out. */
  readonly skipped: number;
  /** Blocks that were listed, whether the filter selects them or not. */
  readonly listed: number;
  readonly added: number;
  readonly changed: number;
  readonly vanished: number;
  /** Keys that do not match the layout; with `more`, at least so many. Three at most are shown. */
  readonly unmatched: { readonly keys: number; readonly more: boolean; readonly examples: readonly string[] };
}

/**
 * `store` is rooted at the dataset's place. Fails with what the store says, or `invalid-key` when it lists one key twice; what
 * was listed by then is kept, and the next sync goes on. Rejects with the signal's reason when that aborts.
 */
export async function syncCatalog(
  catalog: Catalog,
  dataset: DatasetSpec,
  store: BlobStore,
  filter: Filter,
  options: SyncOptions = {},
): Promise<SyncResult> {
  for (let tries = 1; ; tries++) {
    const connection = await catalog.connect();
    try {
      return await syncOnce(catalog, connection, dataset, store, filter, options);
    } catch (error) {
      if (!connection.lost || tries === triesMax) throw error;
    }
  }
}

async function syncOnce(
  catalog: Catalog,
  connection: Connection,
  dataset: DatasetSpec,
  store: BlobStore,
  filter: Filter,
  options: SyncOptions,
): Promise<SyncResult> {
  const { clock, random } = catalog;
  const { full = false, recentDays = recentDaysDefault, onProgress, signal } = options;
  const isBucket = store.name.startsWith("s3:");
  const { alwaysFull = !isBucket, cut = isBucket } = options;
  const layout = compileLayout(dataset.layout);
  const listing = decideListing({
    layout,
    filter,
    alwaysFull,
    full,
    recentDays,
    fullListings: catalog.fullListings(dataset),
    nowMs: clock.now(),
  });
  const owner = `${process.pid}:${random.hex(16)}`;
  const request = { dataset, mode: listing.mode, filter: filterText(listing.filter), owner };
  ownerLives(owner);
  try {
    const pass = await connection.write((db) => beginPass(db, { ...request, nowMs: clock.now() }));
    await new Lister({ connection, clock, layout, store, pass, listing, alwaysFull, cut, onProgress, signal }).run();
    const vanished = await markUnseen(connection, clock, layout, pass, listing, signal);
    const counts = await connection.write((db) => {
      const counts = countsOf(db, pass.id);
      finishPass(db, pass, listing.mode, clock.now());
      return counts;
    });
    return resultOf(pass, listing, counts, vanished);
  } finally {
    ownerEnded(owner);
  }
}

/** Marks what was not seen where the pass has looked. */
async function markUnseen(
  connection: Connection,
  clock: Clock,
  layout: Layout,
  pass: Pass,
  listing: Listing,
  signal: AbortSignal | undefined,
): Promise<number> {
  let vanished = 0;
  let cursor: UnseenCursor | undefined = { tuple: 0, key: "" };
  while (cursor !== undefined) {
    signal?.throwIfAborted();
    const from: UnseenCursor = cursor;
    const { blocks, next } = connection.read((db) => unseenBlocks(db, pass, from));
    const gone = blocks.filter(({ key }) => layout.allowsPrefix(folderOf(key, layout.depth), listing.filter));
    if (gone.length > 0) {
      vanished += await connection.write((db) => markVanished(db, pass, gone, clock.now()));
    }
    cursor = next;
  }
  return vanished;
}

/** The folders of a key, at most `depth` of them, ending in `/`; "" for none. */
function folderOf(key: string, depth: number): string {
  let end = 0;
  for (let level = 0; level < depth; level++) {
    const slash = key.indexOf("/", end);
    if (slash === -1) break;
    end = slash + 1;
  }
  return key.slice(0, end);
}

function resultOf(pass: Pass, listing: Listing, counts: Counts, vanished: number): SyncResult {
  const { prefixes, skipped, listed, added, changed, unmatched, unmatchedMore, examples } = counts;
  return {
    mode: listing.mode,
    ...(listing.since === undefined ? {} : { since: listing.since }),
    ...(listing.fullMs === undefined ? {} : { fullMs: listing.fullMs }),
    resumed: pass.resumed,
    prefixes,
    skipped,
    listed,
    added,
    changed,
    vanished,
    unmatched: { keys: unmatched, more: unmatchedMore, examples },
  };
}
