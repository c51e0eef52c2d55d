/**
 * Reading the blocks of many tuples that are selected. A statement for each tuple costs more than its blocks when there are
 * few in each: those of some tuples are read at once, and given out tuple by tuple. Where that is more than one statement
 * should read, it is a statement for each after all, and each reads a part of its tuple.
 */
import type { Connection } from "./connection.ts";
import { rowsOf } from "./statements.ts";

export interface SelectedTuple {
  readonly id: number;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly partition: string;
}

export type SelectedRow = readonly [tuple: number, key: string, size: number, etag: string];

/** Rows of one tuple by key: all, or a part of them. */
export interface SelectedRows extends SelectedTuple {
  readonly rows: readonly SelectedRow[];
}

/** Rows that one statement reads: a millisecond, and little that outlives a collection of V8's young generation. */
const rowsAtOnce = 1_000;

/** In the order of the tuples, and of keys; blocks that vanished are left out. */
export function* selectedRows(connection: Connection, tuples: readonly SelectedTuple[]): Generator<SelectedRows> {
  const found = firstRows(connection, tuples);
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

/** By tuple and key. The database has no part in the order of `tuples`: only that of keys is asked of it. */
function firstRows(connection: Connection, tuples: readonly SelectedTuple[]): readonly SelectedRow[] {
  const query = `
    SELECT tuple, key, size, etag FROM block WHERE tuple IN (SELECT value FROM json_each(?)) AND state <> 'vanished'
    ORDER BY tuple, key LIMIT ?`;
  const ids = JSON.stringify(tuples.map(({ id }) => id));
  return connection.read((db) => rowsOf<SelectedRow>(db, query, ids, rowsAtOnce));
}

function* rowsOfTuple(connection: Connection, tuple: SelectedTuple): Generator<SelectedRows> {
  const query = `
    SELECT tuple, key, size, etag FROM block WHERE tuple = ? AND key > ? AND state <> 'vanished' ORDER BY key LIMIT ?`;
  let after = "";
  for (;;) {
    const rows = connection.read((db) => rowsOf<SelectedRow>(db, query, tuple.id, after, rowsAtOnce));
    yield { ...tuple, rows };
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsAtOnce) return;
    [, after] = last;
  }
}
