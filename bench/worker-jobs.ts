/**
 * A worker as the command composes it (folder store, SQLite queue, real children, everything synced), in this process, with jobs
 * that are put into its queue as a master puts them there. What a job costs beside its blocks can be measured so.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openWorker } from "../cli/compose/worker.ts";
import { withScope } from "../cli/compose/scope.ts";
import { bundleAnalysis } from "../executor/bundle.ts";
import { readSettings } from "../shared/config/settings.ts";
import { blocksDigest, toRow, type PlannedBlock } from "../shared/formats/plan.ts";
import type { RunSpec } from "../shared/formats/run.ts";
import { encodeStored } from "../shared/formats/stored.ts";
import { bundleKey, jobId, runKey } from "../shared/names.ts";
import { Worker } from "../worker/worker.ts";

export interface WorkerJobs {
  /** An empty folder. */
  readonly folder: string;
  readonly slots: number;
  /** Where the blocks lie. */
  readonly data: string;
  /** The blocks of each job. */
  readonly jobs: readonly (readonly PlannedBlock[])[];
}

export interface WorkerJobsResult {
  /** From the answer of the lease to the log's word that the job is resolved, ms, in the order of their ends. */
  readonly latenciesMs: readonly number[];
  /** From the worker's start to the first lease that gave a job, and to the last resolution, ms. */
  readonly firstLeaseMs: number;
  readonly allMs: number;
}

const plan = "bench.000000000000";
const analysis = fileURLToPath(new URL("count-records.ts", import.meta.url));

export async function runJobs(given: WorkerJobs): Promise<WorkerJobsResult> {
  const { folder, slots, jobs } = given;
  mkdirSync(folder, { recursive: true });
  return await withScope(async (scope) => {
    const settings = readSettings({}, { variables: { PATH: "" }, workingFolder: folder });
    const leasedAt = new Map<string, number>();
    const latenciesMs: number[] = [];
    let startedAt = 0;
    let firstLeaseMs = 0;
    let ended: () => void = () => undefined;
    const context = await openWorker(
      {
        settings,
        id: `bench-${process.pid}`,
        slots,
        probed: true,
        log: (event) => {
          if (event.event !== "job-ended") return;
          if (event.how !== "resolved") throw new Error(`a job ended otherwise: ${JSON.stringify(event)}`);
          latenciesMs.push(performance.now() - (leasedAt.get(event.job) ?? Number.NaN));
          if (latenciesMs.length === jobs.length) ended();
        },
      },
      scope,
    );
    const bundle = await bundleAnalysis(analysis);
    await context.store.put(bundleKey(bundle.sha256), bundle.bytes);
    const spec = specOf(given, bundle.sha256);
    await context.store.put(runKey(spec.run), encodeStored(spec));
    await context.jobs.send(jobs.map((blocks, index) => ({ body: bodyOf(spec, blocks, index) })));
    const lease: typeof context.jobs.lease = async (...args) => {
      const leases = await context.jobs.lease(...args);
      const now = performance.now();
      if (leases.length > 0) firstLeaseMs ||= now - startedAt;
      for (const { body } of leases) leasedAt.set(`${plan}/${(JSON.parse(body) as { job: string }).job}`, now);
      return leases;
    };
    const queue = new Proxy(context.jobs, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        return name === "lease" ? lease : typeof member === "function" ? member.bind(target) : member;
      },
    });
    const worker = new Worker({ ...context, jobs: queue });
    ended = () => worker.drain("all are resolved");
    startedAt = performance.now();
    await worker.run();
    return { latenciesMs, firstLeaseMs, allMs: performance.now() - startedAt };
  });
}

function specOf({ data }: WorkerJobs, bundle: string): RunSpec {
  return {
    format: 1,
    run: "bench",
    aggregate: "bench",
    submittedAt: 0,
    bundle,
    analysis: { name: "bench", state: 1, key: ["what"], publishBy: 0, pointer: "latest.json" },
    params: {},
    inputs: [],
    dataset: { name: "bench", place: `file:${data}`, layout: "{name}", records: "ndjson" },
    filter: {},
    partitionBy: null,
    reprocess: false,
    deadlineMs: 3_600_000,
  };
}

function bodyOf({ run, aggregate, bundle }: RunSpec, blocks: readonly PlannedBlock[], index: number): string {
  const message = { format: 1, run, aggregate, plan, job: jobId(index), bundle, send: 1, digest: blocksDigest(blocks) };
  return JSON.stringify({ ...message, blocks: blocks.map(toRow) });
}

/** A file of the data folder as the catalog has it. */
export function plannedBlock(key: string, { size, mtimeNs }: { size: bigint; mtimeNs: bigint }): PlannedBlock {
  return { key, size: Number(size), etag: `${size}-${mtimeNs}`, partition: "", tries: 0 };
}

/** The time that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
