/**
 * Runs jobs in real children: the worker's `JobRunner`. The order of things in an attempt:
 *
 *   folders -> lend files -> passes, until no block waits or the attempt has ended -> several runs left? merged in a child
 *
 * An attempt that lost its lease may resolve nothing, so nothing is merged for it.
 */
import { randomBytes } from "node:crypto";
import { lstat, realpath } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { HttpTerms } from "../../shared/http-terms.ts";
import { isAttemptId } from "../../shared/names.ts";
import { AttemptState } from "../core/attempt-state.ts";
import type { RunInfo } from "../core/runs.ts";
import type { AttemptSegment, Fault, JobBlock, JobHooks, JobOutcome, JobRunner, JobTask } from "../types.ts";
import { lendFault, stopFault } from "./causes.ts";
import { makeFolders, removeFolders } from "./folders.ts";
import type { AttemptFolders } from "./folders.ts";
import { lendMsMax, lendsInTime } from "./lend.ts";
import { AttemptLog } from "./log.ts";
import { runPass } from "./pass.ts";
import { runTask } from "./task.ts";

export interface ChildRunnerOptions {
  /** Folder for the attempts' folders; one worker's alone. */
  readonly scratch: string;
  /** Asked when blocks are lent by URL, and only then: certificates are read from files. Default: no proxy, Node's own. */
  readonly http?: () => HttpTerms;
  /** Until lending one block is given up. Default: `lendMsMax`. */
  readonly lendMsMax?: number;
}

export function childRunner(options: ChildRunnerOptions): JobRunner {
  return {
    run: (task, hooks) => runAttempt(options, task, hooks),
    release: (attempt) => removeFolders(options.scratch, attempt),
  };
}

async function runAttempt(options: ChildRunnerOptions, task: JobTask, given: JobHooks): Promise<JobOutcome> {
  if (!isAttemptId(task.attempt)) throw new SpotfoldError("internal", `${task.attempt} is no attempt's id`);
  const hooks = lendsInTime(given, options.lendMsMax ?? lendMsMax);
  const state = new AttemptState(task.blocks);
  const log = new AttemptLog();
  const deadline = performance.now() + task.limits.attemptMs;
  const runs = new Map<string, RunInfo>();
  const folders = await makeFolders(options.scratch, task.attempt, task.bundle);
  const { paths: blockPaths, remote } = await lendFiles(task, hooks, state);
  const http = remote ? (options.http?.() ?? {}) : {};
  for (let number = 0; ; number++) {
    if (hooks.stop.aborted) state.failed(stopFault(hooks.stop.reason));
    const pass = state.pass();
    if (pass === null) break;
    const token = randomBytes(16).toString("hex");
    await runPass({ task, hooks, state, folders, blockPaths, http, runs, log, token, number, deadline, pass });
  }
  return await outcome(task, hooks, state, folders, runs, log);
}

/**
 * Paths of the blocks, so that the decoder may read just these. A store that gives URLs is asked again, block by block, at
 * the moment of reading; a block that cannot be lent is struck before any child starts.
 */
async function lendFiles(
  task: JobTask,
  hooks: JobHooks,
  state: AttemptState,
): Promise<{ readonly paths: string[]; readonly remote: boolean }> {
  const paths: string[] = [];
  for (const block of task.blocks) {
    if (hooks.stop.aborted) break;
    try {
      const lent = await hooks.lend(block);
      if (lent.kind === "url") return { paths: [], remote: true };
      paths.push(lent.path, await realpath(lent.path).catch(() => lent.path));
    } catch (error) {
      refuse(state, block, error);
    }
  }
  return { paths: [...new Set(paths)], remote: false };
}

function refuse(state: AttemptState, block: JobBlock, error: unknown): void {
  const fault = lendFault(block.index, block.key, error);
  if (!state.strike(fault)) state.failed(fault);
}

async function outcome(
  task: JobTask,
  hooks: JobHooks,
  state: AttemptState,
  folders: AttemptFolders,
  runs: Map<string, RunInfo>,
  log: AttemptLog,
): Promise<JobOutcome> {
  const result = state.result();
  const { faults, ended } = result;
  const nothing = (ended: Fault): JobOutcome => ({ reports: [], faults, ended, segment: null, log: log.bytes() });
  if (ended?.cause === "lost-lease") return nothing(ended);
  let run = result.runs.length === 1 ? runs.get(result.runs[0] ?? "") : undefined;
  if (result.runs.length > 1) {
    const merged = await mergeLeft(task, hooks, folders, result.runs, log);
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
  names: readonly string[],
  log: AttemptLog,
): Promise<{ run: RunInfo } | { fault: Fault }> {
  let run: RunInfo | null = null;
  try {
    const { printed } = await runTask(
      {
        task: "merge-runs",
        token: "",
        bundle: { path: folders.bundle, params: task.bundle.params, inputs: folders.inputs },
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
