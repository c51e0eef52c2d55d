/**
 * What a figure shows, in words, for where it stands without the page's controls: saved pictures and paper. With what its numbers are of
 * (basisText) it can be read by somebody who never saw the page. Pure.
 */
import type { Coverage } from "../client/coverage.ts";
import { count, counted, date, nounFor, time, value } from "../parts/words.ts";
import type { Sanitized } from "./sanitize.ts";
import { isolated, type Point, type SeriesLabel } from "./series.ts";
import type { ComparisonView, FigureName, Filters } from "./state.ts";

export const figureTitles: Readonly<Record<FigureName, string>> = {
  evolution: "Evolution",
  distribution: "Distribution",
  summary: "Summary",
  comparison: "Comparison",
};

/** What the numbers of one series are of, in one figure. */
export interface SeriesBasis extends SeriesLabel {
  readonly submissions: number;
  /** Null of a counter, whose submissions are all there is. */
  readonly samples: number | null;
}

/** What was left out, in the versions that are shown. */
export interface LeftOutCounts {
  /** Definitions of this measure. */
  readonly here: number;
  /** How many other measures have such definitions. */
  readonly others: number;
  /** Those that had this measure by such a definition; null where the analysis does not say. */
  readonly pings: number | null;
}

/** What all series of a figure are of. */
export interface Counts {
  /** They may be of the same records, so they are not added up. */
  readonly of: readonly SeriesBasis[];
  /** What submissions are called. */
  readonly noun: string;
  readonly coverage: Coverage;
  /** Null: nobody knows. */
  readonly leftOut: LeftOutCounts | null;
}

export interface Narrowed {
  readonly names: readonly string[];
  /** As `names`. */
  readonly filters: readonly Filters[];
}

/** `OS WINNT, arch x86`, or that nothing is narrowed. */
export function filtersText(filters: Filters): string {
  if (filters.size === 0) return "no filters";
  return [...filters]
    .map(([dimension, own]) => `${isolated(dimension)} ${own === "" ? "(empty)" : isolated(own)}`)
    .join(", ");
}

/** Once where all series have the same filters. */
export function narrowedText({ names, filters }: Narrowed): string {
  const texts = filters.map(filtersText);
  if (new Set(texts).size === 1) return texts[0] === "no filters" ? "No filters" : `Filters: ${texts[0] ?? ""}`;
  return `Filters: ${texts.map((text, i) => `${names[i] ?? ""}: ${text}`).join("; ")}`;
}

/** `title`: of the kind of dates; `dates`: those that are shown, in order. */
export function datesText(title: string, dates: readonly string[]): string {
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return `${title}: no dates`;
  const range = first === last ? date(first) : `${date(first)} to ${date(last)}`;
  return `${title}: ${range} (${counted(dates.length, "date")})`;
}

/** What the height of a drawing stands for; "" where its axes say it. `first`: the series that others are compared with. */
export function drawnText(figure: FigureName, view: ComparisonView, first: string): string {
  if (figure === "distribution") return "share of samples per bucket";
  if (figure !== "comparison") return "";
  return view === "cumulative"
    ? "share of samples up to each value"
    : `percentage points that a bucket holds more, or less, than that of ${first}`;
}

interface Hidden {
  /** Points. */
  readonly hidden: number;
  /** Submissions of theirs. */
  readonly many: number;
  /** Of all series, as text: below it a point is hidden. */
  readonly limits: string;
}

export function hiddenOf(sanitized: readonly Sanitized<Point>[]): Hidden {
  return {
    hidden: sanitized.reduce((sum, series) => sum + series.hidden, 0),
    many: sanitized.reduce((sum, series) => sum + series.hiddenSubmissions, 0),
    limits: [...new Set(sanitized.map(({ limit }) => value(limit)))].join(", "),
  };
}

/** "" where nothing is hidden. */
export function hiddenText(sanitized: readonly Sanitized<Point>[], noun: string): string {
  const { hidden, many, limits } = hiddenOf(sanitized);
  if (hidden === 0) return "";
  return `${counted(hidden, "point")} with fewer than ${limits} ${noun} not drawn (${count(many)} ${nounFor(many, noun)})`;
}

/** `12 pings, 1,234 samples`. */
export function countText({ submissions, samples }: SeriesBasis, noun: string): string {
  const n = `${count(submissions)} ${nounFor(submissions, noun)}`;
  return samples === null ? n : `${n}, ${counted(samples, "sample")}`;
}

/** Of this measure; `noun`: what submissions are called. */
export function leftOutText(leftOut: LeftOutCounts | null, noun: string): string {
  if (leftOut === null) return "definitions left out: unknown";
  const { here, pings } = leftOut;
  const many = pings === null ? "" : ` (${count(pings)} ${nounFor(pings, noun)})`;
  return `${counted(here, "definition")} left out${many}`;
}

/** Which records a figure is of, its coverage cannot say: a block may hold those of any version. */
export function blocksText({ blocks: { covered, missing, open } }: Coverage): string {
  const lacking = [missing > 0 ? `, ${count(missing)} missing` : "", open > 0 ? `, ${count(open)} under way` : ""];
  return `whole aggregate: ${count(covered)} of ${counted(covered + missing + open, "block")}${lacking.join("")}`;
}

/** How arrays differ that were left out. `histograms` says `<buckets>` where it knows no definition, else `<buckets>-<digest>`. */
export function definitionText(definition: string): string {
  const [, buckets, digest] = /^(\d+)(?:-(.*))?$/.exec(definition) ?? [];
  if (buckets === undefined) return `of another definition (${definition})`;
  return `with ${counted(Number(buckets), "bucket")} and ${digest === undefined ? "no known definition" : `another definition (${digest})`}`;
}

/** A block's key stands beside what was found: once is enough. */
export function detailText(detail: string, key: string): string {
  return key === "" ? detail : detail.replaceAll(key, "…");
}

/** The line below a figure as text. Of several series the legend has each one's n beside its name. */
export function basisText({ of, noun, coverage, leftOut }: Counts): string {
  const rejected = coverage.read - coverage.accepted;
  return [
    ...(of.length > 1 ? [] : of.map((own) => `n = ${countText(own, noun)}`)),
    blocksText(coverage),
    ...(rejected > 0 ? [`${count(rejected)} of ${counted(coverage.read, "record")} rejected`] : []),
    ...(leftOut?.here !== 0 ? [leftOutText(leftOut, noun)] : []),
    `data as of ${time(coverage.asOf)} (${coverage.aggregate})`,
  ].join("; ");
}
