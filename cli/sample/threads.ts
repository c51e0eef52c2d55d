/**
 * Blocks written by several threads: compressing them is all the work there is, and it keeps a core busy each. A thread takes
 * one block at a time. The first failure, or the signal, ends all threads; half blocks are left for the caller to remove.
 */
import { Worker } from "node:worker_threads";
import { SpotfoldError, type ErrorCode } from "../../shared/errors.ts";
import { modulePath } from "../../shared/package-root.ts";

export interface BlockTask {
  readonly index: number;
  /** Absolute; its suffix says the codec. */
  readonly path: string;
  readonly partial: string;
  readonly seed: number;
  readonly records: number;
}

export interface BlockWritten {
  readonly rawBytes: number;
  readonly bytes: number;
}

export type BlockAnswer =
  | { readonly written: BlockWritten }
  /** The parts of a system error, so that it can be told apart; or what was thrown. */
  | { readonly failed: { readonly message: string; readonly code?: string; readonly path?: string } }
  /** The parts of a `SpotfoldError`. */
  | { readonly refused: { readonly code: ErrorCode; readonly message: string; readonly hint?: string } };

export interface ThreadsOptions {
  readonly tasks: readonly BlockTask[];
  readonly threads: number;
  readonly done: (block: BlockWritten) => void;
  readonly signal?: AbortSignal;
}

/** Rejects with the signal's reason, or with what a thread failed with. All threads have ended by then. */
export async function runThreads({ tasks, threads, done, signal }: ThreadsOptions): Promise<void> {
  signal?.throwIfAborted();
  const left = tasks[Symbol.iterator]();
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  const workers = Array.from({ length: Math.min(threads, tasks.length) }, async () => {
    try {
      await runThread(left, done, stopped);
    } catch (error) {
      stop.abort(error);
    }
  });
  await Promise.all(workers);
  stopped.throwIfAborted();
}

/** One thread takes tasks until there are none. */
async function runThread(
  tasks: Iterator<BlockTask, undefined>,
  done: (block: BlockWritten) => void,
  stopped: AbortSignal,
): Promise<void> {
  const thread = new Worker(modulePath("cli/sample/block-thread"));
  try {
    await new Promise<void>((resolve, reject) => {
      const next = (): void => {
        const { value: task } = tasks.next();
        if (task === undefined) resolve();
        else thread.postMessage(task, []);
      };
      thread.on("message", (answer: BlockAnswer) => {
        if ("failed" in answer) {
          const { message, ...system } = answer.failed;
          // Only what the system said carries a call's name; without one it is passed on as it is.
          reject(Object.assign(new Error(message), system, system.code === undefined ? {} : { syscall: "write" }));
          return;
        }
        if ("refused" in answer) {
          const { code, message, ...options } = answer.refused;
          reject(new SpotfoldError(code, message, options));
          return;
        }
        done(answer.written);
        next();
      });
      thread.once("error", reject);
      thread.once("exit", () => reject(new SpotfoldError("internal", "a thread that writes blocks has ended")));
      stopped.addEventListener("abort", () => resolve(), { once: true });
      if (stopped.aborted) resolve();
      else next();
    });
  } finally {
    await thread.terminate();
  }
}
