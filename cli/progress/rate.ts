/** How fast it goes and how long it will take, from what was done in the last while. */

/** Long enough to even out blocks of different sizes, short enough to notice a change. */
const windowMs = 15_000;

interface Sample {
  readonly at: number;
  readonly blocks: number;
  readonly bytes: number;
}

export interface Rate {
  readonly blocksPerSecond: number;
  readonly bytesPerSecond: number;
}

export class RateMeter {
  #samples: Sample[] = [];

  /** `at` in monotonic ms; totals so far. */
  note(at: number, blocks: number, bytes: number): void {
    this.#samples.push({ at, blocks, bytes });
    const from = at - windowMs;
    const keep = this.#samples.findIndex((sample) => sample.at >= from);
    // One before the window is kept, so that the window is full.
    if (keep > 1) this.#samples = this.#samples.slice(keep - 1);
  }

  /** Null until there is something to tell. */
  rate(): Rate | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 500) return null;
    const seconds = (last.at - first.at) / 1000;
    const bytesPerSecond = (last.bytes - first.bytes) / seconds;
    if (bytesPerSecond <= 0) return null;
    return { blocksPerSecond: (last.blocks - first.blocks) / seconds, bytesPerSecond };
  }
}
