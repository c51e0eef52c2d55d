/**
 * A daemon: named loops that live and die together, on things that are opened before and closed after.
 *
 *   opening -> running --first interrupt, or a loop ended--> draining --all loops ended--> closing -> ended
 *                                                            draining --second interrupt, or too long--> aborting -> closing
 *
 * - What was opened is closed in reverse order, whatever happened; a close that fails or hangs stops no other and never hides
 *   an earlier error.
 * - `start` and `stop` may be called in any order, any number of times: there is one life, and all get the same end of it.
 * - Signals of the operating system are the caller's: it calls `interrupt`.
 */
import { codeOf, messageOf, SpotfoldError } from "./errors.ts";
import { defineEvents } from "./log.ts";
import type { Log } from "./log.ts";
import type { StopSignals } from "./loop.ts";
import type { Clock } from "./ports/clock.ts";

export type DaemonEvent =
  | { readonly event: "daemon-started"; readonly daemon: string; readonly loops: readonly string[] }
  /** What the loops need is not to be had. */
  | { readonly event: "daemon-draining"; readonly daemon: string; readonly why: string }
  | { readonly event: "daemon-aborting"; readonly daemon: string; readonly why: string }
  | { readonly event: "loop-ended"; readonly daemon: string; readonly loop: string; readonly message: string }
  | { readonly event: "close-failed"; readonly daemon: string; readonly what: string; readonly message: string }
  | {
      /** It could not be opened, or ended by an error that is no loop's. */
      readonly event: "daemon-failed";
      readonly daemon: string;
      readonly code: string | null;
      readonly message: string;
      readonly hint: string | null;
    }
  | { readonly event: "daemon-ended"; readonly daemon: string; readonly status: number };

export const daemonEvents = defineEvents<DaemonEvent>({
  "daemon-started": "info",
  "daemon-draining": "info",
  "daemon-aborting": "warn",
  "loop-ended": "error",
  "close-failed": "error",
  "daemon-failed": "error",
  "daemon-ended": "info",
});

/** `Loop` is one; so is whatever else runs until it is told to stop. */
export interface DaemonLoop {
  readonly name: string;
  /** Resolves when it has stopped; rejects when it cannot go on. */
  run(stop: StopSignals): Promise<void>;
  /** Does every due thing. Without it, the loop has no part in a daemon that runs once. */
  runOnce?(stop: StopSignals): Promise<void>;
}

/** Given to `open`: what it opens goes through `opened`, at once. */
export interface DaemonScope {
  readonly stop: StopSignals;
  readonly opened: <Thing>(name: string, thing: Thing, close: (thing: Thing) => Promise<void> | void) => Thing;
}

export interface DaemonOptions {
  readonly name: string;
  /** Opens what the loops need, and makes them. */
  readonly open: (scope: DaemonScope) => Promise<readonly DaemonLoop[]>;
  /** Each loop once, in their order, instead of all for ever. */
  readonly once?: boolean;
  /** Loops that drain for longer are aborted. */
  readonly drainMs: number;
  readonly clock: Clock;
  readonly log: Log<DaemonEvent>;
}

export interface DaemonEnd {
  /** 0: drained (or done, when it ran once); 1: aborted, or something failed. */
  readonly status: 0 | 1;
  /** The first thing that failed. */
  readonly error?: unknown;
}

/** An aborted loop has this long to end, a close to be done; then they are left behind. */
const patienceMs = 5_000;

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #drain = new AbortController();
  readonly #abort = new AbortController();
  readonly #toClose: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];
  #life: Promise<DaemonEnd> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /** Runs until it ends, by itself or told to. Never rejects: the end says what failed. */
  start(): Promise<DaemonEnd> {
    // Not before this function has returned: what is opened may call `start` or `stop` itself.
    this.#life ??= Promise.resolve().then(() => this.#live());
    return this.#life;
  }

  /** Drains, as a first interrupt does; a second `stop` changes nothing. Before `start`, nothing is ever opened. */
  stop(why = "stopped"): Promise<DaemonEnd> {
    if (!this.#drain.signal.aborted) this.interrupt(why);
    return this.start();
  }

  /** SIGTERM, SIGINT, a spot notice: the first drains, the second aborts. */
  interrupt(why: string): void {
    const { name, log } = this.#options;
    const first = !this.#drain.signal.aborted;
    if (!first && this.#abort.signal.aborted) return;
    log({ event: first ? "daemon-draining" : "daemon-aborting", daemon: name, why });
    const controller = first ? this.#drain : this.#abort;
    controller.abort(new Error(why));
  }

  async #live(): Promise<DaemonEnd> {
    const { name, log } = this.#options;
    const stop: StopSignals = { drain: this.#drain.signal, abort: this.#abort.signal };
    if (!stop.drain.aborted) {
      try {
        await this.#withPatience(this.#openAndRun(stop));
      } catch (error) {
        this.#fail(error);
        const hint = error instanceof SpotfoldError ? (error.hint ?? null) : null;
        const said = { daemon: name, code: codeOf(error) ?? null, message: messageOf(error), hint };
        // What comes of telling it to stop needs no explanation.
        if (!stop.drain.aborted) log({ event: "daemon-failed", ...said });
      }
    }
    await this.#closeAll();
    const status = this.#failure !== undefined || stop.abort.aborted ? 1 : 0;
    log({ event: "daemon-ended", daemon: name, status });
    return { status, ...this.#failure };
  }

  async #openAndRun(stop: StopSignals): Promise<void> {
    const { name, log, open, once } = this.#options;
    const loops = await open({ stop, opened: (what, thing, close) => this.#opened(what, thing, close) });
    log({ event: "daemon-started", daemon: name, loops: loops.map((loop) => loop.name) });
    await (once === true ? this.#runOnce(loops, stop) : this.#runAll(loops, stop));
  }

  #opened<Thing>(name: string, thing: Thing, close: (thing: Thing) => Promise<void> | void): Thing {
    this.#toClose.push({ name, close: () => close(thing) });
    return thing;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async #runAll(loops: readonly DaemonLoop[], stop: StopSignals): Promise<void> {
    await Promise.all(
      loops.map(async (loop) => {
        await this.#guard(loop, () => loop.run(stop));
        // One that ends by itself takes the others along.
        if (!stop.drain.aborted) this.interrupt(`the loop ${loop.name} has ended`);
      }),
    );
  }

  /** One that fails does not keep the others from what is due. */
  async #runOnce(loops: readonly DaemonLoop[], stop: StopSignals): Promise<void> {
    for (const loop of loops) {
      if (stop.drain.aborted) return;
      await this.#guard(loop, async () => loop.runOnce?.(stop));
    }
  }

  async #guard(loop: DaemonLoop, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      // What it does when it is aborted is no failure of the loop.
      if (this.#abort.signal.aborted) return;
      this.#fail(error);
      const { name, log } = this.#options;
      log({ event: "loop-ended", daemon: name, loop: loop.name, message: messageOf(error) });
    }
  }

  /** Waits for the loops; not for ever, once they have been told to stop. */
  async #withPatience(running: Promise<void>): Promise<void> {
    const { clock, drainMs } = this.#options;
    const done = new AbortController();
    const deadline = async (): Promise<void> => {
      await whenAborted(AbortSignal.any([this.#drain.signal, done.signal]));
      await clock.sleep(drainMs, AbortSignal.any([this.#abort.signal, done.signal]));
      if (done.signal.aborted) return;
      if (!this.#abort.signal.aborted) this.interrupt(`not drained after ${drainMs} ms`);
      await clock.sleep(patienceMs, done.signal);
    };
    try {
      await Promise.race([running, deadline()]);
    } finally {
      done.abort();
    }
  }

  async #closeAll(): Promise<void> {
    const { name, log, clock } = this.#options;
    for (let next = this.#toClose.pop(); next !== undefined; next = this.#toClose.pop()) {
      const { name: what, close } = next;
      const done = new AbortController();
      const tooLong = async (): Promise<void> => {
        await clock.sleep(patienceMs, done.signal);
        if (!done.signal.aborted) throw new SpotfoldError("timeout", `${what} did not close within ${patienceMs} ms.`);
      };
      try {
        await Promise.race([(async () => close())(), tooLong()]);
      } catch (error) {
        this.#fail(error);
        log({ event: "close-failed", daemon: name, what, message: messageOf(error) });
      } finally {
        done.abort();
      }
    }
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
