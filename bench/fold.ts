/**
 * Folding: what a master does with the outputs of finished jobs, from resolutions to merged segments, by its own passes and
 * children; beside a fold of the same outputs into a map. Its processes have at most 512 MB each and 1,024 descriptors.
 *
 *   2,000 outputs at once, whose keys are the same, lie apart, or lie among each other      raw bytes by CPU second
 *   10,000 outputs at once                                       memory and descriptors of the process that has most
 *   100 outputs into an aggregate of 10,000, a hundred times over, beside empty ones        CPU, and bytes written
 *   one output into an aggregate that covers 1,000,000 blocks                               bytes written
 *
 * `fold-full` has all of it with 10,000 outputs: 8 GB that are made first, and half an hour.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FolderBlobStore } from "../shared/local/folder-store/store.ts";
import { contextIn, memoryBytesMax, resolveAll, saveHeads, writeBundle } from "./fold/aggregate.ts";
import type { Keys, Line, Outputs } from "./fold/aggregate.ts";
import { readLines } from "./fold/lines.ts";
import type { FoldReport } from "./fold/fold-child.ts";
import { costOf, paired } from "./measure.ts";
import type { Command, Compared, Cost } from "./measure.ts";
import { makeSample } from "./sample.ts";
import { spotfold } from "./spotfold.ts";
import type { Bench, Row, Setup } from "./types.ts";

const outputsFew = 2_000;
const outputsFull = 10_000;
/** Of the outputs: what the fold into a map takes in the same time, and has memory for. */
const besideOutputs = 500;
const lot = 100;
const lots = 100;
/** Folds into empty aggregates cost the same each time. */
const emptyLots = 20;
/** At 64 MB (`--mb`) an output has some 270 KB: a fifth of what a job gives that read 8 MB of pings. */
const entriesPerMb = 16;
const lotEntries = 100;
/** Rates of smaller outputs say little: opening a file costs as much as merging some hundred KB. */
const fullMb = 64;
/** One block: the outputs' entries come from what one job made of it. */
const sampleMb = 8;
const manyJobs = 1_000;
const blocksPerJob = 1_000;

const ways: readonly { keys: Keys; what: string; least?: number }[] = [
  { keys: "same", what: "of the same keys", least: 250 },
  { keys: "apart", what: "of keys apart", least: 400 },
  { keys: "interleaved", what: "of other keys in the same range" },
];

const program = (name: string): string => fileURLToPath(new URL(`fold/${name}.ts`, import.meta.url));

/** Node with few descriptors, which keeps what it compiled, as the command does: else a checkout's types are stripped each time. */
function kept(folder: string, args: readonly string[]): Command {
  const shell = `ulimit -n 1024; NODE_COMPILE_CACHE=$0 exec "$@"`;
  return { file: "bash", args: ["-c", shell, join(folder, "compiled"), process.execPath, ...args] };
}

async function fold(folder: string, folds: readonly string[]): Promise<{ cost: Cost; report: FoldReport }> {
  const report = join(folder, "report.json");
  const cost = await costOf(kept(folder, [program("fold-child"), folder, report, ...folds]));
  const told = JSON.parse(readFileSync(report, "utf8")) as FoldReport;
  return { cost, report: told };
}

async function prepared(folder: string, all: readonly Outputs[]): Promise<number> {
  await writeBundle(folder);
  const context = await contextIn(folder);
  const { store } = context;
  if (!(store instanceof FolderBlobStore)) throw new Error("not a folder");
  let rawBytes = 0;
  for (const one of all) rawBytes += await resolveAll(context, store, one);
  await saveHeads(folder, store, [...new Set(all.map(({ aggregate }) => aggregate))]);
  await store.close();
  return rawBytes;
}

/** Of the process that had most of it. */
function* limits(what: string, { residentBytes, descriptors }: FoldReport): Generator<Row> {
  const title = `fold of ${what}, of the process that has most:`;
  const one = { against: "", beside: NaN, ratio: { median: NaN, min: NaN, max: NaN } };
  const most = memoryBytesMax / 2 ** 20;
  yield { ...one, what: `${title} memory`, unit: "MiB", ours: residentBytes / 2 ** 20, target: { most, of: "ours" } };
  yield { ...one, what: `${title} descriptors`, unit: "open", ours: descriptors, target: { most: 1_024, of: "ours" } };
}

async function* rates({ runs, mb, folder }: Setup, outputs: number, lines: readonly Line[]): AsyncGenerator<Row> {
  for (const { keys, what, least } of ways) {
    const place = join(folder, keys);
    const one = { aggregate: "all", run: "r1", jobs: outputs, blocksPerJob: 1, lines, keys, first: 0 };
    const rawMb = (await prepared(place, [one])) / 1e6;
    const few = join(folder, `${keys}-few`);
    const fewMb = (await prepared(few, [{ ...one, jobs: besideOutputs }])) / 1e6;
    let report: FoldReport | null = null;
    const ours = async (): Promise<number> => {
      const folded = await fold(place, ["all/r1"]);
      ({ report } = folded);
      return rawMb / folded.cost.cpu;
    };
    const beside = async (): Promise<number> => {
      const args = ["--max-old-space-size=8192", program("naive-child"), few, "all", join(few, "result")];
      return fewMb / (await costOf(kept(few, args))).cpu;
    };
    yield {
      what: `fold of ${outputs.toLocaleString("en")} outputs ${what} (${Math.round((rawMb * 1e3) / outputs)} KB each), raw bytes by CPU second`,
      against: `${besideOutputs.toLocaleString("en")} of them into a map`,
      unit: "MB/s",
      ...(await paired(runs, ours, beside)),
      ...(least === undefined || mb < fullMb ? {} : { target: { least, of: "ours" } }),
    };
    if (report !== null && outputs === outputsFull)
      yield* limits(`${outputs.toLocaleString("en")} outputs ${what}`, report);
    rmSync(place, { recursive: true });
    rmSync(few, { recursive: true });
  }
}

async function* growth({ folder }: Setup, kinds: readonly Keys[], lines: readonly Line[]): AsyncGenerator<Row> {
  const numbers = Array.from({ length: lots }, (_, i) => i);
  for (const { keys, what } of ways) {
    if (!kinds.includes(keys)) continue;
    const place = join(folder, `growth-${keys}`);
    const one = { blocksPerJob: 1, lines, keys };
    await prepared(place, [{ ...one, aggregate: "large", run: "base", jobs: lot * lots, first: 0 }]);
    const base = await fold(place, ["large/base"]);
    yield* limits(`${(lot * lots).toLocaleString("en")} outputs ${what} (26 KB each)`, base.report);
    const added = numbers.map((i) => ({ ...one, jobs: lot, first: lot * (lots + i) }));
    await prepared(place, [
      ...added.map((some, i) => ({ ...some, aggregate: "large", run: `r${i}` })),
      ...added.slice(0, emptyLots).map((some, i) => ({ ...some, aggregate: `empty${i}`, run: "r" })),
    ]);
    const large = await fold(
      place,
      numbers.map((i) => `large/r${i}`),
    );
    const empty = await fold(
      place,
      numbers.slice(0, emptyLots).map((i) => `empty${i}/r`),
    );
    const each = (of: (one: typeof large) => number): Compared =>
      once({ ours: of(large) / lots, beside: of(empty) / emptyLots });
    const title = `fold of ${lot} outputs ${what} into an aggregate of ${(lot * lots).toLocaleString("en")}, mean of ${lots}`;
    const target = { most: 3, of: "ratio" } as const;
    const against = "into an empty one";
    yield { what: `${title}, CPU`, against, unit: "s", ...each(({ cost }) => cost.cpu), target };
    yield {
      what: `${title}, bytes written`,
      against,
      unit: "MB",
      ...each(({ report }) => report.written / 1e6),
      target,
    };
    rmSync(place, { recursive: true });
  }
}

/** What is measured once: bytes are the same each time, and a mean of a hundred folds is one already. */
function once({ ours, beside }: { readonly ours: number; readonly beside: number }): Compared {
  const ratio = ours / beside;
  return { ours, beside, ratio: { median: ratio, min: ratio, max: ratio } };
}

async function* coverage({ folder }: Setup, lines: readonly Line[]): AsyncGenerator<Row> {
  const place = join(folder, "coverage");
  const one = { aggregate: "covered", keys: "same", first: 0 } as const;
  await prepared(place, [{ ...one, run: "all", jobs: manyJobs, blocksPerJob, lines: [] }]);
  await fold(place, ["covered/all"]);
  await prepared(place, [{ ...one, run: "more", jobs: 1, blocksPerJob: 1, lines }]);
  const { report } = await fold(place, ["covered/more"]);
  const blocks = (manyJobs * blocksPerJob).toLocaleString("en");
  yield {
    what: `fold of one output into an aggregate that covers ${blocks} blocks, bytes written besides it`,
    against: "the output",
    unit: "MB",
    ...once({ ours: report.written / 1e6, beside: report.outputBytes / 1e6 }),
    target: { most: 1, of: "ours" },
  };
}

async function* rows(setup: Setup, outputs: number, growing: readonly Keys[]): AsyncGenerator<Row> {
  const { folder, mb } = setup;
  const sample = await makeSample(join(folder, "sample"), "zst", sampleMb, 1);
  const work = join(folder, "work");
  const places = ["store", "queue", "catalog", "work"].flatMap((name) => [`--${name}`, join(work, name)]);
  const from = ["--data", sample.blocks, "--definitions", sample.definitions, "--out", join(work, "site")];
  await costOf(spotfold(["run", "histograms", ...from, "--slots", "1", ...places], folder));
  const store = join(work, "store");
  yield* rates(setup, outputs, readLines(store, Math.max(1, Math.round(mb * entriesPerMb))));
  yield* growth(setup, growing, readLines(store, lotEntries));
  yield* coverage(setup, readLines(store, lotEntries));
}

export const folding: Bench = {
  name: "fold",
  about: "folding outputs, beside a fold into a map",
  run: (setup) => rows(setup, outputsFew, ["same"]),
};

export const foldingFull: Bench = {
  name: "fold-full",
  about: "the same with 10,000 outputs",
  long: true,
  run: (setup) => rows(setup, outputsFull, ["same", "apart"]),
};
