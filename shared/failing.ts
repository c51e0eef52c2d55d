/**
 * When something that is done again and again counts as failing: `/healthz` and the masters' lease go by the same rule, so that
 * a master whose health says "failing" is one that lets another lead.
 */

/** One failure says nothing, and neither do many within a moment. */
const failuresMin = 3;
/** Before scaling. */
export const failingMsMin = 60_000;

export interface FailuresInRow {
  readonly failures: number;
  /** Monotonic time of the first of them; null: none. */
  readonly since: number | null;
}

/** `now`: monotonic. `scale`: of `timing`. */
export function isFailing({ failures, since }: FailuresInRow, now: number, scale: number): boolean {
  return failures >= failuresMin && since !== null && now - since >= failingMsMin * scale;
}
