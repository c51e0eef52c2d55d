/**
 * `npm run bench [-- NAME...] [--runs N] [--mb N] [--blocks DIR] [--jobs N] [--json FILE] [--help]`: runs the benchmarks, all but the long ones or those
 * named, and prints each beside the plainest way of doing the same, with its target where it has one. The ratios are what can be compared
 * between machines and days; README.md quotes them. `--json` writes the rows to a file as well.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { catalog } from "./catalog.ts";
import { decode } from "./decode.ts";
import { folding, foldingFull } from "./fold.ts";
import { jobs } from "./jobs.ts";
import { plan } from "./plan.ts";
import { queue } from "./queue.ts";
import { jsonOf, lineOf, tableHead } from "./report.ts";
import { render } from "./render.ts";
import { run } from "./run.ts";
import { scan } from "./scan.ts";
import { small } from "./small.ts";
import { smallS3 } from "./small-s3.ts";
import { store } from "./store.ts";
import type { Bench, Row } from "./types.ts";
import { where } from "./where.ts";
import { year } from "./year.ts";

const benches: readonly Bench[] = [
  decode,
  scan,
  run,
  where,
  jobs,
  small,
  smallS3,
  queue,
  store,
  plan,
  catalog,
  folding,
  foldingFull,
  render,
  year,
];

/** So that the median pair is one of the pairs, and one run of bad luck does not show. */
const runsDefault = 5;
/** Starting a process is a small part of the time from about here. */
const mbDefault = 64;
/** A year of the original's logs. */
const jobsDefault = 120_000;

const options = {
  runs: { type: "string" },
  mb: { type: "string" },
  blocks: { type: "string" },
  jobs: { type: "string" },
  json: { type: "string" },
  help: { type: "boolean" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

/** What there is to run, and how. */
function help(): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  const list = benches.map(
    ({ name, about, long }) =>
      `  ${name.padEnd(width)}  ${about}${long === true ? " (long: only when it is named)" : ""}`,
  );
  return [
    "npm run bench -- [NAME...] [--runs N] [--mb N] [--blocks DIR] [--jobs N] [--json FILE]",
    "",
    `  --runs N     pairs, of which the median is shown (${runsDefault})`,
    `  --mb N       raw megabytes of the sample (${mbDefault}); the targets of \`run\` are those of 1,000 and more`,
    "  --blocks DIR .lzma or .zst blocks, of one codec and laid out as telemetry's, that `run` and `where` take in place of the sample",
    `  --jobs N     of \`year\` (${jobsDefault.toLocaleString("en")})`,
    "  --json FILE  writes the rows there as well",
    "",
    ...list,
  ].join("\n");
}

function positive(values: Values, name: "runs" | "mb" | "jobs", otherwise: number): number {
  const number = Number(values[name] ?? otherwise);
  if (!(number >= 1)) throw new Error(`--${name} ${values[name] ?? ""} is no number from 1`);
  return number;
}

function chosen(positionals: readonly string[]): readonly Bench[] {
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    throw new Error(`no benchmark ${unknown.join(", ")}; there are ${benches.map((bench) => bench.name).join(", ")}`);
  }
  const isChosen = ({ name, long }: Bench): boolean =>
    positionals.length === 0 ? long !== true : positionals.includes(name);
  return benches.filter(isChosen);
}

function versionOf(tool: string): string {
  const text = execFileSync(tool, ["--version"], { encoding: "utf8" });
  return `${tool} ${/\d+(?:\.\d+)+/.exec(text)?.[0] ?? "?"}`;
}

const folder = mkdtempSync(join(tmpdir(), "spotfold-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130));

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  if (values.help === true) {
    console.log(help());
    return;
  }
  const setup = {
    runs: positive(values, "runs", runsDefault),
    mb: positive(values, "mb", mbDefault),
    jobs: positive(values, "jobs", jobsDefault),
    ...(values.blocks === undefined ? {} : { blocks: resolve(values.blocks) }),
  };
  const selected = chosen(positionals);
  const { runs, mb } = setup;
  const conditions = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? "?"}, ${process.platform} ${process.arch}`,
    versions: [`Node ${process.version.slice(1)}`, ...["xz", "zstd", "gzip"].map(versionOf)].join(", "),
    runs,
    mb,
  };
  console.log(`${conditions.date}, ${conditions.machine}; ${conditions.versions}`);
  console.log(`Medians of ${runs} pairs, ${mb} MB of raw pings.\n`);
  console.log(tableHead);
  const all: (Row & { readonly bench: string })[] = [];
  for (const bench of selected) {
    const place = join(folder, bench.name);
    mkdirSync(place);
    for await (const row of bench.run({ ...setup, folder: place })) {
      console.log(lineOf(row));
      all.push({ bench: bench.name, ...row });
      // After each row: what a later benchmark dies of takes nothing away.
      if (values.json !== undefined) writeFileSync(values.json, jsonOf(conditions, all));
    }
  }
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
});
