/**
 * Virtual time. Everything that takes time in a simulation is an event here; nothing else may wait. After each event all
 * promise callbacks run to their end before the next, so one seed gives one history.
 */
import type { Clock, Random } from "../../shared/ports/clock.ts";

/** mulberry32: small, fast, good enough to choose faults. */
export class Rng implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += ((this.float() * 0x100000000) >>> 0).toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** Exponentially distributed, in ms. */
  latency(meanMs: number): number {
    return -Math.log(1 - this.float()) * meanMs;
  }

  pick<T>(list: readonly T[]): T {
    const item = list[Math.floor(this.float() * list.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | null;
}

export class Kernel {
  readonly rng: Rng;
  #now = 0;
  #order = 0;
  readonly #heap: Event[] = [];
  eventsRun = 0;

  constructor(seed: number) {
    this.rng = new Rng(seed);
  }

  get now(): number {
    return this.#now;
  }

  /** Calls `run` after `ms` of virtual time. The answer cancels it. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#push(event);
    return () => {
      event.run = null;
    };
  }

  /**
   * Runs events until `done` says so; false when time is up or nothing is left to happen. A tick for each event, asked for by a
   * promise callback: it comes when no other callback is left that can run, and costs less than a turn of the loop.
   */
  async run(done: () => boolean, untilMs: number): Promise<boolean> {
    return await new Promise((resolve, reject) => {
      const tick = (): void => process.nextTick(step);
      const step = (): void => {
        try {
          if (done()) {
            resolve(true);
            return;
          }
          const event = this.#next();
          if (event === undefined || event.at > untilMs) {
            resolve(false);
            return;
          }
          this.#now = event.at;
          this.eventsRun++;
          event.run?.();
          queueMicrotask(tick);
        } catch (error) {
          reject(error);
        }
      };
      queueMicrotask(tick);
    });
  }

  /** The next event that was not cancelled. */
  #next(): Event | undefined {
    for (;;) {
      const event = this.#pop();
      if (event === undefined || event.run !== null) return event;
    }
  }

  /** The time of the world's shared parts (stores, queues). */
  readonly clock: Clock = {
    now: () => epochMs + this.#now,
    monotonic: () => this.#now,
    sleep: async (ms, signal) => {
      await new Promise<void>((resolve) => {
        if (signal === undefined) {
          this.after(ms, resolve);
          return;
        }
        if (signal.aborted) {
          resolve();
          return;
        }
        const cancelled = (): void => {
          cancel();
          resolve();
        };
        const cancel = this.after(ms, () => {
          // A signal lives as long as its world: a listener for each sleep would fill it.
          signal.removeEventListener("abort", cancelled);
          resolve();
        });
        signal.addEventListener("abort", cancelled, { once: true });
      });
    },
  };

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Event;
      if (before(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || first === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (before(last, heap[child] as Event)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** The wall clock begins at some date, so that stamps look like stamps. */
const epochMs = Date.UTC(2026, 0, 1);

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
