/** What the worker child of `run` tells its parent over their channel. Hints for the progress line only, but for `gave-up`. */
import type { ErrorCode } from "../../shared/errors.ts";
import type { JobRunner } from "../../executor/types.ts";

export type WorkerMessage =
  | { readonly say: "progress"; readonly attempt: string; readonly blocks: number; readonly bytes: number }
  | { readonly say: "ended"; readonly attempt: string; readonly blocks: number; readonly bytes: number }
  | { readonly say: "gave-up"; readonly why: string }
  | { readonly say: "failed"; readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };

/** Attempts tell more often than a line on a terminal changes. */
const tellEveryMs = 200;

/** A runner that tells how far its attempts are. */
export function telling(runner: JobRunner, tell: (message: WorkerMessage) => void): JobRunner {
  return {
    release: async (attempt) => await runner.release(attempt),
    run: async (task, hooks) => {
      const { attempt } = task;
      const sizes = new Map(task.blocks.map((block) => [block.index, block.size]));
      let last = Number.NEGATIVE_INFINITY;
      const outcome = await runner.run(task, {
        ...hooks,
        progress: (progress) => {
          hooks.progress(progress);
          const now = performance.now();
          if (now - last < tellEveryMs) return;
          last = now;
          tell({ say: "progress", attempt, blocks: progress.blocksDone, bytes: progress.bytes });
        },
      });
      const settled = outcome.reports.map((report) => report.index);
      const bytes = settled.reduce((sum, index) => sum + (sizes.get(index) ?? 0), 0);
      tell({ say: "ended", attempt, blocks: settled.length, bytes });
      return outcome;
    },
  };
}
