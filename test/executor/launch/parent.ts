/** A parent to be killed: runs a job whose analysis loops for ever, prints the ids of its children, waits. */
import { execFileSync } from "node:child_process";
import { childRunner } from "../../../executor/launch/runner.ts";
import type { JobTask } from "../../../executor/types.ts";

const [scratch = "", text = ""] = process.argv.slice(2);
const { task, folder } = JSON.parse(text) as { task: JobTask; folder: string };

const timer = setInterval(() => {
  const ids = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent]) => parent === String(process.pid))
    .map(([id]) => id);
  console.log(`children ${ids.join(" ")}`);
}, 200);

await childRunner({ scratch }).run(task, {
  lend: (block) => Promise.resolve({ kind: "path", path: `${folder}/${block.key}` }),
  progress: ({ blocksDone }) => console.log(`${blocksDone} blocks done`),
  stop: new AbortController().signal,
});
clearInterval(timer);
