/**
 * Whether this worker reaches the work store and the jobs queue. While it does not reach the store it leases nothing: it could
 * neither read a job nor say what became of it, and others may be able to. An outage of the store has a first word and a last
 * one in the log, with its length. One of the queue, too, and between them leases that fail are said at doubling distance, and
 * each heartbeat that fails: it is about jobs in hand, and there are no more than a lease has. The ports are patient for
 * minutes: a call that has not come back in its time counts as one that failed, while it goes on.
 *
 *   store: reached --a job ended for want of it--> doubtful --it answers--> reached
 *                  --a status could not be written, or a doubtful one does not answer--> away --it answers--> reached
 *                  --it refused us a job--> a rest, the longer the more jobs in a row were refused
 *   queue: reached --a lease or a heartbeat fails--> away --one gets through--> reached
 */
import { hintOf, messageOf, type SpotfoldError } from "../shared/errors.ts";
import { workerKey } from "../shared/names.ts";
import { unanswered } from "../shared/unanswered.ts";
import type { WorkerContext } from "./context.ts";
import { isAway } from "./records.ts";

/** Between two looks, or two tries: doubling from the first to the longest. The ports try again by themselves for seconds. */
const backOffMs = 1_000;
const backOffMsMax = 30_000;

/** An outage: calls that failed in a row, and the monotonic time at which the first of them did. */
interface Outage {
  readonly since: number;
  failures: number;
}

interface QueueOutage extends Outage {
  /** Of `failures`: the leases. */
  leases: number;
}

export class Reach {
  readonly #context: WorkerContext;
  #doubtful = false;
  /** In a row. */
  #refusals = 0;
  #isRested = true;
  #store: Outage | null = null;
  #queue: QueueOutage | null = null;

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /** A job could not be read, or its end not be written down. */
  doubtStore(): void {
    this.#doubtful = true;
  }

  /** A job could not be read, nor its run be held: without a rest this worker would take all that others could do. */
  storeRefused(): void {
    this.#refusals++;
    this.#isRested = false;
  }

  /** A job was read. */
  storeServed(): void {
    this.#refusals = 0;
  }

  /** Resolves when nothing is to be said against the store, or when `signal` aborts. */
  async store(signal: AbortSignal): Promise<void> {
    const { id, store } = this.#context;
    if (!this.#isRested) {
      this.#isRested = true;
      await this.#rest(this.#refusals, signal);
    }
    while ((this.#doubtful || this.#store !== null) && !signal.aborted) {
      try {
        await store.head(workerKey(id));
        this.storeAnswered();
      } catch (error) {
        await this.#rest(this.#storeFailed(error), signal);
      }
    }
  }

  /** The status was written, or a look answered. */
  storeAnswered(): void {
    const { clock, log } = this.#context;
    this.#doubtful = false;
    if (this.#store !== null) log({ event: "store-back", awayMs: Math.round(clock.monotonic() - this.#store.since) });
    this.#store = null;
  }

  /** The status could not be written. */
  statusFailed(error: unknown): void {
    if (isAway(error)) this.#storeFailed(error);
    else this.#context.log({ event: "status-failed", message: messageOf(error), ...hintOf(error) });
  }

  /** A heartbeat got through, or a lease. */
  queueAnswered(): void {
    if (this.#queue === null) return;
    const { clock, log } = this.#context;
    const { failures, since } = this.#queue;
    log({ event: "queue-back", failures, awayMs: Math.round(clock.monotonic() - since) });
    this.#queue = null;
  }

  /** `since`: monotonic, of a call that has not failed yet. */
  queueFailed(what: "lease" | "extend", error: unknown, since?: number): void {
    const { clock, log } = this.#context;
    this.#queue ??= { since: since ?? clock.monotonic(), failures: 0, leases: 0 };
    const failures = ++this.#queue.failures;
    if (what === "lease") this.#queue.leases++;
    // Each time twice as rarely: it goes on for as long as the queue is away.
    if (what === "lease" && !Number.isInteger(Math.log2(this.#queue.leases))) return;
    log({ event: "queue-failed", what, message: messageOf(error), ...hintOf(error), failures });
  }

  /** A heartbeat that is under way when the next one is due, or a lease that much beyond its wait, failed. Gives what `call` gives. */
  async askQueue<Result>(what: "lease" | "extend", call: () => Promise<Result>): Promise<Result> {
    const { jobs, timing } = this.#context;
    const waitMs = what === "lease" ? timing.waitMs : 0;
    const since = this.#context.clock.monotonic();
    const late = (error: SpotfoldError): void => this.queueFailed(what, error, since);
    return await this.#timed(jobs.name, waitMs + timing.heartbeatMs, late, call);
  }

  /** A write of the status that is under way when the next one is due failed. Gives what `call` gives. */
  async writeStatus<Result>(call: () => Promise<Result>): Promise<Result> {
    const { clock, store, timing } = this.#context;
    const since = clock.monotonic();
    return await this.#timed(store.name, timing.statusMs, (error) => void this.#storeFailed(error, since), call);
  }

  async #timed<Result>(
    name: string,
    ms: number,
    late: (error: SpotfoldError) => void,
    call: () => Promise<Result>,
  ): Promise<Result> {
    const { clock } = this.#context;
    const answered = new AbortController();
    const watching = clock.sleep(ms, answered.signal).then(() => {
      if (answered.signal.aborted) return;
      late(unanswered(name, ms));
    });
    try {
      return await call();
    } finally {
      answered.abort();
      await watching;
    }
  }

  /** After a lease that failed: resolves when another try is worth it. */
  async queueRest(signal: AbortSignal): Promise<void> {
    await this.#rest(this.#queue?.failures ?? 1, signal);
  }

  /** How often in a row. */
  #storeFailed(error: unknown, since?: number): number {
    const { clock, log } = this.#context;
    if (this.#store === null) {
      this.#store = { since: since ?? clock.monotonic(), failures: 0 };
      log({ event: "store-away", message: messageOf(error), ...hintOf(error) });
    }
    return ++this.#store.failures;
  }

  async #rest(failures: number, signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#context;
    await clock.sleep(Math.min(backOffMsMax, backOffMs * 2 ** (failures - 1)) * timing.scale, signal);
  }
}
