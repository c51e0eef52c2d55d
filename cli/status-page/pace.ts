/**
 * How fast runs go and when they will be done: over the last minutes when somebody looked on for long enough, else since they
 * were admitted. Jobs are entered in bursts, so the window is long; a run that was held goes at less than it could.
 */
import type { Pace } from "../../dashboard/status/document.ts";

/** Evens out commits, which come every ten seconds or with a few hundred jobs at once. */
const windowMs = 300_000;
/** Less than that says nothing of the last minutes. */
const recentMsMin = 60_000;
/** Samples of a run: closer ones replace each other. */
const sampleMsMin = 1_000;

interface Sample {
  readonly at: number;
  readonly blocks: number;
  readonly records: number;
}

export interface Progress {
  readonly admittedAt: number;
  /** Blocks of the run. */
  readonly blocks: number;
  /** Blocks that are covered or missing. */
  readonly done: number;
  readonly records: number;
}

/** Of all open runs. Times are the store's, ms. `scale`: of `timing`. */
export class Paces {
  readonly #scale: number;
  #samples = new Map<string, readonly Sample[]>();

  constructor(scale: number) {
    this.#scale = scale;
  }

  /** Of these runs, now; what was known of others is forgotten. */
  note(now: number, runs: ReadonlyMap<string, Progress>): ReadonlyMap<string, Pace> {
    const samples = new Map<string, readonly Sample[]>();
    const paces = new Map<string, Pace>();
    for (const [run, progress] of runs) {
      const kept = this.#kept(run, { at: now, blocks: progress.done, records: progress.records });
      samples.set(run, kept);
      const pace = paceOf(now, progress, kept, recentMsMin * this.#scale);
      if (pace !== null) paces.set(run, pace);
    }
    this.#samples = samples;
    return paces;
  }

  #kept(run: string, sample: Sample): readonly Sample[] {
    const before = (this.#samples.get(run) ?? []).filter(({ at }) => at > sample.at - windowMs * this.#scale);
    const last = before.at(-1);
    // The first of all stays: it is what the others are compared with.
    const isClose = before.length > 1 && last !== undefined && sample.at - last.at < sampleMsMin * this.#scale;
    return [...(isClose ? before.slice(0, -1) : before), sample];
  }
}

/** Null when nothing was done in the time that is looked at. */
function paceOf(now: number, progress: Progress, samples: readonly Sample[], recentMin: number): Pace | null {
  const { admittedAt, blocks, done, records } = progress;
  const first = samples[0];
  const isRecent = first !== undefined && now - first.at >= recentMin;
  const from = isRecent ? first : { at: admittedAt, blocks: 0, records: 0 };
  const seconds = (now - from.at) / 1000;
  if (seconds <= 0 || (done === from.blocks && !isRecent)) return null;
  const blocksPerSecond = Math.max(0, done - from.blocks) / seconds;
  const recordsPerSecond = Math.max(0, records - from.records) / seconds;
  const leftMs = blocksPerSecond === 0 ? null : (Math.max(0, blocks - done) / blocksPerSecond) * 1000;
  // To the second: it is a guess.
  const endsAt = leftMs === null ? null : Math.round((now + leftMs) / 1000) * 1000;
  return { blocksPerSecond, recordsPerSecond, over: isRecent ? "recent" : "admission", endsAt };
}
