/**
 * Runs jobs in real children: the worker's `JobRunner`. The order of things in an attempt:
 *
 *   folders, or those of a spare -> what may be read -> passes, until no block waits or the attempt has ended -> several runs left? merged in a child
 *
 * An attempt that lost its lease may resolve nothing, so nothing is merged for it.
 */
import { randomBytes } from "node:crypto";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { HttpTerms } from "../../shared/http-terms.ts";
import { isAttemptId } from "../../shared/names.ts";
import { AttemptState } from "../core/attempt-state.ts";
import type { RunInfo } from "../core/runs.ts";
import type { AttemptSegment, Fault, JobHooks, JobOutcome, JobRunner, JobTask } from "../types.ts";
import { readWhereItGains, realOverlap } from "./beside.ts";
import type { Overlap, Promised } from "./beside.ts";
import { stopFault } from "./causes.ts";
import { Decoders } from "./decoders.ts";
import { makeFolders, placeBundle, removeFolders } from "./folders.ts";
import type { AttemptFolders, PlacedBundle } from "./folders.ts";
import { Readable } from "./lend-files.ts";
import { lendMsMax, lendsInTime } from "./lend.ts";
import { AttemptLog } from "./log.ts";
import { runPass } from "./pass.ts";
import type { MemoryLimits } from "./slot.ts";
import { Spares } from "./spares.ts";
import { runTask } from "./task.ts";

export interface ChildRunnerOptions {
  /** Folder for the attempts' folders; one worker's alone. */
  readonly scratch: string;
  /** Asked when blocks are lent by URL, and only then: certificates are read from files. Default: no proxy, Node's own. */
  readonly http?: () => HttpTerms;
  /** Until lending one block is given up. Default: `lendMsMax`. */
  readonly lendMsMax?: number;
  /** Default: this machine's. */
  readonly overlap?: Overlap;
  /** So many children are ready for jobs that are to come, with these limits. Default: none, each job starts its own. */
  readonly ahead?: { readonly slots: number; readonly limits: MemoryLimits };
}

/** A runner whose waiting children must be ended: `close` answers when they have. */
export interface ChildRunner extends JobRunner {
  ready(jobs: number, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/** What lives longer than one attempt. */
interface Kept {
  readonly options: ChildRunnerOptions;
  readonly decoders: Decoders;
  readonly spares: Spares | null;
  readonly promised: Promised;
  /** By attempt: the folders, below the scratch folder. */
  readonly folders: Map<string, string>;
}

export function childRunner(options: ChildRunnerOptions): ChildRunner {
  const { scratch, ahead } = options;
  const kept: Kept = {
    options,
    decoders: new Decoders(ahead?.slots ?? 0),
    spares: ahead === undefined ? null : new Spares({ scratch, most: ahead.slots, limits: ahead.limits }),
    promised: { bytes: 0 },
    folders: new Map(),
  };
  return {
    run: (task, hooks) => runAttempt(kept, task, hooks),
    release: async (attempt) => {
      const name = kept.folders.get(attempt) ?? attempt;
      kept.folders.delete(attempt);
      await removeFolders(scratch, name);
    },
    ready: async (jobs, signal) => (kept.spares === null ? jobs : await kept.spares.ready(jobs, signal)),
    close: async () => {
      await Promise.all([kept.spares?.close(), kept.decoders.close()]);
    },
  };
}

async function runAttempt(kept: Kept, task: JobTask, given: JobHooks): Promise<JobOutcome> {
  const { options, decoders, spares } = kept;
  if (!isAttemptId(task.attempt)) throw new SpotfoldError("internal", `${task.attempt} is no attempt's id`);
  const inTime = lendsInTime(given, options.lendMsMax ?? lendMsMax);
  const { hooks, end } = readWhereItGains(inTime, task.limits, options.overlap ?? realOverlap, kept.promised);
  const state = new AttemptState(task.blocks);
  const log = new AttemptLog();
  const deadline = performance.now() + task.limits.attemptMs;
  const runs = new Map<string, RunInfo>();
  const spare = spares?.take(task.limits) ?? null;
  if (spare !== null) kept.folders.set(task.attempt, spare.name);
  try {
    const folders = spare?.folders ?? (await makeFolders(options.scratch, task.attempt));
    const readable = new Readable(task, hooks, state);
    const [bundle] = await Promise.all([placeBundle(folders, task.bundle), readable.look()]);
    const http = readable.isRemote ? (options.http?.() ?? {}) : {};
    const recorded = hooks.recorded ?? Promise.resolve();
    const slot = { task, hooks, state, folders, bundle, decoders, readable, http, recorded, runs, log, deadline };
    for (let number = 0; ; number++) {
      if (hooks.stop.aborted) state.failed(stopFault(hooks.stop.reason));
      const pass = state.pass();
      if (pass === null) break;
      const token = randomBytes(16).toString("hex");
      await runPass({ ...slot, token, number, pass, spare: number === 0 ? (spare?.executor ?? null) : null });
    }
    return await outcome(task, hooks, state, folders, bundle, runs, log);
  } finally {
    end();
    // One that no pass used.
    spare?.executor.kill("finished");
  }
}

async function outcome(
  task: JobTask,
  hooks: JobHooks,
  state: AttemptState,
  folders: AttemptFolders,
  bundle: PlacedBundle,
  runs: Map<string, RunInfo>,
  log: AttemptLog,
): Promise<JobOutcome> {
  const result = state.result();
  const { faults, ended } = result;
  const nothing = (ended: Fault): JobOutcome => ({ reports: [], faults, ended, segment: null, log: log.bytes() });
  if (ended?.cause === "lost-lease") return nothing(ended);
  let run = result.runs.length === 1 ? runs.get(result.runs[0] ?? "") : undefined;
  if (result.runs.length > 1) {
    const merged = await mergeLeft(task, hooks, folders, bundle, result.runs, log);
    if ("fault" in merged) return nothing(ended ?? merged.fault);
    run = merged.run;
  }
  if (run === undefined) return { ...result, segment: null, log: log.bytes() };
  const segment = await segmentOf(folders.work, run, new Set(task.blocks.map((block) => block.partition)));
  if (segment === null) {
    return nothing({
      cause: "code",
      reason: "invalid-report",
      message: "the attempt's segment is not what was reported",
    });
  }
  return { reports: result.reports, faults, ended, segment, log: log.bytes() };
}

/** The last pass did not come to merging what is checkpointed. */
async function mergeLeft(
  task: JobTask,
  hooks: JobHooks,
  folders: AttemptFolders,
  bundle: PlacedBundle,
  names: readonly string[],
  log: AttemptLog,
): Promise<{ run: RunInfo } | { fault: Fault }> {
  let run: RunInfo | null = null;
  try {
    const { printed } = await runTask(
      {
        task: "merge-runs",
        token: "",
        bundle,
        scratch: folders.work,
        columns: task.columns,
        publishBy: task.publishBy,
        runs: names,
        prefix: "left",
      },
      { folders, read: [], limits: task.limits, hear: (message) => message.say === "merged" && (run = message.run) },
    );
    log.printed(printed);
  } catch (error) {
    return { fault: { cause: "code", reason: "merge-failed", message: messageOf(error) } };
  }
  if (run !== null) return { run };
  return {
    fault: hooks.stop.aborted
      ? stopFault(hooks.stop.reason)
      : { cause: "code", reason: "merge-failed", message: "it gave no segment" },
  };
}

/** The run as a segment that may be read, or null when the file is not what was reported of it. */
async function segmentOf(work: string, run: RunInfo, partitions: ReadonlySet<string>): Promise<AttemptSegment | null> {
  const path = join(work, run.name);
  const stats = await lstat(path).catch(() => null);
  if (stats === null || !stats.isFile() || stats.nlink !== 1 || stats.size !== run.bytes) return null;
  if (!run.partitions.every((partition) => partitions.has(partition))) return null;
  return segmentAt(path, run);
}

export function segmentAt(path: string, run: RunInfo): AttemptSegment {
  const { name: _name, firstKey, lastKey, ...rest } = run;
  return { ...rest, path, firstKey: Buffer.from(firstKey), lastKey: Buffer.from(lastKey) };
}
