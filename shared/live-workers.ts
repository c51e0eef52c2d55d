/**
 * The workers that are alive: by the age of their statuses, unless these say that they have ended. Hints: for cutting, sending
 * again, confirming elsewhere, and for people.
 */
import pLimit from "p-limit";
import { parseIfKnown } from "./formats/stored.ts";
import { workerStatusSchema, type WorkerStatus } from "./formats/worker-status.ts";
import { workersPrefix } from "./names.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import { readAll } from "./read-all.ts";

/** A worker that missed two statuses is taken for dead. */
const liveStatusIntervals = 3;

/** Statuses read at once: most are of a few hundred bytes, and a fleet has hundreds. */
const readsAtOnce = 32;

export interface LiveWorker {
  readonly status: WorkerStatus;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

interface Sign {
  readonly id: string;
  readonly ageMs: number;
  /** Null when only a newer version understands it. */
  readonly status: WorkerStatus | null;
}

/** Their ids. One whose status only a newer version understands is one of them. */
export async function liveWorkerIds(store: BlobStore, statusMs: number): Promise<string[]> {
  return (await signsOfLife(store, statusMs)).map(({ id }) => id);
}

/** A status that only a newer version understands is left out: it must not stand in anybody's way. */
export async function liveWorkers(store: BlobStore, statusMs: number): Promise<LiveWorker[]> {
  const signs = await signsOfLife(store, statusMs);
  return signs.flatMap(({ status, ageMs }) => (status === null ? [] : [{ status, ageMs }]));
}

/** All times are the store's. */
async function signsOfLife(store: BlobStore, statusMs: number): Promise<Sign[]> {
  const recent: { readonly key: string; readonly ageMs: number }[] = [];
  for await (const page of store.list(workersPrefix)) {
    for (const { key, lastModified } of page.blobs) {
      const ageMs = page.storeTime - lastModified;
      if (ageMs <= liveStatusIntervals * statusMs) recent.push({ key, ageMs });
    }
  }
  const signs = await pLimit(readsAtOnce).map(recent, async ({ key, ageMs }): Promise<Sign[]> => {
    const blob = await readAll(store, key);
    if (blob === null) return [];
    const status = parseIfKnown(key, blob.bytes, workerStatusSchema);
    return status?.ended === true ? [] : [{ id: key.slice(workersPrefix.length), ageMs, status }];
  });
  return signs.flat();
}
