/**
 * Where the comparison is drawn, over the same buckets as the distribution: cumulative curves of all series, or for each series but the
 * first what its buckets hold more than the first one's, in percentage points. Pure; pixels.
 */
import type { Distribution } from "../client/distribution.ts";
import { valueScale, valueTicks, type Tick } from "../parts/axes.ts";
import { percentTick, signed } from "../parts/words.ts";
import { cumulative, difference } from "./comparison.ts";
import { distributionGeometry } from "./distribution-geometry.ts";
import type { ComparisonView } from "./state.ts";

export interface ComparisonGeometry {
  readonly width: number;
  readonly height: number;
  readonly box: ReturnType<typeof distributionGeometry>["box"];
  readonly buckets: ReturnType<typeof distributionGeometry>["buckets"];
  readonly bucketTicks: readonly Tick[];
  readonly valueTicks: readonly Tick[];
  /** `of`: which one of the distributions that were given. */
  readonly curves: readonly { readonly of: number; readonly d: string }[];
  /** Of no difference; null for cumulative curves. */
  readonly zero: number | null;
}

export function comparisonGeometry(
  all: readonly Distribution[],
  view: ComparisonView,
  size: { readonly width: number; readonly height: number },
): ComparisonGeometry {
  const { box, buckets, bucketTicks } = distributionGeometry(all, size);
  const [first] = all;
  const isDifference = view === "difference";
  const lines =
    first === undefined
      ? []
      : isDifference
        ? all.slice(1).map((other) => difference(first, other))
        : all.map(cumulative);
  const y = valueScale(isDifference ? lines.flat() : [0, 1], box);
  const start = y(0).toFixed(1);
  const curves = lines.map((values, i) => {
    const steps = values.slice(buckets.first, buckets.last + 1).map((value, j) => {
      const end = buckets.edge(buckets.first + j + 1).toFixed(1);
      // A cumulative share is reached at the end of its bucket; a difference holds for all of it.
      return isDifference ? `V${y(value).toFixed(1)}H${end}` : `L${end},${y(value).toFixed(1)}`;
    });
    return { of: isDifference ? i + 1 : i, d: `M${box.left.toFixed(1)},${start}${steps.join("")}` };
  });
  return {
    ...size,
    box,
    buckets,
    bucketTicks,
    valueTicks: valueTicks(y, isDifference ? signed : percentTick),
    curves,
    zero: isDifference ? y(0) : null,
  };
}
