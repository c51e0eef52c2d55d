/** What exports are made of: each series with what is shown of it in the range that is chosen. Pure. */
import type { Distribution } from "../client/distribution.ts";
import type { Sanitized } from "./sanitize.ts";
import { isIn, type Point, type Series } from "./series.ts";

export interface ExportedSeries {
  readonly series: Series;
  /** Those that are not hidden, in the range. */
  readonly points: readonly Point[];
  /** What is hidden, of all dates: points with fewer submissions than the limit. */
  readonly hidden: { readonly points: number; readonly submissions: number; readonly limit: number };
  /** Of the range. */
  readonly distribution: Distribution;
  /** Of each date in the range, hidden ones included. */
  readonly days: readonly { readonly date: string; readonly submissions: number }[];
}

/** `sanitized` and `ranged`: as `series`. */
export function exportedSeries(
  series: readonly Series[],
  sanitized: readonly Sanitized<Point>[],
  ranged: readonly Distribution[],
  range: { readonly from: string | null; readonly to: string | null },
): ExportedSeries[] {
  const isShown = ({ date }: { readonly date: string }): boolean => isIn(date, range);
  return series.map((own, i) => {
    const { kept = [], hidden = 0, hiddenSubmissions = 0, limit = 0 } = sanitized[i] ?? {};
    return {
      series: own,
      points: kept.filter(isShown),
      hidden: { points: hidden, submissions: hiddenSubmissions, limit },
      distribution: ranged[i] ?? own.evolution.range(range.from ?? undefined, range.to ?? undefined),
      days: own.points.filter(isShown),
    };
  });
}
