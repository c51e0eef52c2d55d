/**
 * All suites, in a few processes at a time. Most of what the slow suites do is waiting for processes that they started: two at
 * once take little more than half the time.
 *
 * A part is what one process runs: one of the slow files, else all of a folder. What a part prints is shown when it has
 * ended, whole, so that nothing of another part stands between. A part that ends without its last line is one failure.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { summaryLine } from "../test/support/reporter.ts";
import { repositoryRoot } from "../test/support/requirements.ts";

/** Each file below these is a part; what takes longest first. */
const slow: readonly string[] = [
  "faults/",
  "dashboard/",
  "contract/job-queue-sqs",
  "contract/job-queue-fauxqs",
  "contract/job-queue-localstack",
  "contract/blob-store-s3",
  "contract/blob-store-fauxqs",
  "contract/blob-store-localstack",
  "e2e/",
  "shared/aws/",
  "packaging/",
  "bin/",
  "executor/launch/",
  "support/",
  "readme/",
];

/** These measure times and rates, or keep all cores busy by themselves: nothing runs beside them. */
const alone: readonly string[] = [
  "shared/local/",
  "contract/blob-store.test",
  "contract/job-queue.test",
  "dashboard/page/speed",
  "sim/",
];

/** More parts at once than there are cores: servers that stop, leases that end and back-off are waited for. */
const lanesBeyondCores = 1;

/** Of what a failed part said of its failures, shown again at the end: enough for a diff and what the processes logged. */
const failureCharactersMax = 6_000;

interface Part {
  readonly name: string;
  readonly files: readonly string[];
}

interface Counts {
  passes: number;
  failures: number;
  pending: number;
}

/** Runs these test files (relative to the repository), with further arguments of the runner. Prints everything, the total last. Answers the exit code. */
export async function runInLanes(files: readonly string[], args: readonly string[]): Promise<number> {
  const total: Counts = { passes: 0, failures: 0, pending: 0 };
  const failed: { readonly name: string; readonly said: string }[] = [];
  const runPart = async (part: Part): Promise<void> => {
    const { counts, output } = await run(part, args);
    total.passes += counts.passes;
    total.failures += counts.failures;
    total.pending += counts.pending;
    if (counts.failures > 0) failed.push({ name: part.name, said: failuresIn(output) });
  };
  const { together, apart } = partsOf(files);
  const lane = async (): Promise<void> => {
    for (let part = together.shift(); part !== undefined; part = together.shift()) await runPart(part);
  };
  await Promise.all(Array.from({ length: availableParallelism() + lanesBeyondCores }, lane));
  for (const part of apart) await runPart(part);
  // Again, since the end of a long log is what people look at, and what CI keeps.
  for (const { name, said } of failed) console.log(`\n== failed: ${name}\n${said}`);
  if (failed.length > 0) console.log(`\nfailed in: ${failed.map(({ name }) => name).join(", ")}`);
  console.log(summaryLine(total));
  return failed.length > 0 ? 1 : 0;
}

function partsOf(files: readonly string[]): { together: Part[]; apart: Part[] } {
  const left = new Set(files);
  const below = (prefix: string): string[] => {
    const taken = [...left].filter((file) => file.startsWith(`test/${prefix}`));
    for (const file of taken) left.delete(file);
    return taken;
  };
  const single = (prefix: string): Part[] => below(prefix).map((file) => ({ name: file, files: [file] }));
  const apart = alone.flatMap(single);
  const slowParts = slow.flatMap(single);
  const folders = new Set([...left].map((file) => file.split("/")[1] ?? ""));
  const quick = [...folders].map((folder) => ({ name: `test/${folder}`, files: below(`${folder}/`) }));
  // Whole folders take longer than any file: begun last, one lane would end long after the others.
  return { together: [...quick, ...slowParts], apart };
}

/** From mocha's count of failures on: what failed and why. Else the end, when it came to no count. */
function failuresIn(output: string): string {
  const counted = output.search(/^\s+\d+ failing\b/m);
  return counted < 0 ? output.slice(-failureCharactersMax) : output.slice(counted, counted + failureCharactersMax);
}

async function run(part: Part, args: readonly string[]): Promise<{ readonly counts: Counts; readonly output: string }> {
  const script = join(repositoryRoot, "scripts/test.ts");
  const startedAt = performance.now();
  // In the group of this process: an interrupt from the terminal reaches it as well.
  const child = spawn(process.execPath, [script, ...args, ...part.files], {
    cwd: repositoryRoot,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => (output += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  output = output.trimEnd();
  console.log(`\n== ${part.name} (${((performance.now() - startedAt) / 1000).toFixed(0)} s)\n${output}`);
  const last = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(output.split("\n").at(-1) ?? "");
  if (last === null) return { counts: { passes: 0, failures: 1, pending: 0 }, output };
  const [passes = 0, failures = 0, pending = 0] = last.slice(1).map(Number);
  return { counts: { passes, failures: failures === 0 && code !== 0 ? 1 : failures, pending }, output };
}
