/**
 * The tables of a catalog file. It is a cache: every row can be had again by listing, so a file of another version is put
 * aside, never migrated.
 *
 *   dataset  what was listed: name, place and layout together, since a row means nothing under another layout
 *   tuple    one for each distinct set of dimensions of a dataset. `sort` is the order of blocks: partition, then the other
 *            dimensions but the one that takes the end of keys, each ended by a zero byte, compared as bytes
 *   block    under its tuple, by key; `pass` is the last listing pass that saw it
 *   pass     one listing of a dataset under a filter: its counts so far, who works on it, when it finished
 *   pending  what a pass has still to list: a prefix, or the keys of one after `start` up to `until`; `after` is the last key
 *            that is already in
 *   skipped  prefixes that a filter left out, with the dimensions that they show: the neighbours that an error can name
 */
import type { SqliteFormat } from "../local/sqlite.ts";

export const catalogFormat: SqliteFormat = {
  /** "SpfC". */
  applicationId: 0x53706643,
  version: 2,
  /** A transaction writes a thousand neighbours: half of what committing them cost, and a tenth of what reading them does. */
  pageBytes: 16_384,
  what: "a catalog of Spotfold",
  schema: `
    CREATE TABLE dataset (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL, place TEXT NOT NULL, layout TEXT NOT NULL, UNIQUE (name, place, layout)
    ) STRICT;
    CREATE TABLE tuple (
      id INTEGER PRIMARY KEY, dataset INTEGER NOT NULL, sort BLOB NOT NULL, dimensions TEXT NOT NULL, UNIQUE (dataset, sort)
    ) STRICT;
    CREATE TABLE block (
      tuple INTEGER NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, state TEXT NOT NULL,
      pass INTEGER NOT NULL, seen_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, PRIMARY KEY (tuple, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE pass (
      id INTEGER PRIMARY KEY AUTOINCREMENT, dataset INTEGER NOT NULL, mode TEXT NOT NULL, filter TEXT NOT NULL,
      owner TEXT NOT NULL, started_ms INTEGER NOT NULL, touched_ms INTEGER NOT NULL, finished_ms INTEGER,
      counts TEXT NOT NULL
    ) STRICT;
    CREATE TABLE pending (
      pass INTEGER NOT NULL, prefix TEXT NOT NULL, start TEXT NOT NULL, after TEXT NOT NULL, until TEXT NOT NULL,
      PRIMARY KEY (pass, prefix, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE skipped (
      dataset INTEGER NOT NULL, prefix TEXT NOT NULL, known TEXT NOT NULL, pass INTEGER NOT NULL, PRIMARY KEY (dataset, prefix)
    ) STRICT, WITHOUT ROWID;
  `,
};
