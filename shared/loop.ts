/**
 * The one kind of loop that daemons are made of.
 *
 *   waiting --due or woken--> passing --done--> waiting
 *                                     --more to do--> passing
 *                                     --failed, or longer than its bound--> backing off --> passing
 *   waiting --drained--> ended        passing --drained--> (finishes its pass) --> ended
 *   too many failures in a row, or a pass that will not stop --> failed: the daemon ends with it
 *
 * One pass at a time, ever. Passes are found due by the clock's monotonic time only, and delays are jittered by the given
 * randomness, so a simulator replays them.
 */
import { SpotfoldError, codeOf, hintOf, messageOf } from "./errors.ts";
import { defineEvents } from "./log.ts";
import type { Log } from "./log.ts";
import type { Clock, Random } from "./ports/clock.ts";

export type LoopEvent =
  | {
      readonly event: "pass-failed";
      readonly loop: string;
      readonly code: string | undefined;
      readonly message: string;
      readonly hint?: string;
      /** In a row, this one included. */
      readonly failures: number;
      readonly retryInMs: number;
    }
  | {
      /** The first pass that came through after failures. */
      readonly event: "pass-recovered";
      readonly loop: string;
      readonly failures: number;
      /** Since the first of them. */
      readonly afterMs: number;
    }
  | { readonly event: "loop-failed"; readonly loop: string; readonly message: string; readonly hint?: string };

export const loopEvents = defineEvents<LoopEvent>({
  "pass-failed": "warn",
  "pass-recovered": "info",
  "loop-failed": "error",
});

/** After the n-th failure in a row: so many times `backOffMs`, and no more than `backOffMsMax`. */
const backOffFactor = 2;

export interface LoopOptions {
  /** For logs: what the passes do, e.g. `fold`. */
  readonly name: string;
  /**
   * One pass. `again` = there is more to do at once. Ends soon when its signal aborts: with the reason `pass took too long`,
   * or because the process must end.
   */
  readonly pass: (signal: AbortSignal) => Promise<"again" | void>;
  /** From the start of a pass to the start of the next one. */
  readonly everyMs: number;
  /** A pass that takes longer is aborted. It may take as long again to stop; then the loop fails. */
  readonly passMsMax: number;
  /** So many failures in a row fail the loop. */
  readonly failuresMax: number;
  readonly backOffMs: number;
  readonly backOffMsMax: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log<LoopEvent>;
}

/** What a loop must stop for. */
export interface StopSignals {
  /** No further pass; the current one may finish. */
  readonly drain: AbortSignal;
  /** The current pass, too, must end. */
  readonly abort: AbortSignal;
}

export class Loop {
  readonly name: string;
  readonly #options: LoopOptions;
  #wait = new AbortController();
  #woken = false;
  #failures = 0;
  /** Monotonic; the first of them. */
  #failedAt = 0;
  /** A pass did not stop when it was told to: it is under way still, so there can be no other. */
  #stuck = false;

  constructor(options: LoopOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** A pass is due now; when one is under way, another one follows it. After a failure the back-off still counts. */
  wake(): void {
    this.#woken = true;
    this.#wait.abort();
  }

  /** Passes until drained. Resolves when the last pass has ended; rejects with the last error when the loop has failed. */
  async run(stop: StopSignals): Promise<void> {
    const { clock, everyMs } = this.#options;
    while (!stop.drain.aborted && !stop.abort.aborted) {
      this.#woken = false;
      const start = clock.monotonic();
      const result = await this.#tryPass(stop.abort);
      if (result.failedFor !== undefined) {
        await this.#sleep(result.failedFor, stop, false);
      } else if (!result.again) await this.#sleep(start + everyMs - clock.monotonic(), stop, true);
    }
  }

  /** Passes until there is no more to do. Rejects with the first failure. */
  async runOnce(stop: StopSignals): Promise<void> {
    while (!stop.drain.aborted && !stop.abort.aborted) {
      if ((await this.#pass(stop.abort)) !== "again") return;
    }
  }

  async #tryPass(abort: AbortSignal): Promise<{ readonly again: boolean; readonly failedFor?: number }> {
    const { name, log, clock, random, failuresMax, backOffMs, backOffMsMax } = this.#options;
    try {
      const again = (await this.#pass(abort)) === "again";
      if (this.#failures > 0) {
        const afterMs = Math.round(clock.monotonic() - this.#failedAt);
        log({ event: "pass-recovered", loop: name, failures: this.#failures, afterMs });
      }
      this.#failures = 0;
      return { again };
    } catch (error) {
      // What a pass does when it is told to end is no failure of it.
      if (abort.aborted) return { again: false };
      if (this.#failures === 0) this.#failedAt = clock.monotonic();
      this.#failures++;
      if (this.#failures >= failuresMax || this.#stuck) {
        log({ event: "loop-failed", loop: name, message: messageOf(error), ...hintOf(error) });
        throw error;
      }
      const fullMs = Math.min(backOffMsMax, backOffMs * backOffFactor ** (this.#failures - 1));
      const retryInMs = Math.round(fullMs * (0.5 + random.float() / 2));
      const told = { code: codeOf(error), message: messageOf(error), ...hintOf(error) };
      log({ event: "pass-failed", loop: name, ...told, failures: this.#failures, retryInMs });
      return { again: false, failedFor: retryInMs };
    }
  }

  /** One pass within its bound. */
  async #pass(abort: AbortSignal): Promise<"again" | void> {
    const { pass, passMsMax, clock, name } = this.#options;
    const passing = new AbortController();
    const done = new AbortController();
    const onAbort = (): void => passing.abort(abort.reason);
    abort.addEventListener("abort", onAbort);
    if (abort.aborted) onAbort();
    const bound = async (): Promise<void> => {
      const tooLong = `The loop ${name} has been at one pass for more than ${passMsMax} ms`;
      const context = { loop: name };
      await clock.sleep(passMsMax, done.signal);
      if (done.signal.aborted) return;
      passing.abort(new SpotfoldError("timeout", `${tooLong}.`, { retryable: true, context }));
      await clock.sleep(passMsMax, done.signal);
      if (done.signal.aborted) return;
      this.#stuck = true;
      throw new SpotfoldError("timeout", `${tooLong}, and does not stop.`, {
        hint: "Start the process again; report it if it comes back.",
        context,
      });
    };
    try {
      return await Promise.race([pass(passing.signal), bound()]);
    } finally {
      done.abort();
      abort.removeEventListener("abort", onAbort);
    }
  }

  /** Until the time is over, or drained, or (with `wakeable`) woken, also when that was during the last pass. */
  async #sleep(ms: number, stop: StopSignals, wakeable: boolean): Promise<void> {
    if (ms <= 0 || (wakeable && this.#woken) || stop.drain.aborted || stop.abort.aborted) return;
    const wait = new AbortController();
    if (wakeable) this.#wait = wait;
    const end = (): void => wait.abort();
    stop.drain.addEventListener("abort", end);
    stop.abort.addEventListener("abort", end);
    await this.#options.clock.sleep(ms, wait.signal);
    stop.drain.removeEventListener("abort", end);
    stop.abort.removeEventListener("abort", end);
  }
}
