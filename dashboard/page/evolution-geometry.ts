/**
 * Where everything of the evolution is drawn: lines of statistics above, submissions with their own axis below, both over the same
 * dates. Pure; pixels.
 *
 *   top     +--------------------+   lines: mean and percentiles, or shares of categories; the first series alone has bands p5..p95
 *           |  ~~~~              |          and p25..p75, too
 *   split   +--------------------+
 *           |  ##  # ###         |   submissions: a bar for each date, or an area where bars would be thinner than a pixel or two
 *   bottom  +--------------------+   dates
 *
 * Nothing is drawn at dates that have nothing: gaps.ts.
 */
import { dateScale, dateTicks, dayOf, valueScale, valueTicks, type Box, type Tick } from "../parts/axes.ts";
import { compact, percentTick } from "../parts/words.ts";
import { neighboursOf, runsOf, skyline, type AreNeighbours } from "./gaps.ts";
import { isShare, type Line } from "./lines.ts";
import { lineValue, type Point, type SeriesLabel } from "./series.ts";
import type { LineName } from "./state.ts";

export interface ShownSeries extends SeriesLabel {
  /** Those that are drawn. */
  readonly points: readonly Point[];
  /** Those of which there is too little: sanitize.ts. */
  readonly hidden: readonly Point[];
}

export interface Path {
  /** Its place. */
  readonly series: number;
  readonly line: Line;
  readonly d: string;
  /** Few points are read one by one. Of a single date there are none: its lines are strokes, which have their dashes to tell them apart. */
  readonly dots: readonly { readonly x: number; readonly y: number }[];
}

export interface EvolutionGeometry {
  readonly width: number;
  readonly height: number;
  readonly values: Box;
  readonly submissions: Box;
  readonly dateTicks: readonly Tick[];
  readonly valueTicks: readonly Tick[];
  /** Whether there are two charts: without lines submissions have all the room. */
  readonly hasLines: boolean;
  readonly submissionTicks: readonly Tick[];
  /** Filled between two percentiles; of a single series. */
  readonly bands: readonly { readonly name: "outer" | "inner"; readonly d: string }[];
  readonly paths: readonly Path[];
  readonly bars: readonly {
    readonly series: number;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  /** Instead of bars; none where there are bars. */
  readonly areas: readonly { readonly series: number; readonly d: string }[];
  /** Of a date's middle. */
  readonly xOf: (date: string) => number;
  /** The date whose middle is nearest; null without dates. */
  readonly nearest: (x: number) => string | null;
}

export interface EvolutionOptions {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  /** Dates of all series, hidden ones included: the axis does not move when points are hidden. Ascending. */
  readonly dates: readonly string[];
}

/** At the top there is room for an axis' title. */
const margin = { left: 56, right: 14, top: 18, bottom: 24 };
/** Between the two charts: room for a title between labels. */
const gapPx = 34;
const submissionsShare = 0.24;
/** Thinner bars run into one another. */
const barPxMin = 2;
const barPxMax = 26;
/** Half of a dot. */
export const dotPx = 2.5;
/** Up to that many points each has a dot. */
const dottedMax = 45;
/** What is drawn of a single date: half of a stroke, and how far those of the next series lie beside it. */
const strokePx = 14;
const besidePx = 36;

export function evolutionGeometry(series: readonly ShownSeries[], options: EvolutionOptions): EvolutionGeometry {
  const { width, height, lines, dates } = options;
  const [left, right, bottom] = [margin.left, Math.max(margin.left + 40, width - margin.right), height - margin.bottom];
  const hasLines = lines.length > 0 && series.some(({ points }) => points.some((point) => known(point, lines)));
  const below = hasLines ? Math.round((bottom - margin.top) * submissionsShare) : bottom - margin.top;
  const values: Box = { left, right, top: margin.top, bottom: hasLines ? bottom - below - gapPx : margin.top };
  const submissions: Box = { left, right, top: bottom - below, bottom };
  const x = dateScale(dates, values);
  const xs = dates.map((date) => x(dayOf(date)));
  const xOf = (date: string): number => x(dayOf(date));
  const drawn = series.flatMap(({ points }) =>
    points.flatMap((point) => lines.map(({ name }) => lineValue(point.distribution, name) ?? 0)),
  );
  const y = valueScale(drawn, values);
  const heights = valueScale(
    series.flatMap(({ points }) => points.map((point) => point.submissions)),
    submissions,
  );
  /** Where a date is drawn: at its middle, or from the beginning to the end of a stroke. */
  const strokesAt =
    (i: number) =>
    (date: string): number[] => {
      const middle = xOf(date) + (dates.length > 1 ? 0 : (i - (series.length - 1) / 2) * besidePx);
      return dates.length > 1 ? [middle] : [middle - strokePx, middle + strokePx];
    };
  const dateWidth = narrowest(xs, right - left);
  const step = dateWidth / Math.max(1, series.length);
  const areNeighbours = neighboursOf(dates);
  const hasBars = step >= barPxMin;
  const barWidth = Math.min(barPxMax, Math.max(1, step * 0.8));
  return {
    width,
    height,
    values,
    submissions,
    dateTicks: dateTicks(x),
    valueTicks: hasLines ? valueTicks(y, lines.some(isShare) ? percentTick : compact) : [],
    hasLines,
    // Nobody submits half of a record.
    submissionTicks: valueTicks(heights, (value) => (Number.isInteger(value) ? compact(value) : "")).filter(
      ({ label }) => label !== "",
    ),
    bands:
      series.length === 1
        ? bandsOf(series[0]?.points ?? [], new Set(lines.map(({ name }) => name)), strokesAt(0), y, areNeighbours)
        : [],
    paths: hasLines
      ? series.flatMap(({ points, place }, i) =>
          lines.map((line) => pathOf(points, place, line, strokesAt(i), y, areNeighbours)),
        )
      : [],
    bars: hasBars
      ? series.flatMap(({ points, place }, i) =>
          points.map((point) => {
            const top = heights(point.submissions);
            const from = xOf(point.date) + (i - series.length / 2) * barWidth;
            // What is there is seen, however little it is beside the rest.
            const tall = Math.max(1, submissions.bottom - top);
            return { series: place, x: from, y: submissions.bottom - tall, width: barWidth, height: tall };
          }),
        )
      : [],
    areas: hasBars
      ? []
      : series.map(({ points, place }) => {
          const columns = points.map((point) => ({ x: xOf(point.date), y: heights(point.submissions) }));
          return { series: place, d: skyline(columns, dateWidth, submissions.bottom) };
        }),
    xOf,
    nearest: (at) => nearestOf(dates, xs, at),
  };
}

function known(point: Point, lines: readonly Line[]): boolean {
  return lines.some(({ name }) => lineValue(point.distribution, name) !== null);
}

/** The least distance of two dates; all the room where there is one. */
function narrowest(xs: readonly number[], all: number): number {
  return xs.reduce((least, at, i) => (i === 0 ? least : Math.min(least, at - (xs[i - 1] ?? at))), all);
}

function pathOf(
  points: readonly Point[],
  series: number,
  own: Line,
  xsOf: (date: string) => readonly number[],
  y: (value: number) => number,
  areNeighbours: AreNeighbours,
): Path {
  const places = points.flatMap((point) => {
    const value = lineValue(point.distribution, own.name);
    return value === null ? [] : xsOf(point.date).map((x) => ({ date: point.date, x, y: y(value) }));
  });
  const isStroke = places.length > points.length;
  const runs = runsOf(places, areNeighbours);
  return {
    series,
    line: own,
    d: runs.map((run) => (run.length > 1 ? `M${through(run)}` : "")).join(""),
    // What stands alone has no line: its dot is all that is seen of it.
    dots: isStroke ? [] : places.length <= dottedMax ? places : runs.filter((run) => run.length === 1).flat(),
  };
}

const bandLines = [
  { name: "outer", low: "p5", high: "p95" },
  { name: "inner", low: "p25", high: "p75" },
] as const;

/** A band stands between two lines that are both shown. */
function bandsOf(
  points: readonly Point[],
  lines: ReadonlySet<LineName>,
  xsOf: (date: string) => readonly number[],
  y: (value: number) => number,
  areNeighbours: AreNeighbours,
): EvolutionGeometry["bands"] {
  return bandLines
    .filter(({ low, high }) => lines.has(low) && lines.has(high))
    .map(({ name, low, high }) => {
      const places = points.flatMap((point) => {
        const [from, to] = [lineValue(point.distribution, low), lineValue(point.distribution, high)];
        const { date } = point;
        return from === null || to === null ? [] : xsOf(date).map((x) => ({ date, x, from: y(from), y: y(to) }));
      });
      const runs = runsOf(places, areNeighbours);
      const d = runs.map((run) => {
        const back = run.toReversed().map(({ x, from: low }) => ({ x, y: low }));
        return `M${through(run)}L${through(back)}Z`;
      });
      return { name, d: d.join("") };
    });
}

function through(places: readonly { readonly x: number; readonly y: number }[]): string {
  return places.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L");
}

function nearestOf(dates: readonly string[], xs: readonly number[], at: number): string | null {
  let best: string | null = null;
  let distance = Infinity;
  for (const [i, x] of xs.entries()) {
    if (Math.abs(x - at) >= distance) continue;
    distance = Math.abs(x - at);
    best = dates[i] ?? null;
  }
  return best;
}
