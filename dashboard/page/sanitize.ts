/**
 * Dates of which there are few submissions mislead: a build that three people tested has a wild median. Sanitizing leaves them
 * out, and says how many and by which limit; it never draws them as 0.
 */
import type { MeasureKind } from "../client/measure.ts";

/**
 * Whether few are hidden, as was chosen. Where nobody chose not those of a counter, which has no statistics that mislead: there few
 * records are what an outage looks like.
 */
export function isSanitized(chosen: boolean | null, kind: MeasureKind): boolean {
  return chosen ?? kind !== "counter";
}

/** A date with that many is kept, however many others have. */
const enough = 100;
/** Of the greatest. */
const share = 0.01;

export interface Sanitized<Point> {
  readonly kept: readonly Point[];
  /** How many points were left out. */
  readonly hidden: number;
  readonly hiddenPoints: readonly Point[];
  /** Submissions that the hidden points have together. */
  readonly hiddenSubmissions: number;
  /** Points with fewer submissions are hidden. */
  readonly limit: number;
}

export function sanitize<Point extends { readonly submissions: number }>(
  points: readonly Point[],
  on: boolean,
): Sanitized<Point> {
  const most = points.reduce((max, { submissions }) => Math.max(max, submissions), 0);
  const limit = on ? Math.min(enough, most * share) : 0;
  const kept = points.filter(({ submissions }) => submissions >= limit);
  const hidden = points.filter(({ submissions }) => submissions < limit);
  return {
    kept,
    hidden: hidden.length,
    hiddenPoints: hidden,
    hiddenSubmissions: hidden.reduce((sum, { submissions }) => sum + submissions, 0),
    limit,
  };
}
