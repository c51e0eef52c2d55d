/**
 * A master's wait for ready messages, which only say that a pass is worth it: a pass finds everything by itself. So a queue
 * that is away, or that we may not read, fails no pass: whoever waits sleeps for as long, and each outage is told once.
 *
 *   heard --a wait fails--> deaf: `queue-failed`, then sleeps instead --a wait gets through--> heard: `queue-back`
 */
import type { MasterContext } from "../../master/context.ts";
import type { Master } from "../../master/master.ts";
import { hintOf, messageOf } from "../../shared/errors.ts";

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
    try {
      await master.waitForReady(waitMs, signal);
      if (!signal.aborted) this.#heard();
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(error);
      // The port may have tried again for a while before it gave up.
      await clock.sleep(Math.max(0, begunAt + waitMs - clock.monotonic()), signal);
    }
  }

  #failed(error: unknown): void {
    const { clock, log } = this.#input.context;
    if (this.#outage === null)
      log({ event: "queue-failed", what: "ready", message: messageOf(error), ...hintOf(error) });
    this.#outage ??= { since: clock.monotonic(), failures: 0 };
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
