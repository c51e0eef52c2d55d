/**
 * Reading the blocks of many tuples that are selected. A statement for each tuple costs more than its blocks when there are
 * few in each: those of some tuples are read at once, and given out tuple by tuple. Where that is more than one statement
 * should read, it is a statement for each after all, and each reads a part of its tuple.
 */
import type { RowText } from "../formats/block-rows.ts";
import type { Connection } from "./connection.ts";
import { rowOf, rowsOf } from "./statements.ts";
import type { Tuple } from "./tuples.ts";

export type SelectedRow = readonly [tuple: number, key: string, size: number, etag: string];

/** Rows of one tuple by key: all, or a part of them. */
export interface SelectedRows extends Tuple {
  readonly rows: readonly SelectedRow[];
}

/** Rows that one statement reads: a millisecond, and little that outlives a collection of V8's young generation. */
const rowsAtOnce = 1_000;

/** By tuple and key. The database has no part in the order of tuples: only that of keys is asked of it. */
const ofTuples = `
  SELECT tuple, key, size, etag FROM block WHERE tuple IN (SELECT value FROM json_each(?)) AND state <> 'vanished'
  ORDER BY tuple, key LIMIT ?`;
const ofTuple = `
  SELECT tuple, key, size, etag FROM block WHERE tuple = ? AND key > ? AND state <> 'vanished' ORDER BY key LIMIT ?`;

/**
 * Of these rows the rows of a plan, as JSON.stringify writes them (json_array escapes what it escapes, and nothing else), a
 * line each: JSON has no line ends within.
 */
const texts = (rows: string): string => `
  SELECT tuple, count(*), max(key), group_concat(json_array(key, size, etag, ?, 0), char(10)) FROM (${rows}) GROUP BY tuple`;

type TextRow = readonly [tuple: number, rows: number, last: string, text: string];

/** In the order of the tuples, and of keys; blocks that vanished are left out. */
export function* selectedRows(connection: Connection, tuples: readonly Tuple[]): Generator<SelectedRows> {
  const found = connection.read((db) => rowsOf<SelectedRow>(db, ofTuples, idsOf(tuples), rowsAtOnce));
  if (found.length === rowsAtOnce) {
    for (const tuple of tuples) yield* rowsOfTuple(connection, tuple);
    return;
  }
  const byTuple = Map.groupBy(found, ([id]) => id);
  for (const tuple of tuples) {
    const rows = byTuple.get(tuple.id);
    if (rows !== undefined) yield { ...tuple, rows };
  }
}

/** The same as rows of a plan. The tuples are of one partition. */
export function* selectedTexts(connection: Connection, tuples: readonly Tuple[]): Generator<RowText> {
  const partition = tuples[0]?.partition ?? "";
  const query = texts(ofTuples);
  const found = connection.read((db) => rowsOf<TextRow>(db, query, partition, idsOf(tuples), rowsAtOnce));
  if (found.reduce((sum, [, rows]) => sum + rows, 0) === rowsAtOnce) {
    for (const tuple of tuples) yield* textsOfTuple(connection, tuple);
    return;
  }
  const byTuple = new Map(found.map(([id, , , text]) => [id, text]));
  for (const { id } of tuples) {
    const text = byTuple.get(id);
    if (text !== undefined) yield { partition, text };
  }
}

function idsOf(tuples: readonly Tuple[]): string {
  return JSON.stringify(tuples.map(({ id }) => id));
}

function* rowsOfTuple(connection: Connection, tuple: Tuple): Generator<SelectedRows> {
  let after = "";
  for (;;) {
    const rows = connection.read((db) => rowsOf<SelectedRow>(db, ofTuple, tuple.id, after, rowsAtOnce));
    yield { ...tuple, rows };
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsAtOnce) return;
    [, after] = last;
  }
}

function* textsOfTuple(connection: Connection, { id, partition }: Tuple): Generator<RowText> {
  const query = texts(ofTuple);
  let after = "";
  for (;;) {
    const found = connection.read((db) => rowOf(db, query, partition, id, after, rowsAtOnce)) as TextRow | undefined;
    if (found === undefined) return;
    const [, rows, last, text] = found;
    yield { partition, text };
    if (rows < rowsAtOnce) return;
    after = last;
  }
}
