/**
 * Where an evolution is broken: what is joined over dates without records looks like records that nobody sent. Pure.
 *
 * An area stands at its own dates and nowhere else. A line joins neighbours alone: no shown date lies between them at which the series
 * has no value, and no more days than usually lie between two dates. Days that no series has are gaps, too; but builds that come once a
 * week are neighbours, and a week without one is none of theirs.
 */
import { dayOf } from "../parts/axes.ts";

/** Whether nothing lies between two dates, of which the first is the earlier one or the same. */
export type AreNeighbours = (from: string, to: string) => boolean;

/** `dates`: all that are shown, ascending. Other dates have no neighbours. */
export function neighboursOf(dates: readonly string[]): AreNeighbours {
  const places = new Map(dates.map((date, i) => [date, i]));
  const distances = dates.slice(1).map((date, i) => dayOf(date) - dayOf(dates[i] ?? date));
  // The median, and of two in the middle the lesser one: where half of the days are missing the others are no neighbours.
  const usual = distances.toSorted((a, b) => a - b)[(distances.length - 1) >> 1] ?? 0;
  return (from, to) => {
    const [a = NaN, b = NaN] = [places.get(from), places.get(to)];
    return a === b || (b - a === 1 && (distances[a] ?? Infinity) <= usual);
  };
}

/** Runs of neighbours, in order. */
export function runsOf<Place extends { readonly date: string }>(
  places: readonly Place[],
  areNeighbours: AreNeighbours,
): Place[][] {
  const runs: Place[][] = [];
  for (const place of places) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run !== undefined && before !== undefined && areNeighbours(before.date, place.date)) run.push(place);
    else runs.push([place]);
  }
  return runs;
}

/** What places of columns side by side may be off by, as a factor. */
const rounding = 1.01;

/** The outline of columns `width` wide around their middles `x`: those that touch are one, and between others it is at the bottom. */
export function skyline(
  columns: readonly { readonly x: number; readonly y: number }[],
  width: number,
  bottom: number,
): string {
  const floor = bottom.toFixed(1);
  return columns
    .map(({ x, y }, i) => {
      const [before, after] = [columns[i - 1], columns[i + 1]];
      const touches = (other: typeof before): boolean =>
        other !== undefined && Math.abs(other.x - x) < width * rounding;
      const start = touches(before) ? "" : `M${(x - width / 2).toFixed(1)},${floor}`;
      return `${start}V${y.toFixed(1)}H${(x + width / 2).toFixed(1)}${touches(after) ? "" : `V${floor}Z`}`;
    })
    .join("");
}
