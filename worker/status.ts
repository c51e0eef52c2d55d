/**
 * `workers/<id>`: what this worker is doing, written every `statusMs`, when a job starts or ends, and when the worker does;
 * however short the jobs, no more than `writesMax` times in `statusMs`. Owned by one writer. The source of `status`; the master sends a job again only if no status names it.
 */
import type { AttemptEnd } from "../shared/formats/attempt.ts";
import { encodeWorkerStatus, type WorkerStatus } from "../shared/formats/worker-status.ts";
import { workerKey } from "../shared/names.ts";
import type { WorkerContext } from "./context.ts";
import type { Reach } from "./reach.ts";

/** A write costs as much as a dozen blocks read: a worker of many slots and short jobs shall not pay for each of them. */
export const writesMax = 6;

export class StatusWriter {
  readonly #context: WorkerContext;
  readonly #reach: Reach;
  readonly #jobs = new Set<string>();
  /** Those of them that drain. */
  readonly #draining = new Set<string>();
  readonly #startedAt: number;
  #resolved = 0;
  #failed = 0;
  #over = false;
  /** Ends the pause between two writes. */
  readonly #ending = new AbortController();
  #writing: Promise<void> | null = null;
  #again = false;

  constructor(context: WorkerContext, reach: Reach) {
    this.#context = context;
    this.#reach = reach;
    this.#startedAt = context.clock.now();
  }

  started(job: string): void {
    this.#jobs.add(job);
    this.#write();
  }

  /** Its blocks are all read. Told with the next change: most often that is the next job of its slot. */
  read(job: string): void {
    this.#draining.add(job);
  }

  ended(job: string): void {
    this.#jobs.delete(job);
    this.#draining.delete(job);
    this.#write();
  }

  resolved(): void {
    this.#resolved++;
  }

  /** An attempt ended by this cause. */
  failed(cause: AttemptEnd["cause"]): void {
    if (cause !== "interrupted" && cause !== "lost-lease") this.#failed++;
  }

  /** Writes at the start, every `statusMs` until `signal` aborts, and then once more: that the worker has ended. */
  async loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#write();
      await this.#context.clock.sleep(this.#context.timing.statusMs, signal);
    }
    this.#over = true;
    this.#write();
    this.#ending.abort();
    while (this.#writing !== null) await this.#writing;
  }

  /** One write at a time, and a pause after each; what changes meanwhile is in the next. */
  #write(): void {
    if (this.#writing !== null) {
      this.#again = true;
      return;
    }
    this.#again = false;
    const pauseMs = this.#context.timing.statusMs / writesMax;
    const put = this.#put().then(async () => await this.#context.clock.sleep(pauseMs, this.#ending.signal));
    this.#writing = put.finally(() => {
      this.#writing = null;
      if (this.#again) this.#write();
    });
  }

  async #put(): Promise<void> {
    const { id, slots, store, clock } = this.#context;
    const status: WorkerStatus = {
      format: 1,
      worker: id,
      startedAt: this.#startedAt,
      at: clock.now(),
      slots,
      jobs: [...this.#jobs],
      draining: [...this.#draining],
      resolved: this.#resolved,
      failed: this.#failed,
      ...(this.#over ? { ended: true } : {}),
    };
    try {
      const bytes = encodeWorkerStatus(status);
      await this.#reach.writeStatus(async () => await store.put(workerKey(id), bytes));
      this.#reach.storeAnswered();
    } catch (error) {
      this.#reach.statusFailed(error);
    }
  }
}
