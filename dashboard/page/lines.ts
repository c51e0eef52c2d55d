/**
 * The lines that the evolution of a measure may have: statistics of values, or of categories the share that each holds of a date's
 * samples. A counter has none: its numbers are what the bars show. Pure.
 */
import { Distribution } from "../client/distribution.ts";
import type { Measure } from "../client/measure.ts";
import * as words from "../parts/words.ts";
import { bucketName } from "./bucket-names.ts";
import type { Series } from "./series.ts";
import { bucketOf, statisticNames, type LineName, type StatisticName } from "./state.ts";

export interface Line {
  readonly name: LineName;
  /** In the legend. */
  readonly title: string;
  /** Where there is little room: in tables and when a date is read out. */
  readonly short: string;
  /** The style sheet's name of its colour and dashes. */
  readonly look: string;
  /** The one that is shown of several series when nobody chose. */
  readonly isMain: boolean;
}

/** As many as there are colours. */
const sharesMax = 6;
/** The bucket of "true" and of "set". */
const yes = 1;

const titles: Readonly<Record<StatisticName, readonly [title: string, short: string]>> = {
  mean: ["Mean", "mean"],
  p5: ["5th percentile", "5th"],
  p25: ["25th", "25th"],
  p50: ["Median", "median"],
  p75: ["75th", "75th"],
  p95: ["95th percentile", "95th"],
};

const statisticLines: readonly Line[] = statisticNames.map((name) => {
  const [title, short] = titles[name];
  return { name, title, short, look: `line-${name}`, isMain: name === "p50" };
});

/** All that can be shown of these series, in the order of the legend: of categories the most frequent ones, by their order. */
export function linesOf(series: readonly Series[]): readonly Line[] {
  const measure = series[0]?.evolution.measure;
  if (measure === undefined || measure.kind === "counter") return [];
  return measure.scale === "categories" ? shareLines(measure, series) : statisticLines;
}

function shareLines(measure: Measure, series: readonly Series[]): Line[] {
  const alike = series.filter(({ evolution }) => evolution.measure.bounds.length === measure.bounds.length);
  const all = alike.map(({ points }) =>
    Distribution.sum(
      measure,
      points.map(({ distribution }) => distribution),
    ),
  );
  // Of shares and not of counts: a series of many samples must not hide what another one is full of.
  const weights = measure.bounds.map((_, bucket) =>
    all.reduce((sum, { counts, count }) => sum + (count > 0 ? (counts[bucket] ?? 0) / count : 0), 0),
  );
  const most = [...weights.keys()]
    .filter((bucket) => (weights[bucket] ?? 0) > 0)
    .toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b)
    .slice(0, sharesMax)
    .toSorted((a, b) => a - b);
  const main = mainBucket(measure, most, weights);
  return most.map((bucket, place) => {
    const value = bucketName(measure, bucket);
    // A number alone would not say what it is.
    const title = /^[\d,.]+$/.test(value) ? `value ${value}` : value;
    return { name: `v${bucket}`, title, short: `share of ${value}`, look: `share-${place}`, isMain: bucket === main };
  });
}

/**
 * Whose share is shown of several series. Of yes and no it is yes: "set", "true" is what is asked about. Values of an enumeration lie in
 * no order, so that no number among them says more than another, and 1 is as likely one that nobody has: there it is the value that most
 * samples have, in all series together. Its line is the calmest one, and what it loses the others gain.
 */
function mainBucket(measure: Measure, shown: readonly number[], weights: readonly number[]): number | undefined {
  const isOfTwo = measure.kind === "boolean" || measure.kind === "flag";
  if (isOfTwo && shown.includes(yes)) return yes;
  return shown.toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b)[0];
}

/**
 * Of these, those that are chosen. Where nothing was, or nothing that there is: with one series all lines say something; with several
 * only one each can be followed, the median or the share of one category (`mainBucket`).
 */
export function shownLines(
  chosen: readonly LineName[] | null,
  all: readonly Line[],
  isSingle: boolean,
): readonly Line[] {
  const known = all.filter(({ name }) => chosen?.includes(name) === true);
  if (chosen?.length === 0 || known.length > 0) return known;
  if (isSingle) return all;
  return all.filter(({ isMain }) => isMain);
}

/** A line's value as people read it; null is what cannot be known. */
export function lineText(line: Line, value: number | null): string {
  if (value === null) return "–";
  return isShare(line) ? words.percent(value) : words.value(value);
}

/** Whether its values are shares, from 0 to 1. */
export function isShare({ name }: Line): boolean {
  return bucketOf(name) !== null;
}
