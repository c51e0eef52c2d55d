/** What a master remembers of its sends, by plan. Losing it costs doubles only. */
import { liveWorkers } from "../../shared/live-workers.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";

/** A job is sent again without an empty queue after so many times the interval, doubled for each time before. */
const patienceIntervals = 10;
const patienceDoublingsMax = 6;

/** Looks at the queue in each interval: it is a request, and passes are many. */
const looksPerInterval = 4;

/** What the queue's counts said, and when (monotonic ms, before it was asked). */
export interface QueueLook {
  readonly at: number;
  readonly isEmpty: boolean;
}

interface PlanState {
  cursor: number | null;
  readonly sent: Set<string>;
  lastSend: number | null;
  emptySince: number | null;
  sends: number;
}

export class SendState {
  readonly #plans = new Map<string, PlanState>();
  #look: QueueLook | null = null;

  /**
   * The last look at the queue, which serves all plans; another one by `isEmpty` when that is old, from before a send, or when
   * it would be the one by which this plan's jobs are sent again.
   */
  async look(
    plan: string,
    { now, intervalMs }: { readonly now: number; readonly intervalMs: number },
    isEmpty: () => Promise<boolean>,
  ): Promise<QueueLook> {
    const { emptySince } = this.#of(plan);
    const counts = emptySince !== null && now - emptySince >= intervalMs;
    if (this.#look === null || counts || now - this.#look.at >= intervalMs / looksPerInterval)
      this.#look = { at: now, isEmpty: await isEmpty() };
    return this.#look;
  }

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
    this.#look = null;
  }

  /** Monotonic ms. A master that just started counts from its first look. */
  lastSend(plan: string): number | null {
    return this.#of(plan).lastSend;
  }

  /** Whether the queue was seen empty for `intervalMs`, in this look and an earlier one. */
  sawEmpty(plan: string, { at, isEmpty }: QueueLook, intervalMs: number): boolean {
    const state = this.#of(plan);
    state.lastSend ??= at;
    if (!isEmpty) state.emptySince = null;
    else state.emptySince ??= at;
    return state.emptySince !== null && at - state.emptySince >= intervalMs;
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
