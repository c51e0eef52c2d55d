/**
 * `npm run bench [-- NAME...] [--runs N] [--mb N]`: runs the benchmarks, all or those named, and prints each beside the plainest
 * way of doing the same. The ratios are what can be compared between machines and days; README.md quotes them.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { decode } from "./decode.ts";
import { jobs } from "./jobs.ts";
import { queue } from "./queue.ts";
import { run } from "./run.ts";
import { small } from "./small.ts";
import { store } from "./store.ts";
import type { Bench, Row } from "./types.ts";

const benches: readonly Bench[] = [decode, run, jobs, small, queue, store];

/** So that the median pair is one of the pairs, and one run of bad luck does not show. */
const runsDefault = 5;
/** Starting a process is a small part of the time from about here. */
const mbDefault = 64;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string" }, mb: { type: "string" } },
});

function positive(name: "runs" | "mb", otherwise: number): number {
  const number = Number(values[name] ?? otherwise);
  if (!(number >= 1)) throw new Error(`--${name} ${values[name] ?? ""} is no number from 1`);
  return number;
}

function chosen(): readonly Bench[] {
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    throw new Error(`no benchmark ${unknown.join(", ")}; there are ${benches.map((bench) => bench.name).join(", ")}`);
  }
  return positionals.length === 0 ? benches : benches.filter((bench) => positionals.includes(bench.name));
}

function versionOf(tool: string): string {
  const text = execFileSync(tool, ["--version"], { encoding: "utf8" });
  return `${tool} ${/\d+(?:\.\d+)+/.exec(text)?.[0] ?? "?"}`;
}

function shown(number: number): string {
  return number >= 100 ? Math.round(number).toLocaleString("en") : number.toPrecision(3);
}

function lineOf({ what, against, unit, ours, beside, ratio }: Row): string {
  const spread = `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`;
  return `| ${what} | ${shown(ours)} ${unit} | ${shown(beside)} ${unit} (${against}) | **${ratio.median.toFixed(2)}** (${spread}) |`;
}

const folder = mkdtempSync(join(tmpdir(), "spotfold-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130));

async function main(): Promise<void> {
  const setup = { runs: positive("runs", runsDefault), mb: positive("mb", mbDefault) };
  const selected = chosen();
  const machine = `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? "?"}, ${process.platform} ${process.arch}`;
  const versions = [`Node ${process.version.slice(1)}`, ...["xz", "zstd", "gzip"].map(versionOf)].join(", ");
  console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}; ${versions}`);
  console.log(`Medians of ${setup.runs} pairs, ${setup.mb} MB of raw pings.\n`);
  console.log("| what | spotfold | beside it | ratio (least to most) |\n|---|---|---|---|");
  for (const bench of selected) {
    const place = join(folder, bench.name);
    mkdirSync(place);
    for await (const row of bench.run({ ...setup, folder: place })) console.log(lineOf(row));
  }
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
});
