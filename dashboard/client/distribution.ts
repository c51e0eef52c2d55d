/**
 * A distribution: rows of one measure added up, with what the sums are of. A row is, as published,
 *
 *   [b0, …, bN-1, sum, log_sum, log_sum_squares, sum_squares_lo, sum_squares_hi, submissions, filter id]     of a histogram
 *   [count, filter id]                                                                                       of a counter
 *
 * -1 for a statistic says that it was not recorded: it is left out, together with the samples of its row, so that a mean is the
 * mean of those samples whose sum is known. So are sums that do not belong to the counts of their row: added up with good ones they
 * would make a number that looks like one.
 */
import type { Measure } from "./measure.ts";
import * as statistics from "./statistics.ts";
import type { Percentile } from "./statistics.ts";

export type Row = readonly number[];

/** Besides the buckets, in a histogram's row. */
const fieldsAfterBuckets = 7;
const notRecorded = -1;
/** Behind the buckets. */
const submissionsAt = 5;

/** What follows from sums. */
export type Statistic = "mean" | "standardDeviation" | "geometricMean" | "geometricStandardDeviation";

/** A sum, and of how many samples it is. */
interface Sum {
  value: number;
  n: number;
}

/** One bucket. */
export interface Bucket {
  readonly count: number;
  /** Lower bound, included. */
  readonly start: number;
  /** Upper bound, not included; null for the last bucket, which has none. */
  readonly end: number | null;
}

export class Distribution {
  readonly measure: Measure;
  /** By bucket; of a counter one. */
  readonly counts: number[];
  #submissions = 0;
  readonly #sum: Sum = { value: 0, n: 0 };
  readonly #logSum: Sum = { value: 0, n: 0 };
  /** `value`: the sum of the same samples' logarithms. */
  readonly #logSquares = { value: 0, squares: 0, n: 0 };
  readonly #squares = { lo: 0, hi: 0, n: 0, sum: 0 };
  /** Rows with sums that were left out, since they do not belong to the counts. */
  #damaged = 0;

  constructor(measure: Measure, rows: Iterable<Row> = []) {
    this.measure = measure;
    this.counts = Array.from({ length: measure.kind === "counter" ? 1 : measure.bounds.length }, () => 0);
    for (const row of rows) this.#add(row);
  }

  /** All of them added up; all are of `measure`. What was not recorded in some stays left out. */
  static sum(measure: Measure, parts: Iterable<Distribution>): Distribution {
    const all = new Distribution(measure);
    for (const part of parts) all.#addAll(part);
    return all;
  }

  /** Records that had the measure: one may hold many samples. Of a counter its count. */
  get submissions(): number {
    return this.#submissions;
  }

  /** Samples in the buckets. */
  get count(): number {
    return statistics.total(this.counts);
  }

  get buckets(): Bucket[] {
    const { bounds } = this.measure;
    return this.counts.map((count, i) => ({ count, start: bounds[i] ?? 0, end: bounds[i + 1] ?? null }));
  }

  /** Null where the values are names of categories, and where no sum is known. */
  get mean(): number | null {
    const { value, n } = this.#sum;
    return this.measure.scale === "categories" ? null : statistics.mean(value, n);
  }

  /** Of histograms on a linear scale; null where no sum of squares is known. */
  get standardDeviation(): number | null {
    const { lo, hi, n, sum } = this.#squares;
    return this.measure.scale === "linear" ? statistics.standardDeviation(sum, { lo, hi }, n) : null;
  }

  /** Of histograms on an exponential scale; null where no sum of logarithms is known. */
  get geometricMean(): number | null {
    const { value, n } = this.#logSum;
    return this.measure.scale === "exponential" ? statistics.geometricMean(value, n) : null;
  }

  /** Of histograms on an exponential scale; null where no sum of their squares is known. */
  get geometricStandardDeviation(): number | null {
    const { value, squares, n } = this.#logSquares;
    return this.measure.scale === "exponential" ? statistics.geometricStandardDeviation(value, squares, n) : null;
  }

  /** Of how many samples a statistic is: those whose sums were recorded, and belong to the counts of their row. */
  samplesOf(statistic: Statistic): number {
    const { scale } = this.measure;
    if (statistic === "mean") return scale === "categories" ? 0 : this.#sum.n;
    if (statistic === "standardDeviation") return scale === "linear" ? this.#squares.n : 0;
    if (scale !== "exponential") return 0;
    return statistic === "geometricMean" ? this.#logSum.n : this.#logSquares.n;
  }

  /** That sums were recorded which do not belong to the counts of their row: statistics are without them. */
  get isContradictory(): boolean {
    return this.#damaged > 0;
  }

  /** `percent` from 0 to 100; null for categories and without samples. */
  percentile(percent: number): Percentile | null {
    const { bounds, kind, scale } = this.measure;
    const found = statistics.percentile(percent, bounds, this.counts, scale);
    return found !== null && kind === "count" ? statistics.wholePercentile(found) : found;
  }

  get median(): Percentile | null {
    return this.percentile(50);
  }

  #addAll(part: Distribution): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i] = (this.counts[i] ?? 0) + (part.counts[i] ?? 0);
    this.#submissions += part.#submissions;
    addTo(this.#sum, part.#sum.value, part.#sum.n);
    addTo(this.#logSum, part.#logSum.value, part.#logSum.n);
    addTo(this.#logSquares, part.#logSquares.value, part.#logSquares.n);
    this.#logSquares.squares += part.#logSquares.squares;
    this.#damaged += part.#damaged;
    this.#squares.lo += part.#squares.lo;
    this.#squares.hi += part.#squares.hi;
    this.#squares.n += part.#squares.n;
    this.#squares.sum += part.#squares.sum;
  }

  #add(row: Row): void {
    if (this.measure.kind === "counter") {
      const [count = 0] = row;
      this.counts[0] = (this.counts[0] ?? 0) + count;
      this.#submissions += count;
      return;
    }
    const buckets = this.counts.length;
    let samples = 0;
    for (let i = 0; i < buckets; i++) {
      const count = row[i] ?? 0;
      samples += count;
      this.counts[i] = (this.counts[i] ?? 0) + count;
    }
    const sums = row.slice(buckets);
    this.#submissions += sums[submissionsAt] ?? 0;
    if (samples > 0 && this.measure.scale !== "categories" && !this.#addSums(row, sums, samples)) this.#damaged += 1;
  }

  /** Whether all that were recorded belong to the row's counts; the others are left out, with what follows from them. */
  #addSums(row: Row, sums: Row, n: number): boolean {
    const [sum = notRecorded, logSum = notRecorded, logSquares = notRecorded, lo = notRecorded, hi = notRecorded] =
      sums;
    const { bounds, scale } = this.measure;
    const isMean = (mean: number | null): boolean =>
      mean !== null && statistics.isWithin(mean, bounds, row.slice(0, bounds.length));
    let isWhole = true;
    if (sum !== notRecorded) {
      const isKnown = isMean(statistics.mean(sum, n));
      if (isKnown) addTo(this.#sum, sum, n);
      isWhole &&= isKnown;
      if (scale === "linear" && lo !== notRecorded && hi !== notRecorded) {
        const isSpread = statistics.standardDeviation(sum, { lo, hi }, n) !== null;
        if (isKnown && isSpread) {
          this.#squares.lo += lo;
          this.#squares.hi += hi;
          this.#squares.n += n;
          this.#squares.sum += sum;
        }
        isWhole &&= isSpread;
      }
    }
    if (scale !== "exponential" || logSum === notRecorded) return isWhole;
    const isKnown = isMean(statistics.geometricMean(logSum, n));
    if (isKnown) addTo(this.#logSum, logSum, n);
    isWhole &&= isKnown;
    if (logSquares === notRecorded) return isWhole;
    const isSpread = statistics.geometricStandardDeviation(logSum, logSquares, n) !== null;
    if (isKnown && isSpread) {
      addTo(this.#logSquares, logSum, n);
      this.#logSquares.squares += logSquares;
    }
    return isWhole && isSpread;
  }
}

function addTo(sum: Sum, value: number, samples: number): void {
  sum.value += value;
  sum.n += samples;
}

/** How long a row of the measure is. */
export function rowLength(measure: Measure): number {
  return measure.kind === "counter" ? 2 : measure.bounds.length + fieldsAfterBuckets;
}

/** Where a row says how many submissions it is of. */
export function submissionsColumn(measure: Measure): number {
  return rowLength(measure) - 2;
}
