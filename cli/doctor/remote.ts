/** Checks of places that a server keeps: buckets and queues of SQS. What is written there is deleted again. */
import { systemRandom } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { openQueues, openWorkStore } from "../compose/ports.ts";
import { withScope } from "../compose/scope.ts";
import { counted } from "../report/lines.ts";
import { wrong } from "./check.ts";

const useAnother = "Use a server that keeps what S3 promises (docs/backends.md).";

/** Get, put, create, swap, list and delete, as a work store needs them. */
export async function checkBucket(place: string, settings: Settings): Promise<string> {
  return await withScope(async (scope) => {
    const store = await openWorkStore({ ...settings, store: place }, scope);
    await tryBlobs(store, useAnother);
    return place;
  });
}

/** The queues are found and may be asked. Nothing is sent: a worker of somebody else's could take it. */
export async function checkSqs(settings: Settings): Promise<string> {
  return await withScope(async (scope) => {
    const { jobs, ready } = await openQueues(settings, scope);
    const { visible, leased, delayed } = await jobs.counts();
    await ready.counts();
    return `${jobs.name}: about ${counted(visible + leased + delayed, "job")}; sending and leasing were not tried`;
  });
}

/** What the start-up probe leaves out: put, ranges, lists. */
export async function tryBlobs(store: BlobStore, lookAt: string): Promise<void> {
  const prefix = `probe/${systemRandom.hex(16)}/`;
  const keys = [`${prefix}a`, `${prefix}b`];
  try {
    for (const key of keys) await store.put(key, Buffer.from(key));
    for (const key of keys) {
      const read = await readAll(store, key);
      if (read === null || Buffer.from(read.bytes).toString() !== key)
        throw wrong(`${store.name} does not give back what was put`, lookAt);
    }
    const listed: string[] = [];
    for await (const { blobs } of store.list(prefix)) listed.push(...blobs.map(({ key }) => key));
    if (listed.join() !== keys.join()) throw wrong(`${store.name} does not list what was put`, lookAt);
  } finally {
    await store.delete(keys);
  }
  for (const key of keys) {
    if ((await store.head(key)) !== null) throw wrong(`${store.name} does not delete`, lookAt);
  }
}
