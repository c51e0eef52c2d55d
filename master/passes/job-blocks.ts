/**
 * Which blocks a job has. A job of the plan: what the plan says. A successor: what its parent's resolution handed on, and so
 * up to the plan. The plan is opened once; what was read ahead is kept until something else is expected, so that memory
 * follows from the batch and not from the plan.
 */
import type { PlannedBlock } from "../../shared/formats/plan.ts";
import { resolutionSchema, type Resolution } from "../../shared/formats/resolution.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { jobIndex, resolutionKey } from "../../shared/names.ts";
import { blocksOf, openPlan } from "../../shared/plan-file.ts";
import { readAll } from "../../shared/read-all.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { decodeKey, encodeKeyBytes, pointRange } from "../../shared/segment/key.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import type { SegmentReader } from "../../shared/segment/reader.ts";

/** Jobs that nobody asked for are read along when so few lie between two that are wanted: a request costs more. */
const gapJobsMax = 64;

export class JobBlocks {
  readonly #store: BlobStore;
  readonly #aggregate: string;
  readonly #plan: string;
  readonly #blocks = new Map<string, readonly PlannedBlock[] | null>();
  #reader: Promise<SegmentReader | null> | undefined;

  constructor(store: BlobStore, aggregate: string, plan: string) {
    this.#store = store;
    this.#aggregate = aggregate;
    this.#plan = plan;
  }

  /** Reads ahead what will be asked for, and forgets what was expected before. */
  async expect(jobs: readonly string[]): Promise<void> {
    this.#blocks.clear();
    const wanted = new Set(jobs.map((job) => job.slice(0, 6)));
    const reader = wanted.size === 0 ? null : await this.#open();
    if (reader === null) return;
    for (const [first, last] of stretches([...wanted].toSorted(compareTexts))) {
      const range = { from: encodeKeyBytes([first]), to: pointRange(encodeKeyBytes([last])).to };
      for await (const entries of reader.entries(range)) {
        for (const entry of entries) {
          const [job = ""] = decodeKey(entry.key);
          if (wanted.has(job)) this.#blocks.set(job, blocksOf(entry.value));
        }
      }
    }
  }

  /** Null when the plan, or a resolution on the way, is not there. */
  async of(job: string): Promise<readonly PlannedBlock[] | null> {
    const known = this.#blocks.get(job);
    if (known !== undefined) return known;
    const found = job.includes(".") ? await this.#ofSuccessor(job) : await this.#ofPlan(job);
    this.#blocks.set(job, found);
    return found;
  }

  async #ofPlan(job: string): Promise<readonly PlannedBlock[] | null> {
    const value = await (await this.#open())?.get(encodeKeyBytes([job]));
    return value === undefined ? null : blocksOf(value);
  }

  async #ofSuccessor(job: string): Promise<readonly PlannedBlock[] | null> {
    const parent = job.slice(0, job.lastIndexOf("."));
    const group = Number(job.slice(parent.length + 1)) - 1;
    const blocks = await this.of(parent);
    const resolution = await readResolution(this.#store, this.#aggregate, this.#plan, parent);
    const indexes = resolution?.remaining[group];
    if (blocks === null || indexes === undefined) return null;
    return indexes.flatMap((index) => blocks[index] ?? []);
  }

  async #open(): Promise<SegmentReader | null> {
    this.#reader ??= openPlan(this.#store, this.#aggregate, this.#plan);
    return await this.#reader;
  }
}

/** First and last of the groups of sorted jobs that are read at once. */
function* stretches(jobs: readonly string[]): Generator<readonly [first: string, last: string]> {
  let [first] = jobs;
  for (const [index, job] of jobs.entries()) {
    const next = jobs[index + 1];
    if (first === undefined || (next !== undefined && jobIndex(next) - jobIndex(job) <= gapJobsMax)) continue;
    yield [first, job];
    first = next;
  }
}

export async function readResolution(
  store: BlobStore,
  aggregate: string,
  plan: string,
  job: string,
): Promise<Resolution | null> {
  const key = resolutionKey(aggregate, plan, job);
  const blob = await readAll(store, key);
  return blob === null ? null : parseStored(key, blob.bytes, resolutionSchema);
}
