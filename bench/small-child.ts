/** Runs a worker over the files of a folder, jobs of 1,000 blocks, to be timed from outside: WORK_FOLDER DATA_FOLDER. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { plannedBlock, runJobs } from "./worker-jobs.ts";

/** As jobs are cut. */
const blocksPerJob = 1_000;

const [folder = "", data = ""] = process.argv.slice(2);
const keys = readdirSync(data).toSorted();
const blocks = keys.map((key) => plannedBlock(key, statSync(join(data, key), { bigint: true })));
const jobs = Array.from({ length: Math.ceil(blocks.length / blocksPerJob) }, (_, index) =>
  blocks.slice(index * blocksPerJob, (index + 1) * blocksPerJob),
);
await runJobs({ folder, slots: 1, data, jobs });
