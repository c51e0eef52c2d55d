/** Writing and reading of plans. A job's list is read by two range reads, whatever the plan's size. */
import { SpotfoldError } from "./errors.ts";
import type { BlockRows } from "./formats/block-rows.ts";
import { decodeBlocks, encodeBlocks, type PlannedBlock } from "./formats/plan.ts";
import { jobId, jobsPerPlanMax, planKey } from "./names.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import { blobSource } from "./segment/blob-source.ts";
import { decodeKey, encodeKeyBytes } from "./segment/key.ts";
import { SegmentReader } from "./segment/reader.ts";
import { SegmentWriter } from "./segment/writer.ts";

/** The plan's bytes: job n is `jobs[n]`. Throws `limit` when job ids run out of digits. */
export function encodePlan(jobs: readonly (readonly PlannedBlock[])[]): Uint8Array {
  checkJobs(jobs.length);
  return Buffer.concat([...planOf(jobs.values().map((blocks) => Buffer.from(encodeBlocks(blocks))))]);
}

/**
 * The same of rows, as it is written: a job for each point, as `BlockRows.lists` takes them, which takes them out. Throws
 * `limit` before anything is written.
 */
export function planBody(rows: BlockRows, points: readonly number[]): AsyncGenerator<Uint8Array, void, undefined> {
  checkJobs(points.length);
  return streamed(planOf(rows.lists(points)));
}

async function* streamed(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks;
}

function* planOf(lists: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const chunks: Uint8Array[] = [];
  const writer = new SegmentWriter((bytes) => chunks.push(bytes), { columns: 1, kind: "plan" });
  let index = 0;
  for (const list of lists) {
    writer.add(encodeKeyBytes([jobId(index++)]), list);
    yield* chunks.splice(0);
  }
  writer.finish();
  yield* chunks;
}

function checkJobs(jobs: number): void {
  if (jobs <= jobsPerPlanMax) return;
  throw new SpotfoldError("limit", `a plan of ${jobs} jobs is too large; the limit is ${jobsPerPlanMax}`, {
    hint: "Select less at once with --where or --last.",
  });
}

/** The blocks of one job of the plan (not of a successor); null when plan or job are not there. */
export async function readJobBlocks(
  store: BlobStore,
  aggregate: string,
  plan: string,
  job: string,
): Promise<PlannedBlock[] | null> {
  const reader = await openPlan(store, aggregate, plan);
  if (reader === null) return null;
  const value = await reader.get(encodeKeyBytes([job]));
  return value === undefined ? null : blocksOf(value);
}

/** All jobs of a plan, in order. */
export async function* readPlan(
  store: BlobStore,
  aggregate: string,
  plan: string,
): AsyncGenerator<{ job: string; blocks: PlannedBlock[] }, void, undefined> {
  const reader = await openPlan(store, aggregate, plan);
  if (reader === null) return;
  for await (const entries of reader.entries()) {
    for (const entry of entries) {
      const [job] = decodeKey(entry.key);
      if (job !== undefined) yield { job, blocks: blocksOf(entry.value) };
    }
  }
}

/** Null when there is no such plan. */
export async function openPlan(store: BlobStore, aggregate: string, plan: string): Promise<SegmentReader | null> {
  const key = planKey(aggregate, plan);
  const info = await store.head(key);
  return info === null ? null : await SegmentReader.open(await blobSource(store, key, info));
}

/** Of one job: the value under its id. */
export function blocksOf(value: Uint8Array): PlannedBlock[] {
  return decodeBlocks(Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8"));
}
