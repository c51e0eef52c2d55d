/** Numbers of a counter over dates: each date is one value, so these statistics are exact. Pure. */

export interface PerDate {
  /** How many dates have something. */
  readonly dates: number;
  readonly mean: number;
  /** By nearest rank: each is the number of some date. Ascending. */
  readonly percentiles: readonly { readonly percent: number; readonly value: number }[];
}

/** Null without numbers. `percents`: from 0 to 100. */
export function perDate(numbers: readonly number[], percents: readonly number[]): PerDate | null {
  if (numbers.length === 0) return null;
  const sorted = numbers.toSorted((a, b) => a - b);
  return {
    dates: numbers.length,
    mean: numbers.reduce((sum, number) => sum + number, 0) / numbers.length,
    percentiles: percents.map((percent) => {
      const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
      return { percent, value: sorted[rank - 1] ?? 0 };
    }),
  };
}
