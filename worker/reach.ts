/**
 * Whether this worker reaches the work store and the jobs queue. While it does not reach the store it leases nothing: it could
 * neither read a job nor say what became of it, and others may be able to. Each outage has a first word and a last one in the
 * log, with its length.
 *
 *   reached --a job ended for want of the store--> doubtful --it answers--> reached
 *                                                           --it does not--> away (`store-away`) --it answers--> reached (`store-back`)
 *   reached --a lease fails--> away (`queue-failed`, each time) --a lease gets through--> reached (`queue-back`)
 */
import { hintOf, messageOf } from "../shared/errors.ts";
import { workerKey } from "../shared/names.ts";
import type { WorkerContext } from "./context.ts";

/** Between two looks, or two tries: doubling from the first to the longest. The ports try again by themselves for seconds. */
const backOffMs = 1_000;
const backOffMsMax = 30_000;

export class Reach {
  readonly #context: WorkerContext;
  #doubtful = false;
  /** Failed leases in a row, and the monotonic time of the first. */
  #failures = 0;
  #failedAt = 0;

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  /** A job could not be read, or its end not be written down. */
  doubtStore(): void {
    this.#doubtful = true;
  }

  /** Resolves when nothing is to be said against the store, or when `signal` aborts. */
  async store(signal: AbortSignal): Promise<void> {
    const { id, store, clock, log } = this.#context;
    const start = clock.monotonic();
    for (let failures = 0; this.#doubtful && !signal.aborted;) {
      try {
        await store.head(workerKey(id));
        this.#doubtful = false;
        if (failures > 0) log({ event: "store-back", awayMs: Math.round(clock.monotonic() - start) });
      } catch (error) {
        if (failures++ === 0) log({ event: "store-away", message: messageOf(error), ...hintOf(error) });
        await this.#rest(failures, signal);
      }
    }
  }

  /** A lease failed. Resolves when it is worth another try. */
  async queueFailed(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    if (this.#failures++ === 0) this.#failedAt = clock.monotonic();
    log({ event: "queue-failed", what: "lease", message: messageOf(error), ...hintOf(error) });
    await this.#rest(this.#failures, signal);
  }

  queueAnswered(): void {
    if (this.#failures === 0) return;
    const { clock, log } = this.#context;
    log({ event: "queue-back", failures: this.#failures, awayMs: Math.round(clock.monotonic() - this.#failedAt) });
    this.#failures = 0;
  }

  async #rest(failures: number, signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#context;
    await clock.sleep(Math.min(backOffMsMax, backOffMs * 2 ** (failures - 1)) * timing.scale, signal);
  }
}
