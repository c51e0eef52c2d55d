/**
 * What a job costs beside its blocks: jobs of one empty block, one after the other, from the lease to the resolution, everything
 * synced to the disk. While it has no executor that waits, a slot leases nothing: the start of the next job's process lies between
 * jobs, and is in the row for all of it. Beside the start and end of a Node process that does nothing.
 */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { costOf, paired } from "./measure.ts";
import type { Bench, Row, Setup } from "./types.ts";
import { percentile, plannedBlock, runJobs, type WorkerJobsResult } from "./worker-jobs.ts";

/** As the target has it, all pairs together. */
const jobsTotal = 1_000;

const targets = {
  median: { most: 0.025, of: "ours" },
  slowest: { most: 0.06, of: "ours" },
  first: { most: 1, of: "ours" },
} as const;

async function* rows({ runs, folder }: Setup): AsyncGenerator<Row> {
  const block = "empty.ndjson";
  writeFileSync(join(folder, block), "");
  const planned = plannedBlock(block, statSync(join(folder, block), { bigint: true }));
  const jobs = Math.ceil(jobsTotal / runs);
  let number = 0;
  for (const slots of [1, 2]) {
    const seen: WorkerJobsResult[] = [];
    const run = async (): Promise<WorkerJobsResult> => {
      const place = join(folder, `work${number++}`);
      const result = await runJobs({
        folder: place,
        slots,
        data: folder,
        jobs: Array.from({ length: jobs }, () => [planned]),
      });
      seen.push(result);
      return result;
    };
    const beside = async (): Promise<number> => (await costOf({ file: process.execPath, args: ["-e", "0"] })).wall;
    const median = await paired(runs, async () => percentile((await run()).latenciesMs, 50) / 1000, beside);
    const text = `${jobs * runs} empty jobs back to back, ${slots === 1 ? "one slot" : "two slots"}`;
    const common = { against: "node -e 0", unit: "s", beside: median.beside };
    yield { what: `${text}: from lease to resolved, median`, ...common, ...median, target: targets.median };
    // Of the runs that count: the first filled caches.
    const counted = seen.slice(1);
    const all = counted.flatMap(({ latenciesMs }) => [...latenciesMs]);
    const rest = [
      { what: `${text}: 95 of 100 take at most`, value: percentile(all, 95), target: targets.slowest },
      { what: `${text}: time by job, starts of processes included`, value: meanOf(counted, jobs) },
      {
        what: `worker with ${slots === 1 ? "one slot" : "two slots"} starts: until its first lease`,
        value: percentile(
          counted.map(({ firstLeaseMs }) => firstLeaseMs),
          50,
        ),
        target: targets.first,
      },
    ];
    for (const { what, value, ...target } of rest) {
      const ours = value / 1000;
      const ratio = ours / median.beside;
      yield { what, ...common, ours, ratio: { median: ratio, min: ratio, max: ratio }, ...target };
    }
  }
}

function meanOf(results: readonly WorkerJobsResult[], jobs: number): number {
  return results.reduce((sum, { allMs }) => sum + allMs, 0) / (results.length * jobs);
}

export const jobs: Bench = { name: "jobs", about: "what a job costs beside its blocks", run: rows };
