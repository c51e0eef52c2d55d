/** Runs a worker over the files of a folder, in jobs as they are cut, to be timed from outside: WORK_FOLDER DATA_FOLDER. */
import { readdirSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";

const [folder = "", data = ""] = process.argv.slice(2);
// As the command does it: compiled code is kept, here from the first turn on, which does not count.
enableCompileCache(join(dirname(folder), "compiled"));
const { jobBlocksMax } = await import("../master/plan/cut.ts");
const { plannedBlock, runJobs } = await import("./worker-jobs.ts");
const keys = readdirSync(data).toSorted();
const blocks = keys.map((key) => plannedBlock(key, statSync(join(data, key), { bigint: true })));
const jobs = Array.from({ length: Math.ceil(blocks.length / jobBlocksMax) }, (_, index) =>
  blocks.slice(index * jobBlocksMax, (index + 1) * jobBlocksMax),
);
await runJobs({ folder, slots: 1, data, jobs });
