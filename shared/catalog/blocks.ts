/** Writing blocks into the catalog: what a listing saw, and what it did not see any more. Steps of transactions. */
import type { DatabaseSync } from "node:sqlite";
import type { Layout } from "../dataset/layout.ts";
import { encodeTuple, sortBytes, tupleDimensions } from "./rows.ts";
import type { BlockState } from "./rows.ts";
import type { Pass } from "./passes.ts";
import { change, insert, rowOf, rowsOf } from "./statements.ts";

export interface SeenBlock {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface Written {
  readonly added: number;
  readonly changed: number;
}

/** Rows of tuples that are committed, by their text: a listing meets the same few again and again. */
export type TupleCache = Map<string, number>;
const cachedTuplesMax = 20_000;

/** Inserts or updates what one page of a listing shows. `cache` is used, and filled by `remember` after the commit. */
export function writeBlocks(
  db: DatabaseSync,
  pass: Pass,
  layout: Layout,
  blocks: readonly SeenBlock[],
  nowMs: number,
  cache: ReadonlyMap<string, number>,
): Written & { readonly tuples: TupleCache } {
  const names = tupleDimensions(layout);
  const tuples: TupleCache = new Map();
  let previous: { readonly dimensions: SeenBlock["dimensions"]; readonly tuple: number } | undefined;
  let fresh = true;
  let added = 0;
  let changed = 0;
  for (const block of blocks) {
    const { dimensions } = block;
    // Neighbours mostly have the same, and comparing costs less than spelling them.
    if (previous === undefined || names.some((name) => previous?.dimensions[name] !== dimensions[name])) {
      const text = encodeTuple(names, dimensions);
      let tuple = cache.get(text) ?? tuples.get(text);
      if (tuple === undefined) {
        tuple = tupleRow(db, pass.dataset, sortBytes(layout, dimensions), text);
        tuples.set(text, tuple);
      }
      previous = { dimensions, tuple };
    }
    const effect = writeBlock(db, pass.id, previous.tuple, block, nowMs, fresh);
    fresh = effect === "inserted";
    if (effect === "added" || effect === "inserted") added++;
    if (effect === "changed") changed++;
  }
  return { added, changed, tuples };
}

/** Only what was committed may be remembered: a transaction that was rolled back took its rows with it. */
export function remember(cache: TupleCache, tuples: TupleCache): void {
  if (cache.size + tuples.size > cachedTuplesMax) cache.clear();
  for (const [text, tuple] of tuples) cache.set(text, tuple);
}

function tupleRow(db: DatabaseSync, dataset: number, sort: Uint8Array, dimensions: string): number {
  const query = "SELECT id FROM tuple WHERE dataset = ? AND sort = ?";
  const found = rowOf(db, query, dataset, sort) as readonly [number] | undefined;
  if (found !== undefined) return found[0];
  return insert(db, "INSERT INTO tuple (dataset, sort, dimensions) VALUES (?, ?, ?)", dataset, sort, dimensions);
}

type Existing = readonly [size: number, etag: string, state: BlockState];

/**
 * `fresh`: the one before was not there, so this one hardly is: it is inserted without a look. Blocks that are there come
 * beside others that are.
 */
function writeBlock(
  db: DatabaseSync,
  pass: number,
  tuple: number,
  { key, size, etag }: SeenBlock,
  nowMs: number,
  fresh: boolean,
): "inserted" | "added" | "changed" | "same" {
  const values = [tuple, key, size, etag, pass, nowMs, nowMs] as const;
  const into = "INSERT INTO block VALUES (?, ?, ?, ?, 'present', ?, ?, ?)";
  if (fresh && change(db, `${into} ON CONFLICT DO NOTHING`, ...values) === 1) return "inserted";
  const query = "SELECT size, etag, state FROM block WHERE tuple = ? AND key = ?";
  const existing = rowOf(db, query, tuple, key) as Existing | undefined;
  if (existing === undefined) {
    change(db, into, ...values);
    return "inserted";
  }
  const same = existing[0] === size && existing[1] === etag;
  if (same && existing[2] !== "vanished") {
    change(db, "UPDATE block SET pass = max(pass, ?) WHERE tuple = ? AND key = ?", pass, tuple, key);
    return "same";
  }
  const state: BlockState = same ? "present" : "changed";
  const update =
    "UPDATE block SET size = ?, etag = ?, state = ?, changed_ms = ?, pass = max(pass, ?) WHERE tuple = ? AND key = ?";
  change(db, update, size, etag, state, nowMs, pass, tuple, key);
  return same ? "added" : "changed";
}

/** Tuples looked through, and blocks marked, in one transaction. */
const tuplesAtOnce = 2_000;
const markedAtOnce = 2_000;

/** Where a search for unseen blocks stands: it has looked at this one. */
export interface UnseenCursor {
  readonly tuple: number;
  readonly key: string;
}

/** Blocks that the pass did not see, some at a time; `next` is undefined at the end. Reads only. */
export function unseenBlocks(
  db: DatabaseSync,
  pass: Pass,
  cursor: UnseenCursor,
): { readonly blocks: readonly UnseenCursor[]; readonly next: UnseenCursor | undefined } {
  const last = cursor.tuple + tuplesAtOnce;
  // By the primary key; whose they are is asked for the few that were not seen.
  const query = `
    SELECT tuple, key FROM block WHERE (tuple, key) > (?, ?) AND tuple <= ? AND pass < ? AND state <> 'vanished'
      AND EXISTS (SELECT 1 FROM tuple AS of WHERE of.id = block.tuple AND of.dataset = ?)
    ORDER BY tuple, key LIMIT ?`;
  const values = [cursor.tuple, cursor.key, last, pass.id, pass.dataset, markedAtOnce] as const;
  const blocks = rowsOf<readonly [number, string]>(db, query, ...values).map(([tuple, key]) => ({ tuple, key }));
  if (blocks.length === markedAtOnce) return { blocks, next: blocks.at(-1) };
  const [greatest] = rowOf(db, "SELECT ifnull(max(id), 0) FROM tuple") as readonly [number];
  return { blocks, next: last >= greatest ? undefined : { tuple: last + 1, key: "" } };
}

/** Marks blocks that no pass has seen since; the number that it marked. */
export function markVanished(db: DatabaseSync, pass: Pass, blocks: readonly UnseenCursor[], nowMs: number): number {
  const update =
    "UPDATE block SET state = 'vanished', changed_ms = ? WHERE tuple = ? AND key = ? AND pass < ? AND state <> 'vanished'";
  return blocks.reduce((count, { tuple, key }) => count + change(db, update, nowMs, tuple, key, pass.id), 0);
}
