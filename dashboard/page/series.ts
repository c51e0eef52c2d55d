/**
 * What is drawn and counted of one series: its evolution narrowed to filters, a point for each date, and the distribution of a range
 * of dates. Points are made once for a set of filters; a range of dates adds up days, so that a brush can follow the pointer.
 */
import type { Distribution } from "../client/distribution.ts";
import type { Evolution } from "../client/evolution.ts";
import { percentOf, type Filters, type LineName } from "./state.ts";

export interface Point {
  /** YYYYMMDD. */
  readonly date: string;
  readonly submissions: number;
  readonly samples: number;
  readonly distribution: Distribution;
}

export interface Series {
  readonly version: string;
  readonly filters: Filters;
  readonly evolution: Evolution;
  readonly points: readonly Point[];
}

/** Filters of dimensions that the aggregate does not have narrow nothing. */
export function seriesFrom(version: string, all: Evolution, filters: Filters): Series {
  const evolution = all.dimensions.reduce((narrowed, dimension) => {
    const value = filters.get(dimension);
    return value === undefined ? narrowed : narrowed.where(dimension, value);
  }, all);
  const points = evolution.series().map(({ date, distribution }) => ({
    date,
    submissions: distribution.submissions,
    samples: distribution.count,
    distribution,
  }));
  return { version, filters, evolution, points };
}

/** Null where the statistic is not known, as of categories. */
export function lineValue(distribution: Distribution, line: LineName): number | null {
  const percent = percentOf(line);
  return percent === null ? distribution.mean : (distribution.percentile(percent)?.value ?? null);
}

/** How many dates lie in a range; null for no limit. */
export function datesIn(dates: readonly string[], from: string | null, to: string | null): string[] {
  return dates.filter((date) => date >= (from ?? "") && date <= (to ?? "99999999"));
}

/** All dates of several series, in order. */
export function allDates(series: readonly Series[]): string[] {
  return [...new Set(series.flatMap(({ points }) => points.map(({ date }) => date)))].toSorted();
}

/** What tells a series from the others: its version and, where it has some, its filters. */
export function seriesName({ version, filters }: { readonly version: string; readonly filters: Filters }): string {
  const narrowed = [...filters.values()];
  return [version === "" ? "all" : version, ...narrowed].join(" · ");
}
