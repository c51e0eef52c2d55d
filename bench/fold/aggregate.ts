/**
 * Aggregates whose jobs are all resolved and not entered yet, in a folder store: what a master finds that was away while workers
 * went on. Admission, ledger, plans, resolutions and segments are the product's own; what the outputs hold is what one real
 * output of `histograms` holds, so many entries of it, with keys that meet those of other outputs or do not.
 */
import { join } from "node:path";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { bundleAnalysis } from "../../executor/bundle.ts";
import { ChildExecutors } from "../../executor/launch/executors.ts";
import type { BundleRef } from "../../executor/types.ts";
import { KEY_COLUMNS, UNIT_COLUMNS } from "../../jobs/histograms/keys.ts";
import type { MasterContext, PartitionedBlock } from "../../master/context.ts";
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { admitRun } from "../../master/passes/admit.ts";
import { readLocalFile } from "../../cli/compose/read-file.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { blocksDigest, type PlannedBlock } from "../../shared/formats/plan.ts";
import type { Resolution } from "../../shared/formats/resolution.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import { attemptKey, headKey, resolutionKey } from "../../shared/names.ts";
import { modulePath } from "../../shared/package-root.ts";
import { readPlan } from "../../shared/plan-file.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";

/** How the keys of one output stand to those of the others. */
export type Keys = "same" | "apart" | "interleaved";

/** One entry of a real output: its key's columns, partition first, and its value. */
export interface Line {
  readonly columns: readonly string[];
  readonly value: string;
}

export interface Outputs {
  readonly aggregate: string;
  readonly run: string;
  readonly jobs: number;
  readonly blocksPerJob: number;
  /** Of each output; none: jobs that give nothing. */
  readonly lines: readonly Line[];
  readonly keys: Keys;
  /** So that outputs of one run do not meet those of another, where keys are to be apart. */
  readonly first: number;
}

/** Outputs with values of their own; there are so many, in turn: it is the making of them that takes time. */
const variants = 13;

/** What a child of the master may take, and the master itself: the fold must do with it. */
export const memoryBytesMax = 512 * 2 ** 20;

const MEASURE_COLUMN = 3;

export async function contextIn(folder: string, change: Partial<MasterContext> = {}): Promise<MasterContext> {
  const store = await FolderBlobStore.open(join(folder, "store"), { create: true });
  const clock = systemClock;
  const random = systemRandom;
  const queue = (): MemoryJobQueue => new MemoryJobQueue({ clock, random });
  const limits = { heapBytesMax: memoryBytesMax / 2, rssBytesMax: memoryBytesMax, stallMs: 60_000 };
  const counted = change.store ?? store;
  return {
    id: "bench",
    store: counted,
    web: new MemoryBlobStore({ clock }),
    jobs: queue(),
    ready: queue(),
    dead: null,
    ledger: new Ledger(counted, random),
    rules: ledgerRules,
    executors: new ChildExecutors({ scratch: join(folder, "scratch"), limits }),
    blocksOf: async () => [],
    bundleOf: async () => bundleIn(folder),
    page: async () => [],
    readFile: readLocalFile,
    liveSlots: async () => 1,
    timing: {
      foldMs: 10_000,
      publishMs: 60_000,
      compactMs: 60_000,
      collectMs: 60_000,
      resendMs: 60_000,
      statusMs: 30_000,
      retainMs: 86_400_000,
      standbyMs: 20_000,
      scale: 1,
    },
    clock,
    random,
    log: () => undefined,
    ...change,
  };
}

function bundleIn(folder: string): BundleRef {
  return { sha256: "0".repeat(64), path: join(folder, "bundle.mjs"), params: {}, inputs: [] };
}

/** The analysis as its executors load it. */
export async function writeBundle(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { bytes } = await bundleAnalysis(modulePath("jobs/histograms/index"));
  writeFileSync(join(folder, "bundle.mjs"), bytes);
}

/** Admits the run and resolves its jobs. Answers the raw bytes of all outputs. */
export async function resolveAll(context: MasterContext, store: FolderBlobStore, outputs: Outputs): Promise<number> {
  const { aggregate, run, jobs, blocksPerJob } = outputs;
  const spec = specOf(aggregate, run);
  const blocks = Array.from({ length: jobs * blocksPerJob }, (_, i) => blockOf(run, i));
  await admitRun({ ...context, blocksOf: async () => blocks, liveSlots: async () => Math.ceil(jobs / 4) }, spec);
  const { manifest } = await context.ledger.read(aggregate);
  const open = manifest?.open.find((candidate) => candidate.run === run);
  // Of many blocks the plan makes what pieces it likes.
  if (open === undefined || (blocksPerJob === 1 && open.jobs !== jobs))
    throw new Error(`${run} has ${open?.jobs ?? 0} jobs instead of ${jobs}`);
  let rawBytes = 0;
  let number = outputs.first;
  const made = segmentsOf(outputs);
  for await (const { job, blocks: planned } of readPlan(store, aggregate, open.plan)) {
    rawBytes += await resolveOne(store, outputs, open.plan, job, planned, made(number++));
  }
  await store.flush();
  return rawBytes;
}

async function resolveOne(
  store: FolderBlobStore,
  { aggregate, run, lines }: Outputs,
  plan: string,
  job: string,
  blocks: readonly PlannedBlock[],
  { bytes, rawBytes }: Segment,
): Promise<number> {
  const attempt = systemRandom.hex(16);
  const key = attemptKey(aggregate, plan, job, attempt, "segment");
  if (lines.length > 0) await store.putUnsynced(key, bytes);
  const resolution: Resolution = {
    format: 1,
    run,
    plan,
    job,
    attempt,
    worker: "bench",
    digest: blocksDigest(blocks),
    covered: blocks.map((_, block) => ({ block, records: 1_000, rawBytes: 1_000_000, rejected: {} })),
    missing: [],
    remaining: [],
    handedOn: null,
    segment:
      lines.length === 0
        ? null
        : { key, bytes: bytes.length, entries: lines.length, partitions: ["20260101"], units: ["nightly\t41"] },
  };
  await store.putUnsynced(resolutionKey(aggregate, plan, job), encodeStored(resolution));
  return rawBytes;
}

interface Segment {
  readonly bytes: Buffer;
  readonly rawBytes: number;
}

/** Makes the output of a number. Those of the same keys and values are made once. */
function segmentsOf({ lines, keys }: Outputs): (number: number) => Segment {
  const sets = Array.from({ length: variants }, (_, variant) =>
    lines.map(({ columns, value }) => ({ columns, value: varied(value, variant) })),
  );
  const made = new Map<number, Segment>();
  return (number) => {
    const variant = number % variants;
    const known = keys === "same" ? made.get(variant) : undefined;
    const segment = known ?? segmentOf(sets[variant] ?? [], keys, number);
    made.set(variant, segment);
    return segment;
  };
}

function segmentOf(lines: readonly Line[], keys: Keys, number: number): Segment {
  const pieces: Uint8Array[] = [];
  const writer = new SegmentWriter((piece) => void pieces.push(piece), { columns: KEY_COLUMNS.length + 1 });
  const mark = String(number).padStart(6, "0");
  for (const { columns, value } of lines) {
    const own = ["20260101", "nightly", "41", ...columns.slice(MEASURE_COLUMN)];
    if (keys === "apart") own[MEASURE_COLUMN] = `${mark}_${own[MEASURE_COLUMN] ?? ""}`;
    if (keys === "interleaved") own.push(`${own.pop() ?? ""}-${mark}`);
    writer.addText(own.join("\t"), value);
  }
  const { rawBytes } = writer.finish();
  return { bytes: Buffer.concat(pieces), rawBytes };
}

/** Whole numbers of two digits and more become others: of the same length, nearly. */
function varied(value: string, variant: number): string {
  if (!value.startsWith("[")) return value;
  return value.replace(/(?<=[[,])[0-9]{2,14}(?=[,\]])/g, (digits) =>
    String(Number(digits) + variant * (digits.length + 1)),
  );
}

function specOf(aggregate: string, run: string): RunSpec {
  return {
    format: 1,
    run,
    aggregate,
    submittedAt: 0,
    bundle: "0".repeat(64),
    analysis: {
      name: "histograms",
      state: 1,
      key: [...KEY_COLUMNS],
      publishBy: UNIT_COLUMNS,
      pointer: "versions.json",
    },
    params: {},
    inputs: [],
    dataset: { name: "data", place: "memory:", layout: "d={date:yyyyMMdd}/", records: "ndjson" },
    filter: {},
    partitionBy: "date",
    reprocess: false,
    deadlineMs: 7 * 86_400_000,
  };
}

function blockOf(run: string, index: number): PartitionedBlock {
  const key = `d=20260101/${run}/block${String(index).padStart(7, "0")}.json.zst`;
  return { key, size: 1_000, etag: `"${index}"`, dimensions: { date: "20260101" }, partition: "20260101" };
}

/** Heads as they are now, so that the same fold can be done again. */
export async function saveHeads(folder: string, store: BlobStore, aggregates: readonly string[]): Promise<void> {
  const heads: Record<string, string> = {};
  for (const aggregate of aggregates) {
    const blob = await readAll(store, headKey(aggregate));
    heads[aggregate] = Buffer.from(blob?.bytes ?? "").toString();
  }
  writeFileSync(join(folder, "heads.json"), JSON.stringify(heads));
}

export async function restoreHeads(folder: string, store: BlobStore): Promise<void> {
  const heads = JSON.parse(readFileSync(join(folder, "heads.json"), "utf8")) as Record<string, string>;
  for (const [aggregate, head] of Object.entries(heads)) await store.put(headKey(aggregate), Buffer.from(head));
}
