/**
 * What is drawn and counted of one series: its evolution narrowed to filters, a point for each date, and the distribution of a range
 * of dates. Points are made once for a set of filters; a range of dates adds up days, so that a brush can follow the pointer.
 */
import type { Distribution } from "../client/distribution.ts";
import type { Evolution } from "../client/evolution.ts";
import { shareOf } from "./shares.ts";
import { bucketOf, percentOf, type Filters, type LineName } from "./state.ts";

export interface Point {
  /** YYYYMMDD. */
  readonly date: string;
  readonly submissions: number;
  readonly samples: number;
  readonly distribution: Distribution;
}

/** How a series is called wherever its numbers stand, and its place among those that are chosen, which gives its colour. */
export interface SeriesLabel {
  readonly name: string;
  /** 0 for the first one. Series that cannot be read keep theirs, so that no other one changes its colour. */
  readonly place: number;
}

export interface Series {
  readonly place: number;
  readonly version: string;
  readonly filters: Filters;
  readonly evolution: Evolution;
  readonly points: readonly Point[];
}

/** Filters of dimensions that the aggregate does not have narrow nothing. */
export function seriesFrom(version: string, all: Evolution, filters: Filters, place = 0): Series {
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
  return { place, version, filters, evolution, points };
}

/** Null where it is not known: statistics of categories, shares of nothing. */
export function lineValue(distribution: Distribution, line: LineName): number | null {
  const bucket = bucketOf(line);
  if (bucket !== null) return shareOf(distribution, bucket);
  const percent = percentOf(line);
  return percent === null ? distribution.mean : (distribution.percentile(percent)?.value ?? null);
}

/** What points are of, together. */
export function totalOf(points: readonly Point[]): { readonly submissions: number; readonly samples: number } {
  return points.reduce(
    (sum, own) => ({ submissions: sum.submissions + own.submissions, samples: sum.samples + own.samples }),
    { submissions: 0, samples: 0 },
  );
}

/** YYYYMMDD, both included; null for no limit. */
interface Limits {
  readonly from: string | null;
  readonly to: string | null;
}

/** Whether a date lies in a range. */
export function isIn(date: string, { from, to }: Limits): boolean {
  return date >= (from ?? "") && date <= (to ?? "99999999");
}

/** The dates that lie in a range. */
export function datesIn(dates: readonly string[], from: string | null, to: string | null): string[] {
  return dates.filter((date) => isIn(date, { from, to }));
}

/** All dates of several series, in order. */
export function allDates(series: readonly Series[]): string[] {
  return [...new Set(series.flatMap(({ points }) => points.map(({ date }) => date)))].toSorted();
}

interface Named {
  /** "" where the site has none. */
  readonly version: string;
  readonly filters: Filters;
}

/**
 * What tells series from one another: versions where these do, else with their filters. Without versions a value alone would say little,
 * so the filters are said with their dimensions. Those that are the same are numbered. `noun`: what submissions are called.
 */
export function seriesNames(series: readonly Named[], noun: string): string[] {
  const versions = new Set(series.map(({ version }) => version));
  const isEnough = series.length > 1 && versions.size === series.length && new Set(series.map(filterKey)).size === 1;
  const names = series.map(({ version, filters }) => {
    const values = [...filters].map(([dimension, value]) => {
      const shown = isolated(value === "" ? "(empty)" : value);
      return version === "" ? `${isolated(dimension)} ${shown}` : shown;
    });
    const parts = [...(version === "" ? [] : [isolated(version)]), ...(isEnough ? [] : values)];
    return parts.length === 0 ? `all ${noun}` : parts.join(" · ");
  });
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((own) => own === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}

function filterKey({ filters }: Named): string {
  return JSON.stringify([...filters].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Letters that are written from right to left, and signs that turn what stands around them. */
const turning = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc]|[\ud802-\ud803\ud83a-\ud83b]/;

/** For a line of several names: none of them moves what stands beside it. */
export function isolated(name: string): string {
  return turning.test(name) ? `\u2068${name}\u2069` : name;
}
