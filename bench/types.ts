/** What a benchmark is given, and what it answers. */
import type { Compared } from "./measure.ts";

export interface Setup {
  /** Pairs of runs. */
  readonly runs: number;
  /** Raw megabytes of the sample that is worked on. */
  readonly mb: number;
  /** An empty folder, removed afterwards. */
  readonly folder: string;
}

export interface Row extends Compared {
  /** What was done, and with what it is compared. */
  readonly what: string;
  readonly against: string;
  /** Of `ours` and `beside`: `MB/s` and `/s` are better when larger, `s` when smaller. */
  readonly unit: string;
  /** What is to be reached: of the ratio, or of `ours`; at most or at least. */
  readonly target?: { readonly most?: number; readonly least?: number; readonly of: "ratio" | "ours" };
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  run(setup: Setup): AsyncIterable<Row>;
}
