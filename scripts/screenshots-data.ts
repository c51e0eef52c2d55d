/** What the screenshots are of: sites that runs publish from a sample and from made access logs, and a run that goes on. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../test/support/requirements.ts";

const execute = promisify(execFile);
const bin = join(repositoryRoot, "bin/spotfold.cjs");

/** The same on every machine: how many jobs a run has follows from it. */
const env = { ...process.env, SPOTFOLD_SLOTS: "2" };

/** As a user calls it, in a folder. Exit code 3 says that blocks are missing, which is wanted here. */
export async function spotfold(folder: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await execute(process.execPath, [bin, ...args], { cwd: folder, env })).stdout;
  } catch (error) {
    if (typeof error === "object" && error !== null && "code" in error && error.code === 3) return "";
    throw error;
  }
}

export interface Started {
  /** What the pattern found in its output. */
  readonly found: string;
  readonly stop: () => Promise<void>;
}

/** Starts one that goes on; resolves when `said` stands in what it prints. */
export async function startSpotfold(folder: string, args: readonly string[], said: RegExp): Promise<Started> {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  let output = "";
  const found = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const match = said.exec(output);
        if (match !== null) resolve(match[1] ?? match[0]);
      });
    }
    child.once("exit", () => reject(new Error(`spotfold ${args.join(" ")} ended:\n${output}`)));
  });
  return {
    found,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** A folder of blocks with definitions beside it, one of the blocks damaged. */
export async function makeSample(folder: string): Promise<{ data: string; definitions: string }> {
  await spotfold(folder, "sample", "--out", "sample", "--mb", "90", "--blocks", "90", "--codecs", "zst,gz");
  const data = join(folder, "sample/blocks");
  const gzips = globSync("**/*.gz", { cwd: data }).toSorted();
  truncateSync(join(data, gzips[gzips.length >> 1] ?? ""), 5_000);
  return { data, definitions: join(folder, "sample/definitions/Histograms.json") };
}

/** Requests of a quarter of a year, the same each time: more on working days, a bad day now and then. */
export function makeAccessLogs(folder: string): string {
  const data = join(folder, "logs");
  let state = 7;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let day = 0; day < 92; day++) {
    const date = new Date(Date.UTC(2026, 0, 1 + day));
    const isWeekend = date.getUTCDay() % 6 === 0;
    const isBad = day % 31 === 17;
    const requests = Math.round((isWeekend ? 220 : 480) * (0.8 + 0.4 * random()) * (1 + day / 200));
    const lines = Array.from({ length: requests }, () => {
      const failed = random() < (isBad ? 0.2 : 0.015);
      const status = failed ? 500 : random() < 0.06 ? 404 : random() < 0.1 ? 304 : 200;
      return JSON.stringify({ status, method: random() < 0.85 ? "GET" : "POST", host: random() < 0.7 ? "www" : "api" });
    });
    const own = join(data, `dt=${date.toISOString().slice(0, 10)}`);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "access.ndjson"), lines.join("\n"));
  }
  return data;
}

/** An analysis that takes its time, so that its run can be looked at. */
export function writeSlowAnalysis(folder: string): string {
  const path = join(folder, "by-channel.ts");
  writeFileSync(
    path,
    `import { defineAnalysis } from "spotfold";
const pause = new Int32Array(new SharedArrayBuffer(4));
export default defineAnalysis<number>({
  name: "by-channel",
  key: ["channel"],
  map(record, emit) {
    Atomics.wait(pause, 0, 0, 10);
    emit([record.block.dimensions["appUpdateChannel"] ?? ""], 1);
  },
  merge: (a, b) => a + b,
});
`,
  );
  return path;
}
