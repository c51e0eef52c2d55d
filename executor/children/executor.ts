/**
 * The executor: the process that user code runs in. One task, from start to end:
 *
 *   parent still there -> rights dropped -> read the task -> load the bundle -> do the task, synchronously -> say done -> end
 *                         (where the kernel does not watch: read the task -> watcher up -> rights dropped)
 *
 * It ends by saying `done`, `fault`, `spoiled`, `cut` or `error`; the parent takes any other end as the analysis' doing.
 * Everything after loading is synchronous: no timer or promise of user code runs in between.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { SpotfoldError } from "../../shared/errors.ts";
import { describeThrow, Struck } from "../core/faults.ts";
import { loadAnalysis } from "../core/load.ts";
import type { LoadedAnalysis } from "../core/load.ts";
import { readTask, reporter, sayWaiting } from "./control.ts";
import type { Reporter } from "./control.ts";
import { FrameError } from "./frames.ts";
import { boundOutput, disarm, watchParent } from "./guard.ts";
import { runJob } from "./job-task.ts";
import type { ChildBundle, ChildError, ExecutorTask } from "./protocol.ts";

type Say = Reporter;

/** The id of the parent, where the kernel ends this process with it (launch/kernel-watch.ts). */
const [, , watchedParent] = process.argv;

async function main(): Promise<void> {
  const isWatched = watchedParent !== undefined;
  if (isWatched && Number(watchedParent) !== process.ppid) process.exit(1);
  // What need not wait for the task is done before it comes.
  if (isWatched) restrict();
  sayWaiting();
  const task = readTask() as ExecutorTask;
  const say = reporter(task.token);
  if (!isWatched) {
    watchParent();
    restrict();
  }
  try {
    const run = await taskOf(task);
    const loaded = await load(task.bundle);
    say({ say: "loaded", description: loaded.description });
    run(loaded, say);
    say({ say: "done" });
  } catch (error) {
    sayFailure(say, error);
  }
  process.exit(0);
}

/** Once the watcher is up, where there is one: it needs what is taken away. */
function restrict(): void {
  boundOutput();
  disarm();
}

async function taskOf(task: ExecutorTask): Promise<(loaded: LoadedAnalysis, say: Say) => void> {
  switch (task.task) {
    // Loaded already: one that waits for a task will most likely get a job.
    case "job":
      return (loaded, say) => runJob(task, loaded, say);
    case "check": {
      const { runCheck } = await import("./check-task.ts");
      return (loaded, say) => runCheck(task, loaded, say);
    }
    case "merge":
    case "merge-runs":
    case "render":
    case "results": {
      const { runSegmentTask } = await import("./segment-tasks.ts");
      return (loaded, say) => runSegmentTask(task, loaded, say);
    }
  }
}

async function load(bundle: ChildBundle): Promise<LoadedAnalysis> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(bundle.path).href);
  } catch (error) {
    throw new SpotfoldError("invalid-bundle", `the analysis cannot be loaded: ${describeThrow(error)}`, {
      cause: error,
    });
  }
  const paths = new Map(bundle.inputs.map((input) => [input.name, input.path]));
  return loadAnalysis(module, bundle.params, [...paths.keys()], (name) => readFileSync(paths.get(name) ?? ""));
}

function sayFailure(say: Say, error: unknown): void {
  if (error instanceof Struck) say({ say: "fault", fault: error.fault });
  else if (error instanceof FrameError) say({ say: "cut", message: error.message });
  else say({ say: "error", error: childError(error) });
}

function childError(error: unknown): ChildError {
  if (!(error instanceof SpotfoldError)) return { code: "analysis-failed", message: describeThrow(error) };
  const { code, message, hint, context } = error;
  return { code, message, context, ...(hint === undefined ? {} : { hint }) };
}

await main();
