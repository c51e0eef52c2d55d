/**
 * Statistics of a distribution in buckets. Each says what it is the statistic of, and none invents what the buckets do not hold:
 *
 *   mean, standard deviation            from exact sums, not from the buckets; of the population
 *   geometric mean and deviation        of 1 + x, as the sums of logarithms are: exp(mean of ln(1 + x)) - 1
 *   percentile                          by nearest rank it lies in a known bucket; where in it is interpolated
 *
 * Pure. Null stands for what cannot be known, also because sums contradict one another: no samples have a negative variance.
 */

/** How values lie between a bucket's bounds; categories have none between. */
export type Scale = "linear" | "exponential" | "categories";

export interface Percentile {
  /** Interpolated within the bucket: evenly, or evenly in ln(1 + x) on an exponential scale. Of counts a whole number. */
  readonly value: number;
  /** The nearest-rank percentile of the samples lies in [from, to). */
  readonly from: number;
  /** Null: the last bucket has no upper bound, and `value` is its lower one. */
  readonly to: number | null;
}

export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

export function mean(sum: number, n: number): number | null {
  return n > 0 ? sum / n : null;
}

/** A sum of squares as it is published: lo + hi * 2^32. */
export interface Squares {
  readonly lo: number;
  readonly hi: number;
}

/** What sums of doubles may be off by, as a share of them. */
const rounding = 1e-9;

/** Of a mean of squares and the square of a mean; null where no numbers have these. Below what rounding makes it is 0. */
function variance(meanOfSquares: number, mean: number): number | null {
  const found = meanOfSquares - mean ** 2;
  return found >= -rounding * Math.abs(meanOfSquares) ? Math.max(0, found) : null;
}

/**
 * Of `n` samples with this sum and sum of squares; null where no samples have these. The difference of two large numbers: exact
 * wherever they are whole.
 */
export function standardDeviation(sum: number, squares: Squares, n: number): number | null {
  if (n <= 0) return null;
  const { lo, hi } = squares;
  if ([sum, lo, hi, n].every(Number.isSafeInteger)) {
    const count = BigInt(n);
    const spread = count * (BigInt(lo) + (BigInt(hi) << 32n)) - BigInt(sum) ** 2n;
    return spread < 0n ? null : Math.sqrt(Number(spread)) / n;
  }
  const found = variance((lo + hi * 2 ** 32) / n, sum / n);
  return found === null ? null : Math.sqrt(found);
}

export function geometricMean(logSum: number, n: number): number | null {
  return n > 0 ? Math.expm1(logSum / n) : null;
}

/** A factor: 1 when all samples are equal; null where no samples have these sums. */
export function geometricStandardDeviation(logSum: number, logSumSquares: number, n: number): number | null {
  if (n <= 0) return null;
  const found = variance(logSumSquares / n, logSum / n);
  return found === null ? null : Math.exp(Math.sqrt(found));
}

/** Whether a mean lies where samples are: not below the lowest bucket that holds some, nor above the highest. */
export function isWithin(mean: number, bounds: readonly number[], counts: readonly number[]): boolean {
  const lowest = bounds[counts.findIndex((count) => count > 0)] ?? -Infinity;
  const highest = bounds[counts.findLastIndex((count) => count > 0) + 1] ?? Infinity;
  return mean >= lowest - rounding * Math.abs(lowest) && mean <= highest + rounding * Math.abs(highest);
}

/** Of values that are whole: the greatest one that is below the interpolated one, and in its bucket. */
export function wholePercentile({ value, from, to }: Percentile): Percentile {
  return { value: Math.max(from, Math.ceil(value) - 1), from, to };
}

/**
 * `percent` from 0 to 100. Null without samples, and for categories, between which nothing lies. `bounds`: the lower bounds of the
 * buckets, ascending, as many as `counts`.
 */
export function percentile(
  percent: number,
  bounds: readonly number[],
  counts: readonly number[],
  scale: Scale,
): Percentile | null {
  const n = total(counts);
  if (n <= 0 || scale === "categories") return null;
  const target = Math.max((n * Math.min(100, Math.max(0, percent))) / 100, Number.MIN_VALUE);
  let before = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && before + count >= target) {
      const from = bounds[index] ?? NaN;
      const to = bounds[index + 1] ?? null;
      if (to === null) return { value: from, from, to };
      return { value: between(from, to, (target - before) / count, scale), from, to };
    }
    before += count;
  }
  return null;
}

function between(from: number, to: number, share: number, scale: Scale): number {
  if (scale === "linear") return from + (to - from) * share;
  const low = Math.log1p(from);
  // Rounded, the power may lie a little outside.
  return Math.min(to, Math.max(from, Math.expm1(low + (Math.log1p(to) - low) * share)));
}
