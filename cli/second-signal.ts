/**
 * The second Ctrl-C (or SIGTERM). The first one asks a command to finish in order; the second ends it, whatever it is at:
 *
 *   what is waited for is left behind (`unlessAborted`), the command closes what it opened and ends
 *   a command that has not ended `forcedMs` later is ended without that (`untilForced`); nothing that it leaves is harmful,
 *   for kill -9 leaves the same, and the next start sweeps it up
 *
 * Children end with this process: a worker of `run` is killed at the second signal, executors watch their parent. Daemons
 * bound their own end (shared/daemon.ts), and have another exit code for it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { commandLine, type Io } from "./io.ts";

/** A store that answers closes within this; a person who pressed twice waits no longer. */
const forcedMs = 3_000;

/** What `work` gives; rejects with the signal's reason as soon as it aborts, and `work` goes on to nobody's benefit. */
export async function unlessAborted<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  const done = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const options = { once: true, signal: done.signal };
    signal.addEventListener("abort", () => reject(signal.reason as Error), options);
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    done.abort();
  }
}

/** Runs a command. Answers the code that belongs to the first signal when it does not end by itself after the second. */
export async function untilForced(
  io: Io,
  action: (io: Io) => Promise<number>,
  waitMs: number = forcedMs,
): Promise<number> {
  const { second, exitCode } = io.interrupts;
  const done = new AbortController();
  const forced = (async (): Promise<number> => {
    await new Promise<void>((resolve) => {
      if (second.aborted) resolve();
      else second.addEventListener("abort", () => resolve(), { once: true, signal: done.signal });
    });
    await sleep(waitMs, undefined, { signal: done.signal });
    // Not waited for: whoever should read it may be what hangs.
    void io.err.write(`stopped by force; to go on: ${commandLine(io, io.words)}\n`);
    return exitCode();
  })();
  // The command ended first.
  forced.catch(() => undefined);
  try {
    return await Promise.race([action(io), forced]);
  } finally {
    done.abort();
  }
}
