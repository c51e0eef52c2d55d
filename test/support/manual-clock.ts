/** A clock that stands still until the test moves it, and randomness that repeats. */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock, Random } from "../../shared/ports/clock.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Turns of the event loop that promises of the code under test get between two sleepers. */
const turnsMax = 5;

export class ManualClock implements Clock {
  #ms = 0;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return 1_700_000_000_000 + this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        at: this.#ms + Math.max(0, ms),
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake);
    });
  }

  /** How many sleep: what a test may ask for to find a leak. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Moves on, waking sleepers one after the other, each at its time. */
  async advance(ms: number): Promise<void> {
    const until = this.#ms + ms;
    for (;;) {
      await this.settle();
      const due = [...this.#sleepers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#ms = Math.max(this.#ms, due.at);
      due.wake();
    }
    this.#ms = until;
  }

  /** Lets everything happen that waits for no time. */
  async settle(): Promise<void> {
    for (let i = 0; i < turnsMax; i++) await turn();
  }
}

/** The same for every test: xorshift32. */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return {
    float: () => next() / 2 ** 32,
    hex: (digits) => Array.from({ length: digits }, () => (next() >>> 28).toString(16)).join(""),
  };
}
