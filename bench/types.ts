/** What a benchmark is given, and what it answers. */
import type { Compared } from "./measure.ts";

export interface Setup {
  /** Pairs of runs. */
  readonly runs: number;
  /** Raw megabytes of the sample that is worked on. */
  readonly mb: number;
  /** A folder of blocks that `run` takes in place of the sample. */
  readonly blocks?: string;
  /** Jobs of `year`. */
  readonly jobs: number;
  /** An empty folder, removed afterwards. */
  readonly folder: string;
}

export interface Row extends Compared {
  /** What was done, and with what it is compared. */
  readonly what: string;
  readonly against: string;
  /** Of `ours` and `beside`: `MB/s` and `/s` are better when larger, `s` and `MB` when smaller. */
  readonly unit: string;
  /** What is to be reached: bounds of the ratio, or of `ours` in its unit. Absent: nothing was promised. */
  readonly target?: { readonly most?: number; readonly least?: number; readonly of: "ratio" | "ours" };
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  /** Takes many minutes: runs only when it is named. */
  readonly long?: true;
  run(setup: Setup): AsyncIterable<Row>;
}
