/**
 * Keeps the leases of a worker's jobs. One heartbeat batch extends all of them. A lease ends by our own monotonic clock:
 * `leaseMs` after the start of the last call that succeeded; the queue's yes is never proof that it is still ours, but its
 * silence is reason enough to stop. What ends is told by the held lease's signal.
 */
import type { WorkerContext } from "./context.ts";
import { Reach } from "./reach.ts";

/** The reason of a held lease's signal when its time ran out; the job runner reads the cause. */
export const leaseLost = new Error("the lease ended: no heartbeat got through in all of its time", {
  cause: "lost-lease",
});

export class HeldLease {
  readonly handle: string;
  readonly #abort = new AbortController();
  #until: number;

  constructor(handle: string, until: number) {
    this.handle = handle;
    this.#until = until;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get until(): number {
    return this.#until;
  }

  extendTo(until: number): void {
    this.#until = Math.max(this.#until, until);
  }

  end(reason: Error): void {
    this.#abort.abort(reason);
  }
}

export class LeaseKeeper {
  readonly #context: WorkerContext;
  readonly #reach: Reach;
  readonly #held = new Set<HeldLease>();
  /** Ends the sleep of `watch` before `#wakesAt`, monotonic. */
  #wake = new AbortController();
  #wakesAt = Infinity;

  constructor(context: WorkerContext, reach: Reach = new Reach(context)) {
    this.#context = context;
    this.#reach = reach;
  }

  /** `leasedAt`: monotonic time at the start of the call that leased it. */
  hold(handle: string, leasedAt: number): HeldLease {
    const held = new HeldLease(handle, leasedAt + this.#context.timing.leaseMs);
    this.#held.add(held);
    // After a slow receive, or a pause of this process, it may end before anybody looks again.
    if (held.until < this.#wakesAt) this.#wake.abort();
    return held;
  }

  drop(held: HeldLease): void {
    this.#held.delete(held);
  }

  /** Still ours, as far as one can know. */
  isValid(held: HeldLease): boolean {
    return this.#context.clock.monotonic() < held.until;
  }

  /** Extends all leases, every `heartbeatMs`, until `signal` aborts. */
  async beat(signal: AbortSignal): Promise<void> {
    const { clock, jobs, timing } = this.#context;
    while (!signal.aborted) {
      await clock.sleep(timing.heartbeatMs, signal);
      if (signal.aborted) continue;
      const start = clock.monotonic();
      // One that ran out while this process stood still is not ours to extend, though the queue may say yes.
      const batch = [...this.#held].filter(({ until }) => start < until);
      if (batch.length === 0) continue;
      try {
        const entries = batch.map(({ handle }) => ({ handle, leaseMs: timing.leaseMs }));
        const results = await this.#reach.askQueue("extend", async () => await jobs.extend(entries));
        this.#reach.queueAnswered();
        for (const [index, result] of results.entries()) {
          if (result.ok) batch[index]?.extendTo(start + timing.leaseMs);
        }
      } catch (error) {
        this.#reach.queueFailed("extend", error);
      }
    }
  }

  /** Ends leases whose time ran out. A loop of its own: an extend that hangs must not hide the end. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#context;
    while (!signal.aborted) {
      const from = clock.monotonic();
      const sleepMs = Math.max(0, Math.min(timing.heartbeatMs, ...[...this.#held].map(({ until }) => until - from)));
      this.#wakesAt = from + sleepMs;
      this.#wake = new AbortController();
      await clock.sleep(sleepMs, AbortSignal.any([signal, this.#wake.signal]));
      const now = clock.monotonic();
      for (const held of this.#held) {
        if (now < held.until) continue;
        this.#held.delete(held);
        held.end(leaseLost);
      }
    }
  }
}
