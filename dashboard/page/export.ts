/**
 * What is shown, as CSV (RFC 4180) and as JSON. Names come from anybody, and a spreadsheet takes a cell that begins with = + - @, a
 * tab or a carriage return for a formula: such texts get an apostrophe in front. Numbers are numbers, also negative ones.
 */
import type { Coverage } from "../client/coverage.ts";
import type { Distribution } from "../client/distribution.ts";
import { bucketName } from "./bucket-names.ts";
import { isShare, type Line } from "./lines.ts";
import { lineValue, type Point, type Series } from "./series.ts";
import { percentOf, type Filters } from "./state.ts";

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

/** A series with what is shown of it. */
export interface ExportedSeries {
  readonly series: Series;
  /** Those that are not hidden, in the range. */
  readonly points: readonly Point[];
  /** Of the range. */
  readonly distribution: Distribution;
}

/** What the numbers are of: the same in every export. */
export interface ExportContext {
  readonly title: string;
  readonly measure: string;
  readonly dates: string;
  readonly submissions: string;
  readonly coverage: Coverage;
}

/** A row for each series and date; `lines`: those that the measure has. Shares are from 0 to 1. */
export function evolutionCsv(
  dimensions: readonly string[],
  lines: readonly Line[],
  all: readonly ExportedSeries[],
): string {
  const rows = all.flatMap(({ series, points }) =>
    points.map(({ date, submissions, samples, distribution }): Cell[] => [
      ...namesOf(series, dimensions),
      date,
      submissions,
      samples,
      ...lines.map((line) => lineValue(distribution, line.name)),
    ]),
  );
  return toCsv(["version", ...dimensions, "date", "submissions", "samples", ...lines.map(lineColumn)], rows);
}

function lineColumn(line: Line): string {
  return isShare(line) ? line.short : line.name;
}

/** A row for each series and bucket; `end` is empty for the last one, which has no upper bound. */
export function distributionCsv(dimensions: readonly string[], all: readonly ExportedSeries[]): string {
  const rows = all.flatMap(({ series, distribution }) =>
    distribution.buckets.map(({ start, end, count }, bucket): Cell[] => [
      ...namesOf(series, dimensions),
      bucketName(distribution.measure, bucket),
      start,
      end,
      count,
      distribution.count > 0 ? count / distribution.count : 0,
    ]),
  );
  return toCsv(["version", ...dimensions, "bucket", "start", "end", "count", "share"], rows);
}

function namesOf({ version, filters }: { version: string; filters: Filters }, dimensions: readonly string[]): string[] {
  return [version, ...dimensions.map((dimension) => filters.get(dimension) ?? "")];
}

/** Both at once, with coverage; indented. Filters are lists of pairs: names of data are no members. */
export function toJson(context: ExportContext, lines: readonly Line[], all: readonly ExportedSeries[]): string {
  const { coverage, ...rest } = context;
  const { aggregate, snapshot, asOf, accepted, read, rejected, blocks, missing } = coverage;
  const described = {
    ...rest,
    coverage: { aggregate, snapshot, asOf, accepted, read, rejected: [...rejected], blocks, missing },
    series: all.map(({ series, points, distribution }) => ({
      version: series.version,
      filters: [...series.filters],
      submissions: distribution.submissions,
      samples: distribution.count,
      mean: distribution.mean,
      standardDeviation: distribution.standardDeviation,
      geometricMean: distribution.geometricMean,
      geometricStandardDeviation: distribution.geometricStandardDeviation,
      percentiles: lines.flatMap(({ name }) => {
        const percent = percentOf(name);
        return percent === null ? [] : [{ percent, ...distribution.percentile(percent) }];
      }),
      buckets: distribution.buckets.map((bucket, i) => ({ name: bucketName(distribution.measure, i), ...bucket })),
      evolution: points.map(({ date, submissions, samples, distribution: day }) => ({
        date,
        submissions,
        samples,
        ...Object.fromEntries(lines.map((line) => [lineColumn(line), lineValue(day, line.name)])),
      })),
    })),
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

/** A file name of a measure's name, whatever that is: letters, digits and a few signs, of bounded length. */
export function fileName(measure: string, figure: string, ending: string): string {
  const harmless = measure.replaceAll(/[^\w.-]+/g, "_").slice(0, 80);
  return `${harmless.replace(/^[.-]+/, "") || "measure"}-${figure}.${ending}`;
}
