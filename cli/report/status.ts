/**
 * What `status` tells: aggregates with their runs, why a run stands still, and the workers that are alive. What cannot be
 * read of one of them (a newer version at work beside us, a damaged record) is said, and hides none of the others.
 */
import type { HoldLine } from "../../dashboard/status/document.ts";
import type { Ledger, Snapshot } from "../../master/ledger/ledger.ts";
import { isHeld } from "../../shared/formats/hold.ts";
import type { ClosedState, RunTotals } from "../../shared/formats/ledger.ts";
import { parseRun } from "../../shared/formats/run.ts";
import { UnknownFormat } from "../../shared/formats/stored.ts";
import { holdKey, inboxPrefix, runKey } from "../../shared/names.ts";
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { readHold } from "../../shared/read-hold.ts";
import { liveWorkers } from "../../shared/live-workers.ts";
import { inCallersWords } from "../caller-command.ts";
import { visibleLine } from "../visible.ts";
import { readLeader, type LeaderStatus } from "./leader.ts";
import { counted, countText, timeText } from "./lines.ts";

export interface RunStatus {
  readonly run: string;
  readonly state: "open" | ClosedState;
  readonly blocks: number;
  readonly covered: number;
  readonly missing: number;
  readonly jobs: { readonly all: number; readonly done: number; readonly failed: number } | null;
  readonly held: HoldLine | null;
  readonly records: number;
  /** The store's clock, ms; null of closed runs. */
  readonly admittedAt: number | null;
}

export interface AggregateStatus {
  readonly aggregate: string;
  readonly analysis: string;
  readonly snapshot: number;
  readonly records: number;
  readonly runs: readonly RunStatus[];
  /** The store's clock, ms: when its head was swapped. */
  readonly committedAt: number;
}

export interface StatusReport {
  readonly format: 1;
  readonly aggregates: readonly AggregateStatus[];
  /** Submitted, and not admitted yet: no master has seen them. */
  readonly inbox: readonly { readonly run: string; readonly aggregate: string }[];
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
  readonly resolved: number;
  readonly failed: number;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

/** Older runs of an aggregate are counted, not listed. */
const closedShownMax = 3;

/** All but masters and workers. */
export type RunsReport = Omit<StatusReport, "format" | "leader" | "workers">;

export async function readStatus(
  look: { readonly store: BlobStore; readonly ledger: Ledger },
  aggregates: readonly string[],
  only: Target | null,
  { statusMs, standbyMs }: { readonly statusMs: number; readonly standbyMs: number },
): Promise<StatusReport> {
  const runs = await readRuns(look, aggregates, only);
  const found = await readLeader(look.store, standbyMs);
  const leader = found === null ? null : { master: found.master, state: found.state, ageMs: found.ageMs };
  return { format: 1, ...runs, leader, workers: await readWorkers(look.store, statusMs) };
}

/** What somebody asked about: an aggregate, or a run of it. */
export interface Target {
  readonly aggregate: string;
  readonly run: string | null;
}

/** Of these aggregates; `only`: what is about something else is left out. `seen` is told of every ledger that could be read, as it was then. */
export async function readRuns(
  { store, ledger }: { readonly store: BlobStore; readonly ledger: Ledger },
  aggregates: readonly string[],
  only: Target | null,
  seen?: (snapshot: Snapshot) => void,
): Promise<RunsReport> {
  const found: AggregateStatus[] = [];
  const unreadable: Unreadable[] = [];
  const note = (what: string, error: unknown): void => void unreadable.push({ what, why: whyUnreadable(error) });
  for (const aggregate of aggregates) {
    try {
      const base = await ledger.read(aggregate);
      if (base.manifest === null) continue;
      found.push(await aggregateStatus(store, base, only?.run ?? null));
      seen?.(base);
    } catch (error) {
      note(`aggregate ${aggregate}`, error);
    }
  }
  const inbox = (await readInbox(store, note)).filter(
    ({ run, aggregate }) => only === null || (only.run === null ? aggregate === only.aggregate : run === only.run),
  );
  return { aggregates: found, inbox, unreadable };
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
): Promise<AggregateStatus> {
  const runs: RunStatus[] = [];
  for (const { run, state, blocks, totals } of manifest.closed)
    runs.push({ ...lineOf(run, state, blocks, totals), jobs: null, held: null, admittedAt: null });
  for (const open of manifest.open) {
    const jobs = { all: open.jobs + open.successors.length, done: open.foldedJobs, failed: open.failedJobs };
    const line = lineOf(open.run, "open", open.blocks, open.totals);
    runs.push({ ...line, jobs, held: await heldOf(store, open.run), admittedAt: open.admittedAt });
  }
  return {
    aggregate: manifest.aggregate,
    analysis: manifest.lineage.analysis,
    snapshot: manifest.number,
    records: [...manifest.open, ...manifest.closed].reduce((sum, { totals }) => sum + totals.records, 0),
    runs: only === null ? runs : runs.filter(({ run }) => run === only),
    committedAt,
  };
}

function lineOf(
  run: string,
  state: RunStatus["state"],
  blocks: number,
  { covered, missing, records }: RunTotals,
): Omit<RunStatus, "jobs" | "held" | "admittedAt"> {
  return { run, state, blocks, covered, missing, records };
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

async function readInbox(
  store: BlobStore,
  note: (what: string, error: unknown) => void,
): Promise<{ run: string; aggregate: string }[]> {
  const runs: { run: string; aggregate: string }[] = [];
  for await (const page of store.list(inboxPrefix)) {
    for (const { key } of page.blobs) {
      const run = key.slice(inboxPrefix.length);
      const blob = await readAll(store, runKey(run));
      if (blob === null) continue;
      try {
        runs.push({ run, aggregate: parseRun(run, blob.bytes).aggregate });
      } catch (error) {
        note(`run ${run}`, error);
      }
    }
  }
  return runs;
}

async function readWorkers(store: BlobStore, statusMs: number): Promise<WorkerLine[]> {
  const live = await liveWorkers(store, statusMs);
  return live.map(({ status: { worker, slots, jobs, resolved, failed }, ageMs }) => {
    return { worker, slots, jobs, resolved, failed, ageMs };
  });
}

/** `command`: how the caller calls us, for hints. */
export function statusText(
  { aggregates, inbox, leader, workers, unreadable }: StatusReport,
  command: readonly string[],
): string {
  const lines: string[] = [];
  for (const { aggregate, analysis, snapshot, records, runs } of aggregates) {
    lines.push(`${aggregate}  (${analysis}, snapshot ${snapshot}, ${countText(records)} records)`);
    const closed = runs.filter(({ state }) => state !== "open");
    const hidden = Math.max(0, closed.length - closedShownMax);
    if (hidden > 0) lines.push(`  ${counted(hidden, "earlier run")}`);
    for (const run of [...closed.slice(hidden), ...runs.filter(({ state }) => state === "open")])
      lines.push(...runLines(run, command), ...idleLines(run, workers));
  }
  for (const { what, why } of unreadable) lines.push(visibleLine(`${what}: ${why}`));
  for (const { run, aggregate } of inbox) lines.push(`${run}  waits for a master, for ${aggregate}`);
  if (lines.length === 0) lines.push("no runs yet");
  lines.push(leaderText(leader));
  lines.push(workers.length === 0 ? "no worker is alive" : `${counted(workers.length, "worker")}:`);
  for (const { worker, slots, jobs, resolved, failed, ageMs } of workers) {
    const inHand = jobs.length === 0 ? "idle" : jobs.join(" ");
    lines.push(
      `  ${worker}  ${counted(slots, "slot")}, ${countText(resolved)} jobs done, ${countText(failed)} failed, ${inHand} (${timeText(ageMs)} ago)`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function leaderText(leader: LeaderStatus | null): string {
  if (leader === null) return "no master leads";
  const { master, state, ageMs } = leader;
  const heard = `${timeText(ageMs)} ago`;
  return state === "leads"
    ? `master ${master} leads (${heard})`
    : `master ${master} led, and was last heard of ${heard}`;
}

function runLines(
  { run, state, blocks, covered, missing, jobs, held }: RunStatus,
  command: readonly string[],
): string[] {
  const done = `${countText(covered)} of ${counted(blocks, "block")} covered, ${countText(missing)} missing`;
  const work = jobs === null ? "" : `, ${countText(jobs.done)} of ${counted(jobs.all, "job")} done`;
  const lines = [`  ${run}  ${state}: ${done}${work}`];
  if (held !== null) {
    const [what, where] = [visibleLine(held.what), visibleLine(held.where)];
    lines.push(`    held (${held.kind}): ${what}`, `    ${where}. ${inCallersWords(visibleLine(held.hint), command)}`);
  }
  return lines;
}

/**
 * Of an open run that nothing holds, and that nobody works on though workers are alive. Their jobs are `<plan>/<job>`, and a plan's
 * name begins with its run's.
 */
function idleLines({ run, jobs, held }: RunStatus, workers: readonly WorkerLine[]): string[] {
  const waits = jobs !== null && held === null && jobs.done < jobs.all && workers.length > 0;
  if (!waits || workers.some((worker) => worker.jobs.some((job) => job.startsWith(`${run}.`)))) return [];
  return ["    no worker has one of its jobs in hand: they wait in the queue, or for a master to send or enter them"];
}
