/** The workers that are alive, by the age of their statuses. Hints: for cutting, sending again, confirming elsewhere, and for people. */
import { codeOf } from "./errors.ts";
import { parseStored } from "./formats/stored.ts";
import { workerStatusSchema, type WorkerStatus } from "./formats/worker-status.ts";
import { workersPrefix } from "./names.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import { readAll } from "./read-all.ts";

/** A worker that missed two statuses is taken for dead. */
const liveStatusIntervals = 3;

export interface LiveWorker {
  readonly status: WorkerStatus;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

interface Sign {
  readonly key: string;
  readonly ageMs: number;
}

/** All times are the store's. */
async function* signsOfLife(store: BlobStore, statusMs: number): AsyncGenerator<Sign, void, undefined> {
  for await (const page of store.list(workersPrefix)) {
    for (const { key, lastModified } of page.blobs) {
      const ageMs = page.storeTime - lastModified;
      if (ageMs <= liveStatusIntervals * statusMs) yield { key, ageMs };
    }
  }
}

/** Their ids, by a list alone. */
export async function liveWorkerIds(store: BlobStore, statusMs: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of signsOfLife(store, statusMs)) ids.push(key.slice(workersPrefix.length));
  return ids;
}

/** A status that only a newer version understands is left out: it must not stand in anybody's way. */
export async function liveWorkers(store: BlobStore, statusMs: number): Promise<LiveWorker[]> {
  const live: LiveWorker[] = [];
  for await (const { key, ageMs } of signsOfLife(store, statusMs)) {
    const blob = await readAll(store, key);
    const status = blob === null ? null : readable(key, blob.bytes);
    if (status !== null) live.push({ status, ageMs });
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
