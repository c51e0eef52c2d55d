/**
 * The record of an attempt's start, written while its children are made ready: blocks may be read and decoded meanwhile, user
 * code waits. So whatever user code does to this machine, the attempt is on record.
 *
 *   being written --durable--> `begun` resolves, `done` too, and the start is logged
 *                 --refused, or no answer--> `done` rejects, `failed` aborts: the attempt has not been, and nothing of it is written
 */
import type { AttemptRecord } from "../shared/formats/attempt.ts";
import { encodeStored } from "../shared/formats/stored.ts";
import type { WorkerContext } from "./context.ts";
import { recordKeyOf } from "./records.ts";

export interface Recording {
  /** Rejects with what the store said. */
  readonly done: Promise<void>;
  /** The same, but stays open instead. */
  readonly begun: Promise<void>;
  readonly failed: AbortSignal;
}

/** The reason of `failed`; the job runner reads the cause. Nothing comes of it: the store's own error is what counts. */
const unrecorded = new Error("the attempt could not be recorded", { cause: "infrastructure" });

export function recordStart(context: WorkerContext, aggregate: string, record: AttemptRecord): Recording {
  const failed = new AbortController();
  const begun = Promise.withResolvers<void>();
  const write = async (): Promise<void> => {
    await context.store.put(recordKeyOf(aggregate, record), encodeStored(record));
    const { run, plan, job, attempt } = record;
    context.log({ event: "job-started", run, job: `${plan}/${job}`, attempt });
  };
  const done = write();
  done.then(begun.resolve, () => failed.abort(unrecorded));
  return { done, begun: begun.promise, failed: failed.signal };
}
