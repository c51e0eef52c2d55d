/**
 * A year of the original's logs as jobs that do nothing: planned, sent, entered, merged and published by one real master on a
 * folder and SQLite, within a bound of memory. The blocks are files of 200 MB without content (sparse), the worker is the real
 * one but for its runner (year-worker.ts). What is measured is the master's whole process, by what the system says was its
 * greatest resident size; its merges and renders run in children of its own, as ever.
 *
 *   made -> submitted -> master and worker started -> looked at until all is published -> both stopped
 *
 * It takes the better part of an hour with a year's jobs: `npm run bench -- year`, `--jobs N` for fewer.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, createWriteStream, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openStore } from "../cli/compose/ports.ts";
import { withScope } from "../cli/compose/scope.ts";
import { addDays } from "../shared/dataset/calendar.ts";
import { readSettings } from "../shared/config/settings.ts";
import { encodeWorkerStatus } from "../shared/formats/worker-status.ts";
import { workerKey } from "../shared/names.ts";
import { costOf } from "./measure.ts";
import { spotfold } from "./spotfold.ts";
import type { Bench, Row, Setup } from "./types.ts";

const days = 365;
const blockBytes = 200 * 1000 * 1000;
/** The bound for a master of a year. */
const residentMbMax = 1_000;

const aggregate = "year";
const lookMs = 1_000;
/** Twice what it took on two busy cores. */
const runMsMax = 2 * 3_600_000;

/** One line, so that `submit` has a record to look at, and a hole. */
function makeBlocks(folder: string, jobs: number): void {
  for (let day = 0; day < days; day++) {
    const place = join(folder, `d=${addDays("20240101", day)}`);
    const count = Math.floor(((day + 1) * jobs) / days) - Math.floor((day * jobs) / days);
    mkdirSync(place, { recursive: true });
    for (let i = 0; i < count; i++) {
      const file = openSync(join(place, `${String(i).padStart(6, "0")}.json`), "w");
      writeSync(file, `{"n":${i}}\n`);
      ftruncateSync(file, blockBytes);
      closeSync(file);
    }
  }
}

/** As a fleet would say: four jobs for each slot, so that every block is a job. */
async function announceFleet(folder: string, jobs: number): Promise<void> {
  const settings = readSettings({}, { variables: {}, workingFolder: folder });
  await withScope(async (scope) => {
    const store = await openStore(settings, scope);
    const status = {
      worker: "fleet",
      startedAt: 0,
      at: 0,
      slots: Math.ceil(jobs / 4),
      jobs: [],
      resolved: 0,
      failed: 0,
    };
    await store.put(workerKey("fleet"), encodeWorkerStatus({ format: 1, ...status }));
  });
}

function started(file: string, args: readonly string[], folder: string, log: string): ChildProcess {
  const child = spawn(file, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.pipe(createWriteStream(join(folder, log)));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, "exit");
  child.kill("SIGTERM");
  await end;
}

/** Greatest resident size of a living process, MB. */
function peakMb(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, "utf8");
  return (Number(/^VmHWM:\s+([0-9]+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
}

/** What coverage.json says; zeros before there is one. */
function published(folder: string): { readonly covered: number; readonly open: number } {
  try {
    const text = readFileSync(join(folder, ".spotfold/web", aggregate, "coverage.json"), "utf8");
    return (JSON.parse(text) as { blocks: { covered: number; open: number } }).blocks;
  } catch {
    return { covered: 0, open: 0 };
  }
}

async function untilPublished(folder: string, jobs: number, children: readonly ChildProcess[]): Promise<void> {
  const until = performance.now() + runMsMax;
  while (published(folder).covered < jobs) {
    const over = children.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (over !== undefined) throw new Error(`${over.spawnargs.join(" ")} ended early; see its log in ${folder}`);
    if (performance.now() > until) throw new Error(`not published after ${runMsMax / 60_000} minutes`);
    await sleep(lookMs);
  }
}

async function* rows({ folder, jobs }: Setup): AsyncGenerator<Row> {
  const data = join(folder, "blocks");
  makeBlocks(data, jobs);
  const args = ["counts", "--by", "$.n", "--data", data, "--layout", "d={date:yyyyMMdd}/", "--into", aggregate];
  await costOf(spotfold(["submit", ...args], folder));
  await announceFleet(folder, jobs);
  const startedAt = performance.now();
  const { file, args: words } = spotfold(["master"]);
  const master = started(file, words, folder, "master.log");
  const worker = started(
    file,
    [fileURLToPath(new URL("year-worker.ts", import.meta.url)), folder],
    folder,
    "worker.log",
  );
  let peak = NaN;
  try {
    await untilPublished(folder, jobs, [master, worker]);
    peak = peakMb(master);
  } finally {
    await Promise.all([ended(worker), ended(master)]);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const what = `${jobs.toLocaleString("en")} jobs of 200 MB that do nothing, from plan to publication by one master`;
  const alone = { against: "", beside: NaN, ratio: { median: NaN, min: NaN, max: NaN } };
  yield { what: `${what}: memory`, unit: "MB", ours: peak, ...alone, target: { most: residentMbMax, of: "ours" } };
  yield { what: `${what}: wall time`, unit: "s", ours: seconds, ...alone };
}

export const year: Bench = { name: "year", about: "a year of no-op jobs by one master", long: true, run: rows };
