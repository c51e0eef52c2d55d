/** The workers that are alive, by their statuses: a hint for cutting a run into jobs, and what `status` shows. */
import { codeOf } from "../../shared/errors.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { workerStatusSchema, type WorkerStatus } from "../../shared/formats/worker-status.ts";
import { workersPrefix } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";

/** A worker that missed two statuses is taken for dead. */
const liveStatusIntervals = 3;

export interface LiveWorker {
  readonly status: WorkerStatus;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

/** A status that only a newer version understands is left out: it must not stand in anybody's way. */
export async function liveWorkers(store: BlobStore, statusMs: number): Promise<LiveWorker[]> {
  const live: LiveWorker[] = [];
  for await (const page of store.list(workersPrefix)) {
    for (const { key, lastModified } of page.blobs) {
      const ageMs = page.storeTime - lastModified;
      if (ageMs > liveStatusIntervals * statusMs) continue;
      const blob = await readAll(store, key);
      const status = blob === null ? null : readable(key, blob.bytes);
      if (status !== null) live.push({ status, ageMs });
    }
  }
  return live;
}

function readable(key: string, bytes: Uint8Array): WorkerStatus | null {
  try {
    return parseStored(key, bytes, workerStatusSchema);
  } catch (error) {
    if (codeOf(error) === "invalid-format") return null;
    throw error;
  }
}
