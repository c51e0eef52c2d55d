/** Writing blocks into the catalog: what a listing saw, and what it did not see any more. Steps of transactions. */
import type { DatabaseSync } from "node:sqlite";
import type { Layout } from "../dataset/layout.ts";
import { encodeTuple, sortBytes, tupleDimensions } from "./rows.ts";
import type { BlockState } from "./rows.ts";
import type { Pass } from "./passes.ts";
import { change, rowsOf } from "./statements.ts";

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
  let added = 0;
  let changed = 0;
  for (const block of blocks) {
    const text = encodeTuple(names, block.dimensions);
    let tuple = cache.get(text) ?? tuples.get(text);
    if (tuple === undefined) {
      tuple = tupleRow(db, pass.dataset, sortBytes(layout, block.dimensions), text);
      tuples.set(text, tuple);
    }
    const effect = writeBlock(db, pass.id, tuple, block, nowMs);
    if (effect === "added") added++;
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
  const [found] = rowsOf<readonly [number]>(db, "SELECT id FROM tuple WHERE dataset = ? AND sort = ?", dataset, sort);
  if (found !== undefined) return found[0];
  change(db, "INSERT INTO tuple (dataset, sort, dimensions) VALUES (?, ?, ?)", dataset, sort, dimensions);
  return rowsOf<readonly [number]>(db, "SELECT last_insert_rowid()")[0]?.[0] ?? 0;
}

type Existing = readonly [size: number, etag: string, state: BlockState];

function writeBlock(
  db: DatabaseSync,
  pass: number,
  tuple: number,
  { key, size, etag }: SeenBlock,
  nowMs: number,
): "added" | "changed" | "same" {
  const query = "SELECT size, etag, state FROM block WHERE tuple = ? AND key = ?";
  const [existing] = rowsOf<Existing>(db, query, tuple, key);
  if (existing === undefined) {
    const insert = "INSERT INTO block VALUES (?, ?, ?, ?, 'present', ?, ?, ?)";
    change(db, insert, tuple, key, size, etag, pass, nowMs, nowMs);
    return "added";
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
const tuplesAtOnce = 500;
const markedAtOnce = 2_000;

/** Where a search for unseen blocks stands. */
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
  const blocks: UnseenCursor[] = [];
  const query = "SELECT id FROM tuple WHERE dataset = ? AND id >= ? ORDER BY id LIMIT ?";
  const tuples = rowsOf<readonly [number]>(db, query, pass.dataset, cursor.tuple, tuplesAtOnce);
  for (const [tuple] of tuples) {
    const after = tuple === cursor.tuple ? cursor.key : "";
    const left = markedAtOnce - blocks.length;
    const rows = rowsOf<readonly [string]>(
      db,
      "SELECT key FROM block WHERE tuple = ? AND key > ? AND pass < ? AND state <> 'vanished' ORDER BY key LIMIT ?",
      tuple,
      after,
      pass.id,
      left,
    );
    for (const [key] of rows) blocks.push({ tuple, key });
    if (rows.length === left) return { blocks, next: blocks.at(-1) };
  }
  const last = tuples.at(-1);
  return {
    blocks,
    next: last === undefined || tuples.length < tuplesAtOnce ? undefined : { tuple: last[0] + 1, key: "" },
  };
}

/** Marks blocks that no pass has seen since; the number that it marked. */
export function markVanished(db: DatabaseSync, pass: Pass, blocks: readonly UnseenCursor[], nowMs: number): number {
  const update =
    "UPDATE block SET state = 'vanished', changed_ms = ? WHERE tuple = ? AND key = ? AND pass < ? AND state <> 'vanished'";
  return blocks.reduce((count, { tuple, key }) => count + change(db, update, nowMs, tuple, key, pass.id), 0);
}
