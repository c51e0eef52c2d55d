/**
 * What the worker child of `run` tells its parent over their channel: how far it is, for the progress line, and what the parent
 * cannot see for itself: that the child cannot work, and that the queue gives it nothing.
 */
import type { ErrorCode } from "../../shared/errors.ts";
import { readyOf } from "../../executor/runner-ready.ts";
import type { JobRunner } from "../../executor/types.ts";
import type { Log } from "../../shared/log.ts";
import type { AnyEvent } from "../compose/log.ts";

export type WorkerMessage =
  | { readonly say: "progress"; readonly attempt: string; readonly blocks: number; readonly bytes: number }
  | { readonly say: "ended"; readonly attempt: string; readonly blocks: number; readonly bytes: number }
  /** A lease or a heartbeat failed: the first of an outage at least, and then one gets through. */
  | { readonly say: "queue-failed"; readonly message: string; readonly hint: string | undefined }
  | { readonly say: "queue-back" }
  | { readonly say: "gave-up"; readonly why: string }
  | { readonly say: "failed"; readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };

/** Attempts tell more often than a line on a terminal changes. */
const tellEveryMs = 200;

/** Those after which `queue-back` follows (worker/reach.ts). */
const outageCalls: ReadonlySet<string> = new Set(["lease", "extend"]);

/** A runner that tells how far its attempts are. */
export function telling(runner: JobRunner, tell: (message: WorkerMessage) => void): JobRunner {
  return {
    ...readyOf(runner),
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

/** A log that also tells when the queue is away, and when it is back. */
export function tellingQueue(log: Log<AnyEvent>, tell: (message: WorkerMessage) => void): Log<AnyEvent> {
  return (event) => {
    log(event);
    if (event.event === "queue-back") tell({ say: "queue-back" });
    if (event.event !== "queue-failed" || !outageCalls.has(event.what)) return;
    tell({ say: "queue-failed", message: event.message, hint: event.hint });
  };
}
