/**
 * What the page shows, all of it: equal states show equal pages. It lives in the address (state-hash.ts), so that a link, a bookmark
 * and the back button carry it. Null stands for what was not chosen: the page then takes the first there is.
 */
import type { Theme } from "../parts/themes.ts";

/** Statistics that the evolution draws as lines, in the order of the legend. */
export const statisticNames = ["mean", "p5", "p25", "p50", "p75", "p95"] as const;
export type StatisticName = (typeof statisticNames)[number];

/** The share of one bucket, by its place: `v3`. Of categories, which have no other statistics. */
export type ShareName = `v${number}`;

export type LineName = StatisticName | ShareName;

/** The bucket whose share a line shows; null for a statistic. */
export function bucketOf(line: LineName): number | null {
  return line.startsWith("v") ? Number(line.slice(1)) : null;
}

/** The percentile that a line shows; null for the mean, and for a share. */
export function percentOf(line: LineName): number | null {
  return line.startsWith("p") ? Number(line.slice(1)) : null;
}

export const figures = ["evolution", "distribution", "summary", "comparison"] as const;
/** A figure that can stand alone, embedded in another page. */
export type FigureName = (typeof figures)[number];

export const distributionViews = ["chart", "table"] as const;
export type DistributionView = (typeof distributionViews)[number];

export const comparisonViews = ["cumulative", "difference"] as const;
export type ComparisonView = (typeof comparisonViews)[number];

/** By dimension: a value. Dimensions that are not in it are not narrowed. */
export type Filters = ReadonlyMap<string, string>;

/** A series beside the first: the same measure. */
export interface Compared {
  readonly version: string;
  /** Null: those of the first series, whatever they become. */
  readonly filters: Filters | null;
}

export interface PageState {
  readonly version: string | null;
  readonly measure: string | null;
  /** A name of the site's kinds of dates. */
  readonly dates: string | null;
  readonly filters: Filters;
  /** YYYYMMDD, both included; null for no limit. */
  readonly from: string | null;
  readonly to: string | null;
  readonly compared: readonly Compared[];
  /** Leaves out dates with so few submissions that they mislead. Null: as suits the measure (sanitize.ts). */
  readonly sanitize: boolean | null;
  /** Null: what suits the measure and the number of series. Those that the measure does not have are not shown. */
  readonly lines: readonly LineName[] | null;
  readonly distribution: DistributionView;
  readonly comparison: ComparisonView;
  readonly theme: Theme;
  /** Null: the whole page. */
  readonly only: FigureName | null;
}

export const firstState: PageState = {
  version: null,
  measure: null,
  dates: null,
  filters: new Map(),
  from: null,
  to: null,
  compared: [],
  sanitize: null,
  lines: null,
  distribution: "chart",
  comparison: "cumulative",
  theme: "auto",
  only: null,
};

/** More lines than that cannot be told apart, by their colours or otherwise. */
export const comparedMax = 5;

/** The series by their place: the first, then those compared. Filters of dimensions that there are not narrow nothing: without them. */
export function seriesOf(
  { filters, compared }: PageState,
  version: string,
  dimensions: readonly string[],
): readonly { version: string; filters: Filters }[] {
  const all = [{ version, filters }, ...compared.map((own) => ({ ...own, filters: own.filters ?? filters }))];
  return all.map((own) => ({
    version: own.version,
    filters: new Map([...own.filters].filter(([dimension]) => dimensions.includes(dimension))),
  }));
}

/** A filter set or, with null, taken back. */
export function filtered(filters: Filters, dimension: string, value: string | null): Filters {
  const next = new Map(filters);
  if (value === null) next.delete(dimension);
  else next.set(dimension, value);
  return next;
}
