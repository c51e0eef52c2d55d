/**
 * Which blocks a job has. A job of the plan: what the plan says. A successor: what its parent's resolution handed on, and so
 * up to the plan. Kept for the length of a pass: resolutions never change.
 */
import type { PlannedBlock } from "../../shared/formats/plan.ts";
import { resolutionSchema, type Resolution } from "../../shared/formats/resolution.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { resolutionKey } from "../../shared/names.ts";
import { readJobBlocks, readPlan } from "../../shared/plan-file.ts";
import { readAll } from "../../shared/read-all.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";

/** More jobs than this at once: the plan is read whole instead of by range. */
const readWholeJobs = 16;

export class JobBlocks {
  readonly #store: BlobStore;
  readonly #aggregate: string;
  readonly #plan: string;
  readonly #blocks = new Map<string, readonly PlannedBlock[] | null>();

  constructor(store: BlobStore, aggregate: string, plan: string) {
    this.#store = store;
    this.#aggregate = aggregate;
    this.#plan = plan;
  }

  /** Reads ahead what will be asked for. */
  async expect(jobs: readonly string[]): Promise<void> {
    const wanted = new Set(jobs.map((job) => job.slice(0, 6)).filter((job) => !this.#blocks.has(job)));
    if (wanted.size <= readWholeJobs) return;
    for await (const { job, blocks } of readPlan(this.#store, this.#aggregate, this.#plan)) {
      if (wanted.has(job)) this.#blocks.set(job, blocks);
    }
  }

  /** Null when the plan, or a resolution on the way, is not there. */
  async of(job: string): Promise<readonly PlannedBlock[] | null> {
    const known = this.#blocks.get(job);
    if (known !== undefined) return known;
    const found = job.includes(".")
      ? await this.#ofSuccessor(job)
      : await readJobBlocks(this.#store, this.#aggregate, this.#plan, job);
    this.#blocks.set(job, found);
    return found;
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
