/** What a master remembers of its sends, by plan. Losing it costs doubles only. */
import { liveWorkers } from "../../shared/live-workers.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";

/** A job is sent again without an empty queue after so many times the interval, doubled for each time before. */
const patienceIntervals = 10;
const patienceDoublingsMax = 6;

interface PlanState {
  cursor: number | null;
  readonly sent: Set<string>;
  lastSend: number | null;
  emptySince: number | null;
  sends: number;
}

export class SendState {
  readonly #plans = new Map<string, PlanState>();

  cursor(plan: string): number | null {
    return this.#of(plan).cursor;
  }

  setCursor(plan: string, next: number): void {
    this.#of(plan).cursor = next;
  }

  wasSent(plan: string, job: string): boolean {
    return this.#of(plan).sent.has(job);
  }

  noteSent(plan: string, job: string): void {
    if (job.includes(".")) this.#of(plan).sent.add(job);
  }

  noteSend(plan: string, now: number): void {
    const state = this.#of(plan);
    state.lastSend = now;
    state.emptySince = null;
  }

  /** Monotonic ms. A master that just started counts from its first look. */
  lastSend(plan: string): number | null {
    return this.#of(plan).lastSend;
  }

  /** Whether the queue was seen empty for `intervalMs`, in this look and an earlier one. */
  sawEmpty(plan: string, empty: boolean, now: number, intervalMs: number): boolean {
    const state = this.#of(plan);
    state.lastSend ??= now;
    if (!empty) state.emptySince = null;
    else state.emptySince ??= now;
    return state.emptySince !== null && now - state.emptySince >= intervalMs;
  }

  patienceMs(plan: string, intervalMs: number): number {
    return intervalMs * patienceIntervals * 2 ** Math.min(this.#of(plan).sends, patienceDoublingsMax);
  }

  /** The number of the next send of this plan's jobs, at least 2. */
  nextSend(plan: string): number {
    const state = this.#of(plan);
    state.sends++;
    return state.sends + 1;
  }

  /** Of a plan whose run is closed. */
  forget(plan: string): void {
    this.#plans.delete(plan);
  }

  #of(plan: string): PlanState {
    let state = this.#plans.get(plan);
    if (state === undefined) {
      state = { cursor: null, sent: new Set(), lastSend: null, emptySince: null, sends: 0 };
      this.#plans.set(plan, state);
    }
    return state;
  }
}

/**
 * `<plan>/<job>` of every job that a live worker says it has in hand. What a newer worker has in hand, whose status we cannot
 * read, is sent again, which wastes a look-up.
 */
export async function jobsInHand(store: BlobStore, statusMs: number): Promise<ReadonlySet<string>> {
  return new Set((await liveWorkers(store, statusMs)).flatMap(({ status }) => status.jobs));
}
