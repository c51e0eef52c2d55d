/** Prepared statements, kept with their database: preparing costs ten times what running a small one does. */
import type { DatabaseSync, StatementSync } from "node:sqlite";

export type Bound = string | number | Uint8Array;

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

function prepared(db: DatabaseSync, query: string): StatementSync {
  let ofDb = statements.get(db);
  if (ofDb === undefined) {
    ofDb = new Map();
    statements.set(db, ofDb);
  }
  let statement = ofDb.get(query);
  if (statement === undefined) {
    statement = db.prepare(query);
    // Rows as arrays cost half of what objects do.
    statement.setReturnArrays(true);
    ofDb.set(query, statement);
  }
  return statement;
}

/** All rows of a query. `Row` must name its columns in their order. */
export function rowsOf<Row extends readonly unknown[]>(
  db: DatabaseSync,
  query: string,
  ...values: readonly Bound[]
): Row[] {
  return prepared(db, query).all(...values) as unknown as Row[];
}

/** The first row of a query, if there is one. */
export function rowOf(db: DatabaseSync, query: string, ...values: readonly Bound[]): unknown {
  return prepared(db, query).get(...values);
}

/** The number of the row that was inserted. */
export function insert(db: DatabaseSync, query: string, ...values: readonly Bound[]): number {
  return Number(prepared(db, query).run(...values).lastInsertRowid);
}

/** The number of rows that changed. */
export function change(db: DatabaseSync, query: string, ...values: readonly Bound[]): number {
  return Number(prepared(db, query).run(...values).changes);
}
