/**
 * A folder as Spotfold leaves it while much is wrong: an open run that is held, one that goes on, one that ended with missing
 * blocks, workers alive and silent, attempts with hostile logs. Written by the product's own encoders and commits.
 */
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { Ledger } from "../../../master/ledger/ledger.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { encodeWorkerStatus, type WorkerStatus } from "../../../shared/formats/worker-status.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { attemptKey, workerKey } from "../../../shared/names.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";
import { admitted, held, specOf, submitted } from "../../cli/work-store.ts";
import { seededRandom } from "../../support/manual-clock.ts";

export const hostile = "<img src=x onerror=\"document.title='broken'\">";
export const rightToLeft = "מערכת הפעלה";

/** As executors write it: more lines than are shown at once, with colours and a bell. */
export const longLog = Array.from(
  { length: 40 },
  (_, line) => `${JSON.stringify({ printed: `\u001b[31mline ${line}\u001b[0m\u0007` })}\n`,
).join("");

export const runs = {
  held: "20260101-120000-0a1b2c3d",
  going: "20260101-130000-1a2b3c4d",
  waiting: "20260101-140000-2a3b4c5d",
} as const;

const planOf = (run: string): string => `${run}.0123456789ab`;

async function worker(store: BlobStore, name: string, changes: Partial<WorkerStatus>): Promise<void> {
  const idle = { slots: 2, jobs: [], resolved: 3, failed: 1 };
  await store.put(
    workerKey(name),
    encodeWorkerStatus({ format: 1, worker: name, startedAt: 0, at: 0, ...idle, ...changes }),
  );
}

async function attempt(store: BlobStore, run: string, job: string, id: string, log: string | null): Promise<void> {
  const key = (part: "record" | "log"): string => attemptKey("dashboard", planOf(run), job, id, part);
  const cause = "bad-input" as const;
  const end = {
    at: 1,
    cause,
    reason: "corrupt",
    message: `${hostile} ended at byte 12`,
    hint: "Fetch it again.",
    block: 0,
    beforeFirstRecord: false,
  };
  const record = {
    format: 1,
    run,
    plan: planOf(run),
    job,
    attempt: id,
    worker: hostile,
    handle: "h",
    startedAt: Date.now() - 60_000,
    memory: 1,
    end: log === null ? null : end,
  };
  await store.put(key("record"), encodeStored(record));
  if (log !== null) await store.put(key("log"), Buffer.from(log));
}

/** Below `folder`, where `--store` is told to look. */
export async function fillWorkFolder(folder: string): Promise<void> {
  const store = await FolderBlobStore.open(folder, { create: true });
  try {
    for (const run of [runs.held, runs.going]) {
      await submitted(store, specOf(run, { aggregate: "dashboard" }));
      await admitted(store, specOf(run, { aggregate: "dashboard" }), 40);
    }
    await submitted(store, specOf(runs.waiting, { aggregate: "dashboard" }));
    await held(store, runs.held, {
      what: `access to s3://logs/${hostile} was denied`,
      where: "worker build-1",
      hint: "Allow s3:GetObject to the role of the workers.",
      since: Date.now() - 90_000,
      until: Date.now() + 3_600_000,
      times: 3,
    });
    await new Ledger(store, seededRandom(9)).commit("dashboard", ({ manifest }) => {
      if (manifest === null) throw new Error("it is there");
      const open = manifest.open.map((run) =>
        run.run === runs.going
          ? {
              ...run,
              foldedJobs: 25,
              admittedAt: run.admittedAt - 300_000,
              totals: { ...run.totals, covered: 23, missing: 2, records: 1_234_567 },
            }
          : run,
      );
      return { manifest: { ...manifest, open }, result: null };
    });
    await worker(store, "build-1", { jobs: [`${planOf(runs.going)}/000026`] });
    await worker(store, `build-${hostile}`.slice(0, 20).replaceAll(/[^a-z0-9-]/g, "-"), { worker: hostile });
    await worker(store, "build-2", { jobs: [`${planOf(runs.going)}/000027`] });
    await attempt(store, runs.going, "000003", "00000000000000aa", `line one\n${hostile}\n${rightToLeft}\n`);
    await attempt(store, runs.going, "000004", "00000000000000ab", null);
    await attempt(store, runs.going, "000004", "00000000000000ac", longLog);
  } finally {
    await store.close();
  }
  // Not heard of for ten minutes.
  const silent = new Date(Date.now() - 600_000);
  utimesSync(join(folder, workerKey("build-2")), silent, silent);
}
