/** How many messages the jobs queue had, over the time in which somebody looked: a ring of samples that this process keeps. */
import type { DepthSample } from "../../dashboard/status/document.ts";
import type { QueueCounts } from "../../shared/ports/job-queue.ts";

/** Two hours at one every ten seconds; 20 KB of JSON. */
export const samplesMax = 720;
/** What has not changed is noted so often, so that a document in which nothing happens keeps its etag for that long. */
const unchangedMs = 10_000;

export class DepthRing {
  #samples: readonly DepthSample[] = [];

  get samples(): readonly DepthSample[] {
    return this.#samples;
  }

  /** `at`: ms, never before the last one's. */
  note(at: number, { visible, leased, delayed }: QueueCounts): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && at < last[0] + unchangedMs) {
      if (last[1] === visible && last[2] === leased && last[3] === delayed) return;
    }
    this.#samples = [...this.#samples, [at, visible, leased, delayed] as const].slice(-samplesMax);
  }
}
