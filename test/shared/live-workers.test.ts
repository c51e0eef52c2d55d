/** Statuses of workers: the old are dead, as are those that say so, and one of a newer version stands in nobody's way. */
import assert from "node:assert/strict";
import { liveWorkerIds, liveWorkers } from "../../shared/live-workers.ts";
import { encodeWorkerStatus, type WorkerStatus } from "../../shared/formats/worker-status.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { workerKey } from "../../shared/names.ts";
import { tempDir } from "../support/temp.ts";

describe("workers that are alive", () => {
  it("are those with a status of late that does not say that they have ended", async () => {
    const store = await FolderBlobStore.open(tempDir("live"), { create: true });
    const counts = { slots: 3, jobs: [], resolved: 1, failed: 0 };
    const status: WorkerStatus = { format: 1, worker: "w1", startedAt: 0, at: 0, ...counts };
    await store.put(workerKey("w1"), encodeWorkerStatus(status));
    await store.put(workerKey("w2"), Buffer.from('{"format":2,"worker":"w2"}'));
    await store.put(workerKey("w3"), encodeWorkerStatus({ ...status, worker: "w3", ended: true }));
    assert.deepEqual(await liveWorkerIds(store, 60_000), ["w1", "w2"]);
    assert.deepEqual(
      (await liveWorkers(store, 60_000)).map((live) => [live.status.worker, live.status.slots]),
      [["w1", 3]],
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(await liveWorkers(store, 1), []);
    assert.deepEqual(await liveWorkerIds(store, 1), []);
    await store.close();
  });
});
