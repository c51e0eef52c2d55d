/** Which share of the samples of a distribution its buckets hold: of all there are, from 0 to 1. Pure. */
import type { Distribution } from "../client/distribution.ts";

/** By bucket; all 0 without samples. */
export function sharesOf(distribution: Distribution): number[] {
  const n = distribution.count;
  return distribution.counts.map((count) => (n > 0 ? count / n : 0));
}

/** Null without samples: nothing has no shares. */
export function shareOf(distribution: Distribution, bucket: number): number | null {
  const { count, counts } = distribution;
  return count > 0 ? (counts[bucket] ?? 0) / count : null;
}
