/**
 * Gives back what dead workers of this machine held, so that nobody waits until their leases run out. An attempt record that
 * has no end names its worker and its lease; a worker's name tells whether its process is gone. A job that is given back by
 * mistake is executed twice and counted once.
 */
import { attemptSchema } from "../../shared/formats/attempt.ts";
import type { OpenRun } from "../../shared/formats/ledger.ts";
import { parseIfKnown } from "../../shared/formats/stored.ts";
import { aggregatesPrefix, resolutionKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { isDeadHere } from "../compose/process-id.ts";

export interface DeadWorkersInput {
  readonly store: BlobStore;
  readonly jobs: JobQueue;
  readonly aggregate: string;
  readonly open: readonly OpenRun[];
  /** Attempts that were given back before; filled. */
  readonly done: Set<string>;
}

/** Answers how many jobs were given back. */
export async function releaseDeadWorkers(input: DeadWorkersInput): Promise<number> {
  const { store, jobs, aggregate, open, done } = input;
  const handles: string[] = [];
  for (const { plan } of open) {
    for await (const page of store.list(`${aggregatesPrefix}${aggregate}/attempts/${plan}/`)) {
      for (const { key } of page.blobs) {
        if (!key.endsWith("/record") || done.has(key)) continue;
        const blob = await readAll(store, key);
        if (blob === null) continue;
        // What only a newer version understands is left: its lease runs out by itself.
        const record = parseIfKnown(key, blob.bytes, attemptSchema);
        if (record === null || record.end !== null || !isDeadHere(record.worker)) continue;
        const { handle, job } = record;
        done.add(key);
        if ((await store.head(resolutionKey(aggregate, plan, job))) === null) handles.push(handle);
      }
    }
  }
  if (handles.length > 0) await jobs.release(handles.map((handle) => ({ handle, delayMs: 0 })));
  return handles.length;
}
