/**
 * The worker of the benchmark `year`: the real one, but for its runner, which reads no block and gives every job the same few
 * keys. Called with the folder that is worked in; a signal drains it.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { withScope } from "../cli/compose/scope.ts";
import { makeScratch, openWorker } from "../cli/compose/worker.ts";
import type { AttemptSegment, JobOutcome, JobRunner, JobTask } from "../executor/types.ts";
import { rm } from "node:fs/promises";
import { readSettings } from "../shared/config/settings.ts";
import { SegmentWriter } from "../shared/segment/writer.ts";
import { Worker } from "../worker/worker.ts";

/** Enough to keep both ends of the queue busy; each waits for the disk most of the time. */
const slots = 128;
const keysPerJob = 20;

function segmentOf(folder: string, task: JobTask): AttemptSegment {
  const partitions = [...new Set(task.blocks.map(({ partition }) => partition))].toSorted();
  const chunks: Uint8Array[] = [];
  const writer = new SegmentWriter((bytes) => void chunks.push(bytes), { columns: 2 });
  for (const partition of partitions) {
    for (let i = 0; i < keysPerJob; i++) writer.addText(`${partition}\tkey-${String(i).padStart(4, "0")}`, "1");
  }
  const summary = writer.finish();
  const path = join(folder, task.attempt);
  writeFileSync(path, Buffer.concat(chunks));
  return { ...summary, path, partitions, units: [""] };
}

function outcomeOf(task: JobTask, segment: AttemptSegment): JobOutcome {
  const report = { records: 1, rawBytes: 1, rejected: {}, verdict: "counted" as const };
  const reports = task.blocks.map(({ index }) => ({ index, ...report }));
  return { reports, faults: [], ended: null, segment, log: new Uint8Array() };
}

async function main(folder: string): Promise<void> {
  const settings = readSettings({}, { variables: {}, workingFolder: folder });
  await withScope(async (scope) => {
    const context = await openWorker({ settings, id: "no-op", slots, log: () => undefined }, scope);
    const scratch = await makeScratch(settings, "no-op-segments", scope);
    const runner: JobRunner = {
      run: async (task) => outcomeOf(task, segmentOf(scratch, task)),
      release: async (attempt) => await rm(join(scratch, attempt), { force: true }),
    };
    const worker = new Worker({ ...context, runner });
    process.once("SIGTERM", () => worker.drain("done"));
    await worker.run();
  });
}

await main(process.argv[2] ?? "");
