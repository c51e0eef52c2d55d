/** What is shown as JSON: all figures at once, with everything that says what the numbers are of; and the names of files. */
import type { Coverage } from "../client/coverage.ts";
import { bucketName } from "./bucket-names.ts";
import { lineColumn } from "./export-csv.ts";
import type { ExportedSeries } from "./exported.ts";
import type { Line } from "./lines.ts";
import { lineValue } from "./series.ts";
import type { LeftOut } from "./source.ts";
import { percentOf } from "./state.ts";

/** What the numbers are of: the same in every export. */
export interface ExportContext {
  readonly title: string;
  readonly measure: string;
  readonly kind: string;
  readonly dates: string;
  /** YYYYMMDD, both included; null for no limit. */
  readonly range: { readonly from: string | null; readonly to: string | null };
  /** Whether dates with few submissions are left out of the evolution. */
  readonly sanitize: boolean;
  readonly submissions: string;
  readonly coverage: Coverage;
  /** Of the versions that are shown; null where nobody knows. */
  readonly definitionsLeftOut: readonly (LeftOut & { readonly version: string })[] | null;
}

/** Indented. Filters are lists of pairs: names of data are no members, and what is not in them is not narrowed. */
export function toJson(context: ExportContext, lines: readonly Line[], all: readonly ExportedSeries[]): string {
  const { coverage, ...rest } = context;
  const { aggregate, snapshot, asOf, accepted, read, rejected, blocks, missing } = coverage;
  const described = {
    ...rest,
    coverage: { aggregate, snapshot, asOf, accepted, read, rejected: [...rejected], blocks, missing },
    series: all.map(({ series, points, hidden, distribution }) => ({
      version: series.version,
      filters: [...series.filters],
      submissions: distribution.submissions,
      samples: distribution.count,
      mean: distribution.mean,
      meanSamples: distribution.samplesOf("mean"),
      standardDeviation: distribution.standardDeviation,
      geometricMean: distribution.geometricMean,
      geometricStandardDeviation: distribution.geometricStandardDeviation,
      sumsContradict: distribution.isContradictory,
      percentiles: lines.flatMap(({ name }) => {
        const percent = percentOf(name);
        return percent === null ? [] : [{ percent, ...distribution.percentile(percent) }];
      }),
      buckets: distribution.buckets.map((bucket, i) => ({ name: bucketName(distribution.measure, i), ...bucket })),
      hidden,
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
