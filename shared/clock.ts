/**
 * The machine's own time and randomness. Passed in wherever behaviour depends on them, so that a seed can replay it.
 */
import { randomBytes, randomInt } from "node:crypto";
import type { Clock, Random } from "./ports/clock.ts";

/** A timer of Node's that is longer than this (2^31 - 1 ms, 24.8 days) fires at once. */
const timerMsMax = 2_147_483_647;

/** `randomInt` takes ranges up to 2^48 - 1; this many steps of [0, 1) are fine enough for back-off and choice. */
const floatSteps = 2 ** 47;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const until = performance.now() + ms;
    let timer: NodeJS.Timeout;
    const done = (): void => {
      clearTimeout(timer);
      // A signal often lives as long as the process: a listener left on it for each sleep would be a leak.
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const arm = (leftMs: number): void => {
      timer = setTimeout(
        () => (leftMs > timerMsMax ? arm(until - performance.now()) : done()),
        Math.min(leftMs, timerMsMax),
      );
    };
    signal?.addEventListener("abort", done);
    arm(Math.max(0, ms));
  });
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
};

export const systemRandom: Random = {
  hex: (digits) =>
    randomBytes(Math.ceil(digits / 2))
      .toString("hex")
      .slice(0, digits),
  float: () => randomInt(floatSteps) / floatSteps,
};
