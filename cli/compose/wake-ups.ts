/**
 * A master's wait for ready messages, which only say that a pass is worth it: a pass finds everything by itself. So a queue
 * that is away, or that we may not read, fails no pass: whoever waits sleeps for as long, and each outage is told once.
 *
 *   heard --a wait fails--> deaf: `queue-failed`, then sleeps instead --a wait gets through--> heard: `queue-back`
 */
import type { MasterContext } from "../../master/context.ts";
import type { Master } from "../../master/master.ts";
import { hintOf, messageOf } from "../../shared/errors.ts";
import { unanswered } from "../../shared/unanswered.ts";

/** A wait that takes so many times as long as it was to is one that fails: ports are patient for minutes, and passes wait for it. */
const lateFactor = 2;

export interface WakeUpsInput {
  readonly master: Pick<Master, "waitForReady">;
  readonly context: Pick<MasterContext, "clock" | "log">;
}

/** Waits that failed in a row, and the monotonic time at which the first of them did. */
interface Outage {
  readonly since: number;
  failures: number;
}

export class WakeUps {
  readonly #input: WakeUpsInput;
  #outage: Outage | null = null;

  constructor(input: WakeUpsInput) {
    this.#input = input;
  }

  /** Until a message came, `waitMs` are over, or `signal` aborts. Never rejects. */
  async wait(waitMs: number, signal: AbortSignal): Promise<void> {
    const { master, context } = this.#input;
    const { clock } = context;
    const begunAt = clock.monotonic();
    const [ended, late] = [new AbortController(), new AbortController()];
    const isLate = (async (): Promise<void> => {
      await clock.sleep(lateFactor * waitMs, AbortSignal.any([signal, ended.signal]));
      if (signal.aborted || ended.signal.aborted) return;
      const error = unanswered("The ready queue", lateFactor * waitMs);
      late.abort(error);
      throw error;
    })();
    try {
      await Promise.race([master.waitForReady(waitMs, AbortSignal.any([signal, late.signal])), isLate]);
      if (!signal.aborted) this.#heard();
    } catch (error) {
      ended.abort();
      if (signal.aborted) return;
      this.#failed(late.signal.aborted ? late.signal.reason : error, begunAt);
      // The port may have tried again for a while before it gave up.
      await clock.sleep(Math.max(0, begunAt + waitMs - clock.monotonic()), signal);
    } finally {
      ended.abort();
    }
  }

  #failed(error: unknown, since: number): void {
    const { log } = this.#input.context;
    if (this.#outage === null)
      log({ event: "queue-failed", what: "ready", message: messageOf(error), ...hintOf(error) });
    this.#outage ??= { since, failures: 0 };
    this.#outage.failures++;
  }

  #heard(): void {
    if (this.#outage === null) return;
    const { clock, log } = this.#input.context;
    const { failures, since } = this.#outage;
    this.#outage = null;
    log({ event: "queue-back", failures, awayMs: Math.round(clock.monotonic() - since) });
  }
}
