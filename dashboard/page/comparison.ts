/**
 * Two distributions of one measure side by side: how many percentage points each bucket gained, what share lies below each bound, and
 * how far the median moved. Pure. Distributions of different buckets are not compared, nor is anything with nothing: comparison() says so.
 */
import type { Distribution } from "../client/distribution.ts";
import type { Percentile } from "../client/statistics.ts";
import { sharesOf } from "./shares.ts";

export interface Shift {
  /** Of the interpolated medians. */
  readonly value: number;
  /** The true change of the nearest-rank medians lies between, both excluded unless they are equal; null: no bound. */
  readonly least: number | null;
  readonly most: number | null;
}

/** Why two distributions are not compared: one of them is empty, or their buckets are others, or of another meaning. */
export type Comparison = "comparable" | "empty" | "other-buckets";

export function comparison(a: Distribution, b: Distribution): Comparison {
  const [one, other] = [a.measure, b.measure];
  const isAlike =
    one.scale === other.scale &&
    one.bounds.length === other.bounds.length &&
    one.bounds.every((bound, i) => bound === other.bounds[i]);
  if (!isAlike) return "other-buckets";
  return a.count > 0 && b.count > 0 ? "comparable" : "empty";
}

interface Distributed {
  readonly distribution: Distribution;
}

/** Those whose buckets are the first one's: only these stand in one drawing with it, or in the rows of one table. */
export function alikeTo<Own extends Distributed>(all: readonly Own[]): Own[] {
  return matching(all, ["comparable", "empty"]);
}

/** Those that are compared with the first, and itself; none where it is empty. */
export function comparableTo<Own extends Distributed>(all: readonly Own[]): Own[] {
  return matching(all, ["comparable"]);
}

function matching<Own extends Distributed>(all: readonly Own[], wanted: readonly Comparison[]): Own[] {
  const [first] = all;
  return all.filter(
    ({ distribution }) => first !== undefined && wanted.includes(comparison(first.distribution, distribution)),
  );
}

/** By bucket, from 0 to 1: which share of the samples lies in it or below. All 0 without samples. */
export function cumulative(distribution: Distribution): number[] {
  const n = distribution.count;
  let before = 0;
  return distribution.counts.map((count) => {
    before += count;
    return n > 0 ? before / n : 0;
  });
}

/** By bucket, in percentage points: what `to` has more than `from`. */
export function difference(from: Distribution, to: Distribution): number[] {
  const after = sharesOf(to);
  return sharesOf(from).map((before, i) => ((after[i] ?? 0) - before) * 100);
}

/** Null where one of them has no median. */
export function medianShift(from: Distribution, to: Distribution): Shift | null {
  const [before, after] = [from.median, to.median];
  return before === null || after === null ? null : shiftOf(before, after);
}

function shiftOf(before: Percentile, after: Percentile): Shift {
  return {
    value: after.value - before.value,
    least: before.to === null ? null : after.from - before.to,
    most: after.to === null ? null : after.to - before.from,
  };
}

/** The greatest distance of the two cumulative curves, in percentage points: 0 for equal ones, 100 for those that share nothing. */
export function greatestGap(from: Distribution, to: Distribution): number {
  const other = cumulative(to);
  return cumulative(from).reduce((most, share, i) => Math.max(most, Math.abs(share - (other[i] ?? 0)) * 100), 0);
}

/** The bucket whose share changed most, and by how many percentage points; the first of equal ones. */
export function greatestDifference(from: Distribution, to: Distribution): { bucket: number; points: number } {
  return difference(from, to).reduce(
    (most, points, bucket) => (Math.abs(points) > Math.abs(most.points) ? { bucket, points } : most),
    { bucket: 0, points: 0 },
  );
}
