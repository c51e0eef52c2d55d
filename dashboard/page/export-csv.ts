/**
 * What each figure shows as CSV (RFC 4180). Names come from anybody, and a spreadsheet takes a cell that begins with = + - @, a tab or a
 * carriage return for a formula: such texts get an apostrophe in front. Numbers are numbers, also negative ones; what is unknown is empty.
 *
 * Every row says of which series it is: version, a column for each dimension, `*` where it is not narrowed, and in `narrowed_by` the
 * names of the dimensions that are, so that no value is taken for "all", not even an empty one or a star.
 */
import { bucketName } from "./bucket-names.ts";
import { comparison, cumulative, difference } from "./comparison.ts";
import type { ExportedSeries } from "./exported.ts";
import { isShare, type Line } from "./lines.ts";
import { perDate } from "./per-date.ts";
import { lineValue, type Series } from "./series.ts";
import { shareOf } from "./shares.ts";
import { summaryPercents } from "./summary-facts.ts";

export type Cell = string | number | null;

/** Lines end in CR LF. */
export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(content: Cell): string {
  if (content === null) return "";
  if (typeof content === "number") return String(content);
  const harmless = /^[=+\-@\t\r]/.test(content) ? `'${content}` : content;
  return /[",\r\n\t]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

const notNarrowed = "*";

function seriesHead(dimensions: readonly string[], before = ""): string[] {
  return ["version", ...dimensions, "narrowed_by"].map((name) => before + name);
}

function seriesCells({ version, filters }: Series, dimensions: readonly string[]): string[] {
  const narrowed = dimensions.filter((dimension) => filters.has(dimension));
  return [version, ...dimensions.map((dimension) => filters.get(dimension) ?? notNarrowed), narrowed.join("; ")];
}

/** A row for each series and date; `lines`: those that the measure has. Shares are from 0 to 1. */
export function evolutionCsv(
  dimensions: readonly string[],
  lines: readonly Line[],
  all: readonly ExportedSeries[],
): string {
  const rows = all.flatMap(({ series, points }) =>
    points.map(({ date, submissions, samples, distribution }): Cell[] => [
      ...seriesCells(series, dimensions),
      date,
      submissions,
      samples,
      ...lines.map((line) => lineValue(distribution, line.name)),
    ]),
  );
  return toCsv([...seriesHead(dimensions), "date", "submissions", "samples", ...lines.map(lineColumn)], rows);
}

export function lineColumn(line: Line): string {
  return isShare(line) ? line.short : line.name;
}

/** A row for each series and bucket; `end` is empty for the last one, which has no upper bound. */
export function distributionCsv(dimensions: readonly string[], all: readonly ExportedSeries[]): string {
  const rows = all.flatMap(({ series, distribution }) =>
    distribution.buckets.map(({ start, end, count }, bucket): Cell[] => [
      ...seriesCells(series, dimensions),
      bucketName(distribution.measure, bucket),
      start,
      end,
      count,
      shareOf(distribution, bucket),
    ]),
  );
  return toCsv([...seriesHead(dimensions), "bucket", "start", "end", "count", "share"], rows);
}

/**
 * A row for each bucket of each series that can be compared with the first: its share and the first one's, what it has more in percentage
 * points, and the shares in this bucket or below.
 */
export function comparisonCsv(dimensions: readonly string[], all: readonly ExportedSeries[]): string {
  const [first, ...others] = all;
  if (first === undefined) return "";
  const { distribution: from } = first;
  const alike = others.filter(({ distribution }) => comparison(from, distribution) === "comparable");
  const rows = alike.flatMap(({ series, distribution }) => {
    const points = difference(from, distribution);
    const [below, belowFirst] = [cumulative(distribution), cumulative(from)];
    return distribution.buckets.map(({ start, end }, bucket): Cell[] => [
      ...seriesCells(series, dimensions),
      ...seriesCells(first.series, dimensions),
      bucketName(distribution.measure, bucket),
      start,
      end,
      shareOf(distribution, bucket),
      shareOf(from, bucket),
      points[bucket] ?? null,
      below[bucket] ?? null,
      belowFirst[bucket] ?? null,
    ]);
  });
  const numbers = ["share", "first_share", "difference_points", "cumulative", "first_cumulative"];
  const head = [...seriesHead(dimensions), ...seriesHead(dimensions, "first_"), "bucket", "start", "end", ...numbers];
  return toCsv(head, rows);
}

/** A row for each series and statistic; `from` and `to` bound it where it is known no better: the bucket of a percentile, dates. */
export function summaryCsv(
  dimensions: readonly string[],
  lines: readonly Line[],
  all: readonly ExportedSeries[],
): string {
  const rows = all.flatMap((own) =>
    statisticsOf(own, lines).map((row): Cell[] => [...seriesCells(own.series, dimensions), ...row]),
  );
  return toCsv([...seriesHead(dimensions), "statistic", "value", "from", "to"], rows);
}

function statisticsOf({ distribution, days }: ExportedSeries, lines: readonly Line[]): Cell[][] {
  const { kind, scale } = distribution.measure;
  const alone = (name: string, value: number | null): Cell[] => [name, value, null, null];
  const dates = [days[0]?.date ?? null, days.at(-1)?.date ?? null];
  const counted = [alone("submissions", distribution.submissions), ["dates", days.length, ...dates]];
  if (kind === "counter") {
    const found = perDate(
      days.map(({ submissions }) => submissions),
      summaryPercents,
    );
    const percentiles = found?.percentiles.map(({ percent, value }) => alone(`p${percent} per date`, value)) ?? [];
    return [...counted, alone("mean per date", found?.mean ?? null), ...percentiles];
  }
  const { mean, standardDeviation, geometricMean, geometricStandardDeviation } = distribution;
  const shares = lines.filter(isShare).map((line) => alone(line.short, lineValue(distribution, line.name)));
  const percentiles = summaryPercents.map((percent): Cell[] => {
    const found = distribution.percentile(percent);
    return [`p${percent}`, found?.value ?? null, found?.from ?? null, found?.to ?? null];
  });
  return [
    ...counted,
    alone("samples", distribution.count),
    ...(scale === "categories" ? shares : [alone("mean", mean)]),
    ...(scale === "linear" ? [alone("standard deviation", standardDeviation)] : []),
    ...(scale === "exponential"
      ? [alone("geometric mean", geometricMean), alone("geometric standard deviation", geometricStandardDeviation)]
      : []),
    ...(scale === "categories" ? [] : percentiles),
  ];
}
