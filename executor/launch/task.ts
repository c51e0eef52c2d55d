/** One executor child for one task without a decoder: merging, rendering, results, a description. */
import { randomBytes } from "node:crypto";
import { SpotfoldError } from "../../shared/errors.ts";
import type { ErrorCode } from "../../shared/errors.ts";
import type { ChildError, ExecutorMessage, ExecutorTask } from "../children/protocol.ts";
import type { Fault } from "../types.ts";
import { executorFault, secondsOf, stallQuestion } from "./causes.ts";
import { silenceMsMax } from "./child.ts";
import type { Child, ChildEnd } from "./child.ts";
import type { AttemptFolders } from "./folders.ts";
import { kernelKills } from "./memory.ts";
import { startExecutor } from "./slot.ts";
import type { MemoryLimits } from "./slot.ts";
import { told } from "./told.ts";

export interface TaskLimits extends MemoryLimits {
  /** No sign of life for this long: killed. */
  readonly stallMs: number;
}

export interface TaskOptions {
  readonly folders: AttemptFolders;
  /** Files that may be read besides the code folder. */
  readonly read: readonly string[];
  readonly limits: TaskLimits;
  readonly hear: (message: ExecutorMessage) => unknown;
  /** With the descriptor for lines; called at once. */
  readonly started?: (child: Child) => void;
  /** It is handed the executor's input. */
  readonly decoder?: Child;
}

/** Resolves when the child said that it is done. Rejects with `SpotfoldError`: what user code threw, or how the child ended. */
export async function runTask(task: ExecutorTask, options: TaskOptions): Promise<{ readonly printed: string }> {
  const { folders, read, limits, hear, started } = options;
  const token = randomBytes(16).toString("hex");
  const kills = kernelKills();
  const decoder = options.decoder ?? null;
  const child = startExecutor(folders, limits, { input: decoder !== null, lines: task.task === "results", read });
  decoder?.handOver(child);
  let lastSign = performance.now();
  let loaded = false;
  let last: "done" | ChildError | Fault | null = null;
  child.onLine((line) => {
    const message = told(line, token) as ExecutorMessage | null;
    if (message === null) return child.kill("misbehaved");
    lastSign = performance.now();
    if (message.say === "loaded") loaded = true;
    if (message.say === "done") last ??= "done";
    else if (message.say === "error") last ??= message.error;
    else if (message.say === "fault") last ??= message.fault;
    else hear(message);
  });
  child.send({ ...task, token });
  started?.(child);
  const watch = setInterval(() => {
    // Results wait for whoever reads them: no sign of life is no fault then.
    if (task.task !== "results" && performance.now() - lastSign > silenceMsMax(limits.stallMs, loaded))
      child.kill("stalled");
  }, limits.stallMs / 10);
  const end = await child.ended;
  clearInterval(watch);
  const outcome = last as "done" | ChildError | Fault | null;
  if (outcome === "done") return { printed: end.printed };
  if (outcome !== null) throw errorOf(outcome);
  const kernelKilled = kills !== null && (kernelKills() ?? 0) > kills;
  if (end.killed === "stalled") throw stalled(task, loaded, limits);
  throw errorOfEnd(end, loaded, limits, kernelKilled);
}

function errorOf(outcome: ChildError | Fault): SpotfoldError {
  if ("cause" in outcome) {
    const code =
      outcome.cause === "environment"
        ? (outcome.reason as ErrorCode)
        : outcome.cause === "code"
          ? "analysis-failed"
          : "store-unavailable";
    return new SpotfoldError(code, outcome.message, outcome.hint === undefined ? {} : { hint: outcome.hint });
  }
  const { code, message, hint, context } = outcome;
  return new SpotfoldError(code as ErrorCode, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(context === undefined ? {} : { context }),
  });
}

function stalled(task: ExecutorTask, loaded: boolean, limits: TaskLimits): SpotfoldError {
  const key = task.task === "check" ? task.sample?.block.key : undefined;
  const where = loaded ? (key === undefined ? "" : ` in the first records of ${key}`) : " while it was loaded";
  const silence = secondsOf(silenceMsMax(limits.stallMs, loaded));
  const message = `the analysis showed no progress for ${silence}${where}`;
  return new SpotfoldError("analysis-failed", message, { hint: stallQuestion });
}

function errorOfEnd(end: ChildEnd, loaded: boolean, limits: TaskLimits, kernelKilled: boolean): SpotfoldError {
  const fault = executorFault({ end, loaded, block: undefined, kernelKilled, rssBytesMax: limits.rssBytesMax });
  const code = fault.cause === "infrastructure" ? "internal" : "analysis-failed";
  return new SpotfoldError(code, fault.message, { retryable: code === "internal" });
}
