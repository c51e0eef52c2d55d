/**
 * What `status` tells: aggregates with their runs, why a run stands still, and the workers that are alive (status-text.ts puts it
 * into words). What cannot be read of one of them (a newer version at work beside us, a damaged record) is said, and hides none
 * of the others.
 */
import type { HoldLine, RejectedCount } from "../../dashboard/status/document.ts";
import type { Ledger, Snapshot } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { awaitedOf, type Awaited } from "../../master/passes/awaited.ts";
import { isHeld } from "../../shared/formats/hold.ts";
import type { ClosedState, OpenRun, RunTotals } from "../../shared/formats/ledger.ts";
import { UnknownFormat } from "../../shared/formats/stored.ts";
import { holdKey } from "../../shared/names.ts";
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readHold } from "../../shared/read-hold.ts";
import { liveWorkers } from "../../shared/live-workers.ts";
import { submittedAtOf } from "../submit/run-id.ts";
import { readInbox, type InboxLine } from "./inbox.ts";
import { readLeader, type LeaderStatus } from "./leader.ts";
import { rejectedOf } from "./rejected.ts";

export interface RunStatus {
  readonly run: string;
  readonly state: "open" | ClosedState;
  readonly blocks: number;
  readonly covered: number;
  readonly missing: number;
  readonly jobs: { readonly all: number; readonly done: number; readonly failed: number } | null;
  readonly held: HoldLine | null;
  /** Of an open one where no master leads: what waits for one. */
  readonly awaits: Awaited | null;
  /** Read, rejected ones included. */
  readonly records: number;
  /** Of `records`. */
  readonly rejected: readonly RejectedCount[];
  /** The submitter's clock, ms, to the second; null of a run that the command line did not make. */
  readonly submittedAt: number | null;
  /** The store's clock, ms; null of closed runs. */
  readonly admittedAt: number | null;
  /** The store's clock, ms; null of open runs, and where it was not noted. */
  readonly closedAt: number | null;
}

export interface AggregateStatus {
  readonly aggregate: string;
  readonly analysis: string;
  readonly snapshot: number;
  /** Read, rejected ones included. */
  readonly records: number;
  /** Of `records`. */
  readonly rejected: readonly RejectedCount[];
  /** In the order of their ends, then open ones. */
  readonly runs: readonly RunStatus[];
  /** The store's clock, ms: when its head was swapped. */
  readonly committedAt: number;
}

export interface StatusReport {
  readonly format: 1;
  readonly aggregates: readonly AggregateStatus[];
  /** Submitted, and not admitted yet. */
  readonly inbox: readonly InboxLine[];
  /** The run that was asked for, when it was refused. */
  readonly refused: HoldLine | null;
  /** Of the masters; null: none does. */
  readonly leader: LeaderStatus | null;
  readonly workers: readonly WorkerLine[];
  /** Aggregates and runs of which this version cannot say more. */
  readonly unreadable: readonly Unreadable[];
}

export interface Unreadable {
  /** `aggregate <name>`, `run <id>`. */
  readonly what: string;
  readonly why: string;
}

/** What is wrong with one record, as opposed to the store. */
const ofOneRecord: ReadonlySet<string> = new Set(["invalid-format", "corrupt", "absent"]);

export interface WorkerLine {
  readonly worker: string;
  readonly slots: number;
  readonly jobs: readonly string[];
  /** Those of them that drain beside the next job of their slot. */
  readonly draining: readonly string[];
  /** Jobs. */
  readonly resolved: number;
  /** Attempts. */
  readonly failed: number;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

/** All but masters and workers. */
export type RunsReport = Omit<StatusReport, "format" | "leader" | "workers">;

export async function readStatus(
  look: { readonly store: BlobStore; readonly ledger: Ledger },
  aggregates: () => Promise<readonly string[]>,
  only: Target | null,
  { statusMs, standbyMs }: { readonly statusMs: number; readonly standbyMs: number },
): Promise<StatusReport> {
  const found = await readLeader(look.store, standbyMs);
  const runs = await readRuns(look, aggregates, only, { isLed: found?.state === "leads" });
  const leader = found === null ? null : { master: found.master, state: found.state, ageMs: found.ageMs };
  return { format: 1, ...runs, leader, workers: await readWorkers(look.store, statusMs) };
}

/** What somebody asked about: an aggregate, or a run of it. */
export interface Target {
  readonly aggregate: string;
  readonly run: string | null;
}

export interface ReadOptions {
  /** A master leads: what waits for one is not looked for. */
  readonly isLed: boolean;
  /** Told of every ledger that could be read, as it was then. */
  readonly seen?: (snapshot: Snapshot) => void;
}

/** Of these aggregates, asked for once the inbox was read; `only`: what is about something else is left out. */
export async function readRuns(
  { store, ledger }: { readonly store: BlobStore; readonly ledger: Ledger },
  aggregates: () => Promise<readonly string[]>,
  only: Target | null,
  { isLed, seen }: ReadOptions,
): Promise<RunsReport> {
  const found: AggregateStatus[] = [];
  const unreadable: Unreadable[] = [];
  const note = (what: string, error: unknown): void => void unreadable.push({ what, why: whyUnreadable(error) });
  // First, and before it is known which aggregates there are: what is admitted meanwhile is in both, and in none if it were read last.
  const waiting = await readInbox(store, only?.run ?? null, note);
  for (const aggregate of await aggregates()) {
    try {
      const base = await ledger.read(aggregate);
      if (base.manifest === null) continue;
      found.push(await aggregateStatus(store, base, only?.run ?? null, isLed));
      seen?.(base);
    } catch (error) {
      note(`aggregate ${aggregate}`, error);
    }
  }
  const admitted = new Set(found.flatMap(({ runs }) => runs.map(({ run }) => run)));
  const inbox = waiting.filter(({ run, aggregate }) => {
    const isAsked = only === null || (only.run === null ? aggregate === only.aggregate : run === only.run);
    return isAsked && !admitted.has(run);
  });
  const isKnown = inbox.length > 0 || found.some(({ runs }) => runs.length > 0);
  const hold = only === null || only.run === null || isKnown ? null : await heldOf(store, only.run);
  if (hold?.kind === "unreadable") unreadable.push({ what: hold.where, why: hold.what });
  // Any other hold is of a run that was admitted, and says nothing of a refusal.
  return { aggregates: found, inbox, refused: hold?.kind === "closed" ? hold : null, unreadable };
}

/** Throws what is not of one record alone. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof UnknownFormat) return `written by a newer version of spotfold (format ${String(error.format)})`;
  if (!ofOneRecord.has(codeOf(error) ?? "")) throw error;
  return messageOf(error);
}

async function aggregateStatus(
  store: BlobStore,
  { manifest, committedAt }: Snapshot,
  only: string | null,
  isLed: boolean,
): Promise<AggregateStatus> {
  const { aggregate } = manifest;
  const runs: RunStatus[] = [];
  for (const { run, state, blocks, totals, closedAt = null } of manifest.closed)
    runs.push({ ...lineOf(run, state, blocks, totals), ...ofClosed, closedAt });
  for (const open of manifest.open) {
    const jobs = { all: open.jobs + open.successors.length, done: open.foldedJobs, failed: open.failedJobs };
    const line = lineOf(open.run, "open", open.blocks, open.totals);
    const awaits = isLed ? null : await awaitedIn(store, aggregate, open);
    const held = await heldOf(store, open.run);
    runs.push({ ...line, jobs, held, awaits, admittedAt: open.admittedAt, closedAt: null });
  }
  const all = [...manifest.open, ...manifest.closed].map(({ totals }) => totals);
  return {
    aggregate,
    analysis: manifest.lineage.analysis,
    snapshot: manifest.number,
    records: all.reduce((sum, { records }) => sum + records, 0),
    rejected: rejectedOf(all.map(({ rejected }) => rejected)),
    runs: only === null ? runs : runs.filter(({ run }) => run === only),
    committedAt,
  };
}

function lineOf(
  run: string,
  state: RunStatus["state"],
  blocks: number,
  { covered, missing, records, rejected }: RunTotals,
): Pick<RunStatus, "run" | "state" | "blocks" | "covered" | "missing" | "records" | "rejected" | "submittedAt"> {
  const counts = { covered, missing, records, rejected: rejectedOf([rejected]) };
  return { run, state, blocks, ...counts, submittedAt: submittedAtOf(run) };
}

const ofClosed = { jobs: null, held: null, awaits: null, admittedAt: null } as const;

async function awaitedIn(store: BlobStore, aggregate: string, run: OpenRun): Promise<Awaited> {
  return await awaitedOf({ store, rules: ledgerRules }, aggregate, run);
}

async function heldOf(store: BlobStore, run: string): Promise<RunStatus["held"]> {
  try {
    const found = await readHold(store, run);
    if (found === null || !isHeld(found.hold, found.storeTime)) return null;
    const { kind, what, where, hint, since, until, times } = found.hold;
    return { kind, what, where, hint, since, until: until === 0 ? null : until, times };
  } catch (error) {
    const unknown = { since: null, until: null, times: 0 };
    const [what, hint] = [whyUnreadable(error), "Update this spotfold."];
    return { kind: "unreadable", what, where: holdKey(run), hint, ...unknown };
  }
}

async function readWorkers(store: BlobStore, statusMs: number): Promise<WorkerLine[]> {
  const live = await liveWorkers(store, statusMs);
  return live.map(({ status: { worker, slots, jobs, draining = [], resolved, failed }, ageMs }) => {
    return { worker, slots, jobs, draining, resolved, failed, ageMs };
  });
}
