/**
 * Ready messages: they only say that a pass is worth it, and passes find everything by themselves. So what counts is that
 * they cost little: jobs that end at about the same time are one wake-up, and handles are kept for a while, so that one
 * request acknowledges many.
 *
 *   pausing --`gatherMs`--> waiting --messages, or `waitMs` over--> taken --`handlesMax`, or `keepMs` old--> acknowledged
 *
 * Handles that are lost with the process come back as messages when their leases end, and wake somebody for nothing.
 */
import type { Clock } from "../shared/ports/clock.ts";
import type { JobQueue } from "../shared/ports/job-queue.ts";
import type { MasterContext } from "./context.ts";

/** What one request to SQS brings, and what one acknowledges. */
const handlesMax = 10;
/** Requests of one wait. A queue that is longer than these bring has as much for the next one. */
const receivesMax = 10;

export interface ReadyOptions {
  readonly queue: JobQueue;
  readonly clock: Clock;
  /** Before each wait; 0: whoever waits wants to know at once. */
  readonly gatherMs: number;
  /** So long are handles kept at most while there are few. */
  readonly keepMs: number;
  /** Longer than `keepMs`. */
  readonly leaseMs: number;
}

export class ReadyMessages {
  readonly #options: ReadyOptions;
  #handles: string[] = [];
  /** Monotonic time of the first handle that is kept. */
  #since = 0;

  constructor(options: ReadyOptions) {
    this.#options = options;
  }

  /** Whether messages came, within `waitMs`. Rejects with the signal's reason when it aborts. */
  async wait(waitMs: number, signal?: AbortSignal): Promise<boolean> {
    const { queue, clock, gatherMs, leaseMs } = this.#options;
    const pauseMs = Math.min(gatherMs, waitMs);
    if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    let came = 0;
    for (let receives = 0; receives < receivesMax; receives++) {
      const restMs = receives === 0 ? waitMs - pauseMs : 0;
      const options = { leaseMs, waitMs: restMs, ...(signal === undefined ? {} : { signal }) };
      const leases = await queue.lease(handlesMax, options);
      if (this.#handles.length === 0) this.#since = clock.monotonic();
      this.#handles.push(...leases.map(({ handle }) => handle));
      came += leases.length;
      if (leases.length < handlesMax) break;
    }
    await this.#acknowledge();
    return came > 0;
  }

  async #acknowledge(): Promise<void> {
    const { queue, clock, keepMs } = this.#options;
    const count = this.#handles.length;
    if (count === 0 || (count < handlesMax && clock.monotonic() - this.#since < keepMs)) return;
    const handles = this.#handles;
    this.#handles = [];
    await queue.acknowledge(handles);
  }
}

/** A master of all is woken so often in `foldMs` at most: a pass is a handful of lists, each as dear as a dozen blocks read. */
const wakesPerFold = 4;
/** And keeps what it took so many `foldMs`, to acknowledge it together. */
const foldsKept = 3;

/** The master of one aggregate has a caller who waits: it is woken, and done with the message, at once. */
export function openReady(
  { ready: queue, clock, timing: { foldMs } }: MasterContext,
  only: string | null,
): ReadyMessages {
  const all = only === null;
  const keepMs = all ? foldMs * foldsKept : 0;
  const gatherMs = all ? foldMs / wakesPerFold : 0;
  return new ReadyMessages({ queue, clock, gatherMs, keepMs, leaseMs: foldMs + 2 * keepMs });
}
