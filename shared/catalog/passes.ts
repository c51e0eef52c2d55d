/**
 * The book-keeping of listing passes, each function one step of a transaction.
 *
 *   begin: root pending ──► prefix listed: its children pending, itself not ──► … nothing pending ──► vanished marked ──► finished
 *   a long prefix pending ──► cut: ranges of its keys pending, each listed by itself
 *
 * What is pending and what was counted is in the file, so a pass goes on after any death where it stood. A pass belongs to
 * one owner at a time; while that one lives, another sync of the same makes a pass of its own. Blocks carry the greatest
 * number of the passes that saw them, so that two passes at once never call vanished what the other has just seen.
 */
import type { DatabaseSync } from "node:sqlite";
import { codeOf } from "../errors.ts";
import type { DatasetSpec } from "../dataset/types.ts";
import type { KeyRange } from "./ranges.ts";
import { change, rowsOf } from "./statements.ts";

/** A pass that stood still for longer is begun anew: what it listed first is old by then. */
export const resumeMsMax = 600_000;
/** As many prefixes go into one transaction: a few milliseconds. */
export const prefixesAtOnce = 2_000;

export type ListingMode = "full" | "recent";

/** What a pass counted so far. */
export interface Counts {
  readonly prefixes: number;
  /** Prefixes that the filter left out. */
  readonly skipped: number;
  /** Keys that match the layout. */
  readonly listed: number;
  readonly added: number;
  readonly changed: number;
  readonly unmatched: number;
  /** There may be more unmatched keys than were counted. */
  readonly unmatchedMore: boolean;
  /** The first unmatched keys in byte order. */
  readonly examples: readonly string[];
}

export interface Pass {
  readonly id: number;
  readonly dataset: number;
  readonly resumed: boolean;
}

export interface PassRequest {
  readonly dataset: DatasetSpec;
  readonly mode: ListingMode;
  /** The text of the canonical filter that it lists by. */
  readonly filter: string;
  /** `<process id>:<random>`, one for each sync. */
  readonly owner: string;
  readonly nowMs: number;
}

const noCounts: Counts = {
  prefixes: 0,
  skipped: 0,
  listed: 0,
  added: 0,
  changed: 0,
  unmatched: 0,
  unmatchedMore: false,
  examples: [],
};

/** The syncs of this process that go on: a process may have the id of one that died (in containers it often has). */
const livingOwners = new Set<string>();

export function ownerLives(owner: string): void {
  livingOwners.add(owner);
}

export function ownerEnded(owner: string): void {
  livingOwners.delete(owner);
}

function isAlive(owner: string): boolean {
  const id = Number(owner.split(":")[0]);
  if (id === process.pid) return livingOwners.has(owner);
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Takes over the pass of the same listing that somebody left unfinished, or begins one. */
export function beginPass(db: DatabaseSync, request: PassRequest): Pass {
  const dataset = datasetRow(db, request.dataset);
  const { mode, filter, owner, nowMs } = request;
  dropAbandoned(db, dataset, nowMs);
  const open = rowsOf<readonly [number, string]>(
    db,
    `SELECT id, owner FROM pass
     WHERE dataset = ? AND mode = ? AND filter = ? AND finished_ms IS NULL AND touched_ms >= ? ORDER BY id DESC`,
    dataset,
    mode,
    filter,
    nowMs - resumeMsMax,
  );
  const left = open.find(([, other]) => !isAlive(other));
  if (left !== undefined) {
    change(db, "UPDATE pass SET owner = ?, touched_ms = ? WHERE id = ?", owner, nowMs, left[0]);
    return { id: left[0], dataset, resumed: true };
  }
  change(
    db,
    "INSERT INTO pass (dataset, mode, filter, owner, started_ms, touched_ms, counts) VALUES (?, ?, ?, ?, ?, ?, ?)",
    dataset,
    mode,
    filter,
    owner,
    nowMs,
    nowMs,
    JSON.stringify(noCounts),
  );
  const id = rowsOf<readonly [number]>(db, "SELECT last_insert_rowid()")[0]?.[0] ?? 0;
  change(db, "INSERT INTO pending VALUES (?, '', '', '', '')", id);
  return { id, dataset, resumed: false };
}

function datasetRow(db: DatabaseSync, dataset: DatasetSpec): number {
  const { name, place, layout } = dataset;
  change(db, "INSERT INTO dataset (name, place, layout) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", name, place, layout);
  return datasetId(db, dataset);
}

/** The row of a dataset, 0 when it was never listed. */
export function datasetId(db: DatabaseSync, { name, place, layout }: DatasetSpec): number {
  const query = "SELECT id FROM dataset WHERE name = ? AND place = ? AND layout = ?";
  return rowsOf<readonly [number]>(db, query, name, place, layout)[0]?.[0] ?? 0;
}

/** Passes that nobody may take over any more. */
function dropAbandoned(db: DatabaseSync, dataset: number, nowMs: number): void {
  const query = "SELECT id, owner FROM pass WHERE dataset = ? AND finished_ms IS NULL AND touched_ms < ?";
  for (const [id, owner] of rowsOf<readonly [number, string]>(db, query, dataset, nowMs - resumeMsMax)) {
    if (isAlive(owner)) continue;
    change(db, "DELETE FROM pending WHERE pass = ?", id);
    change(db, "DELETE FROM pass WHERE id = ?", id);
  }
}

/** Ranges that are still to be listed, from the last key of each that is in. `start`: where it began, which names it. */
export function pendingOf(db: DatabaseSync, pass: number): readonly PendingRange[] {
  const query = "SELECT prefix, start, after, until FROM pending WHERE pass = ? ORDER BY prefix, start";
  const rows = rowsOf<readonly [string, string, string, string]>(db, query, pass);
  return rows.map(([prefix, start, after, until]) => ({ prefix, start, after, until }));
}

export interface PendingRange extends KeyRange {
  readonly start: string;
}

/** Whole prefixes. */
export function addPending(db: DatabaseSync, pass: number, prefixes: readonly string[]): void {
  for (const prefix of prefixes)
    change(db, "INSERT INTO pending VALUES (?, ?, '', '', '') ON CONFLICT DO NOTHING", pass, prefix);
}

/** Gives what lies behind the first of these to ranges of their own, which follow each other without a gap. */
export function cutPending(db: DatabaseSync, pass: number, cut: PendingRange, ranges: readonly PendingRange[]): void {
  const [first] = ranges;
  if (first === undefined) return;
  const update = "UPDATE pending SET until = ? WHERE pass = ? AND prefix = ? AND start = ?";
  change(db, update, first.start, pass, cut.prefix, cut.start);
  for (const { prefix, start, after, until } of ranges) {
    change(db, "INSERT INTO pending VALUES (?, ?, ?, ?, ?)", pass, prefix, start, after, until);
  }
}

export function addSkipped(
  db: DatabaseSync,
  pass: Pass,
  skipped: readonly { readonly prefix: string; readonly known: string }[],
): void {
  for (const { prefix, known } of skipped) {
    change(
      db,
      "INSERT INTO skipped VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET known = excluded.known, pass = max(pass, excluded.pass)",
      pass.dataset,
      prefix,
      known,
      pass.id,
    );
  }
}

/** How far a range has been listed. */
export function markAfter(db: DatabaseSync, pass: number, { prefix, start }: PendingRange, after: string): void {
  change(db, "UPDATE pending SET after = ? WHERE pass = ? AND prefix = ? AND start = ?", after, pass, prefix, start);
}

export function markListed(db: DatabaseSync, pass: number, { prefix, start }: PendingRange): void {
  change(db, "DELETE FROM pending WHERE pass = ? AND prefix = ? AND start = ?", pass, prefix, start);
}

/** Counts on from what the file holds: several listings of one pass commit in turn. The counts afterwards. */
export function count(db: DatabaseSync, pass: number, nowMs: number, add: (counts: Counts) => Counts): Counts {
  const counts = add(countsOf(db, pass));
  change(db, "UPDATE pass SET counts = ?, touched_ms = ? WHERE id = ?", JSON.stringify(counts), nowMs, pass);
  return counts;
}

export function countsOf(db: DatabaseSync, pass: number): Counts {
  const [row] = rowsOf<readonly [string]>(db, "SELECT counts FROM pass WHERE id = ?", pass);
  return row === undefined ? noCounts : (JSON.parse(row[0]) as Counts);
}

/** Ends the pass, and forgets what only older ones need: hints of prefixes left out, full listings that a later one repeats. */
export function finishPass(db: DatabaseSync, pass: Pass, mode: ListingMode, nowMs: number): void {
  change(db, "UPDATE pass SET finished_ms = ?, touched_ms = ? WHERE id = ?", nowMs, nowMs, pass.id);
  if (mode === "recent") {
    change(
      db,
      "DELETE FROM pass WHERE dataset = ? AND mode = 'recent' AND finished_ms IS NOT NULL AND id < ?",
      pass.dataset,
      pass.id,
    );
    return;
  }
  change(db, "DELETE FROM skipped WHERE dataset = ? AND pass < ?", pass.dataset, pass.id);
  change(
    db,
    `DELETE FROM pass WHERE dataset = ? AND id < ? AND finished_ms IS NOT NULL
     AND filter = (SELECT filter FROM pass WHERE id = ?)`,
    pass.dataset,
    pass.id,
    pass.id,
  );
}

export interface FullListing {
  readonly filter: string;
  /** What came after this moment it may not have seen. */
  readonly startedMs: number;
}

/** Finished full listings of a dataset, the latest first. */
export function fullListings(db: DatabaseSync, dataset: number): readonly FullListing[] {
  const query =
    "SELECT filter, started_ms FROM pass WHERE dataset = ? AND mode = 'full' AND finished_ms IS NOT NULL ORDER BY started_ms DESC";
  return rowsOf<readonly [string, number]>(db, query, dataset).map(([filter, startedMs]) => ({ filter, startedMs }));
}
