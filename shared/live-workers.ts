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
export const liveStatusIntervals = 3;

/** Statuses read at once: most are of a few hundred bytes, and a fleet has hundreds. */
const readsAtOnce = 32;

export interface LiveWorker {
  readonly status: WorkerStatus;
  /** Since its last sign of life. */
  readonly ageMs: number;
}

export interface WorkerSign {
  readonly id: string;
  readonly ageMs: number;
  /** The store's clock, ms. */
  readonly seenAt: number;
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

/** Those who have not said that they ended. */
async function signsOfLife(store: BlobStore, statusMs: number): Promise<WorkerSign[]> {
  const { signs } = await workerSigns(store, liveStatusIntervals * statusMs);
  return signs.filter(({ status }) => status?.ended !== true);
}

/**
 * The last word of every worker that said one within `withinMs`, those who ended included. All times are the store's;
 * `storeTime` is 0 when there was never a worker.
 */
export async function workerSigns(
  store: BlobStore,
  withinMs: number,
): Promise<{ readonly signs: readonly WorkerSign[]; readonly storeTime: number }> {
  const recent: { readonly key: string; readonly ageMs: number; readonly seenAt: number }[] = [];
  let storeTime = 0;
  for await (const page of store.list(workersPrefix)) {
    storeTime = page.storeTime;
    for (const { key, lastModified } of page.blobs) {
      const ageMs = page.storeTime - lastModified;
      if (ageMs <= withinMs) recent.push({ key, ageMs, seenAt: lastModified });
    }
  }
  const signs = await pLimit(readsAtOnce).map(recent, async ({ key, ageMs, seenAt }): Promise<WorkerSign[]> => {
    const blob = await readAll(store, key);
    if (blob === null) return [];
    const status = parseIfKnown(key, blob.bytes, workerStatusSchema);
    return [{ id: key.slice(workersPrefix.length), ageMs, seenAt, status }];
  });
  return { signs: signs.flat(), storeTime };
}
