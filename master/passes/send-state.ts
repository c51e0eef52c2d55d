/**
 * What a master remembers of its sends, by plan, and of its looks at the queue. Losing it costs doubles only.
 *
 *   sent --the queue seen empty--> empty since --again, `intervalMs` later--> lost --sent--> sent
 *   empty since --something in the queue--> sent
 *
 * One look serves all plans. That a plan's messages are lost stays true when those of another plan are sent again, whatever is
 * in the queue then.
 */
import type { QueueCounts } from "../../shared/ports/job-queue.ts";

/** A job may wait and run for so many times what is predicted before its message is taken for lost. */
const predictionFactor = 4;

/** Nothing is taken for lost in less time than this many intervals while the queue holds something: a lease ends in it. */
const patienceIntervalsMin = 2;

/** Patience doubles with each send of the plan's jobs, so that doubled messages grow with the logarithm of time only. */
const patienceDoublingsMax = 6;
const patienceIntervalsMax = 640;

/** Looks at the queue in each interval: it is a request, and passes are many. */
const looksPerInterval = 4;

/** What the queue's counts said, and when (monotonic ms, before it was asked). */
export interface QueueLook extends QueueCounts {
  readonly at: number;
}

interface PlanState {
  cursor: number | null;
  readonly sent: Set<string>;
  /** Monotonic ms. A master that just started counts from its first look. */
  lastSend: number | null;
  /** The first look since the last send that saw the queue empty, if none saw something since. */
  emptySince: number | null;
  isLost: boolean;
  /** A look since the last send saw nothing visible: whatever was sent has been taken, or is lost. */
  isTaken: boolean;
  sends: number;
}

export class SendState {
  readonly #plans = new Map<string, PlanState>();
  #look: QueueLook | null = null;
  #slots: { readonly at: number; readonly slots: number } | null = null;

  /** Plans that are known: about as many groups take turns in the queue. */
  get plans(): number {
    return this.#plans.size;
  }

  /**
   * The last look at the queue, for `plans`; another one by `ask` when that is old, from before a send, or when it would be the
   * one by which jobs are sent again. What it says holds for all plans that are known.
   */
  async look(
    plans: readonly string[],
    { now, intervalMs }: { readonly now: number; readonly intervalMs: number },
    ask: () => Promise<QueueCounts>,
  ): Promise<QueueLook> {
    const states = plans.map((plan) => this.#of(plan));
    for (const state of states) state.lastSend ??= now;
    const decides = states.some((state) => !state.isLost && wasEmptyFor(state, now, intervalMs));
    if (this.#look === null || decides || now - this.#look.at >= intervalMs / looksPerInterval) {
      this.#look = { at: now, ...(await ask()) };
      this.#apply(this.#look, intervalMs);
    }
    return this.#look;
  }

  #apply({ at, visible, leased, delayed }: QueueLook, intervalMs: number): void {
    const states = [...this.#plans.values()];
    if (visible === 0) for (const state of states) state.isTaken = true;
    if (visible + leased + delayed > 0) {
      for (const state of states) state.emptySince = null;
      return;
    }
    // What is sent again by this look fills the queue: plans that it saw empty for less than an interval, but more than once,
    // go with the others, or theirs would be hidden behind these.
    const decided = states.some((state) => wasEmptyFor(state, at, intervalMs));
    for (const state of states) {
      if (decided && state.emptySince !== null && state.emptySince < at) state.isLost = true;
      state.emptySince ??= at;
    }
  }

  /** Live slots, by `ask` once in an interval. */
  async slots(now: number, intervalMs: number, ask: () => Promise<number>): Promise<number> {
    if (this.#slots === null || now - this.#slots.at >= intervalMs) this.#slots = { at: now, slots: await ask() };
    return this.#slots.slots;
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

  /** Its jobs were sent, or looked at and found to be in no need of it. */
  noteSend(plan: string, now: number): void {
    const state = this.#of(plan);
    state.lastSend = now;
    state.emptySince = null;
    state.isLost = false;
    state.isTaken = false;
    this.#look = null;
  }

  /** Whether the queue was empty in two looks, an interval apart, since this plan's last send. */
  isLost(plan: string): boolean {
    return this.#of(plan).isLost;
  }

  /** Whether nothing of what was sent waits for a slot: a look since this plan's last send saw nothing visible. */
  isTaken(plan: string): boolean {
    return this.#of(plan).isTaken;
  }

  /** Monotonic ms since its last send, or since the first look. */
  sinceSend(plan: string, now: number): number {
    return now - (this.#of(plan).lastSend ?? now);
  }

  /** How long to wait after a send while the queue holds something. `predictedMs`: until a message's job is done. */
  patienceMs(plan: string, intervalMs: number, predictedMs: number): number {
    const once = Math.max(intervalMs * patienceIntervalsMin, predictedMs * predictionFactor);
    const doubled = once * 2 ** Math.min(this.#of(plan).sends, patienceDoublingsMax);
    return Math.min(doubled, intervalMs * patienceIntervalsMax);
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
      state = {
        cursor: null,
        sent: new Set(),
        lastSend: null,
        emptySince: null,
        isLost: false,
        isTaken: false,
        sends: 0,
      };
      this.#plans.set(plan, state);
    }
    return state;
  }
}

function wasEmptyFor({ emptySince }: PlanState, now: number, intervalMs: number): boolean {
  return emptySince !== null && now - emptySince >= intervalMs;
}
