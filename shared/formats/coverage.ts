/**
 * Coverage: which blocks of which etag an aggregate holds, which are missing, why. Segments with the key (partition,
 * dataset, block key). Rows of one key come from successive admissions: the later one is what holds.
 */
import type { MissingReason } from "./resolution.ts";

export interface CoverageRow {
  readonly etag: string;
  readonly run: string;
  /** Number of the manifest that admitted the run: rows of a later admission replace earlier ones. */
  readonly admission: number;
  readonly state: "covered" | "missing";
  readonly size: number;
  readonly records: number;
  readonly rawBytes: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** With `missing`. */
  readonly reason?: MissingReason;
  readonly detail?: string;
  /** With `missing`: runs that tried, this one included. */
  readonly tries?: number;
}

export const coverageColumns = 3;

export function coverageKeyOf(partition: string, dataset: string, block: string): readonly [string, string, string] {
  return [partition, dataset, block];
}

export function encodeCoverage(row: CoverageRow): string {
  return JSON.stringify(row);
}

export function decodeCoverage(text: string): CoverageRow {
  return JSON.parse(text) as CoverageRow;
}

/** Of two rows of one block, the one that holds. Rows of one admission are equal: a job resolves once. */
export function laterRow(a: CoverageRow, b: CoverageRow): CoverageRow {
  return b.admission > a.admission ? b : a;
}

/** Counts added by their names. Authors name them: a name may be `constructor`. */
export function sumOfCounts(counts: Iterable<Readonly<Record<string, number>>>): Record<string, number> {
  const sum = new Map<string, number>();
  for (const some of counts) {
    for (const [name, count] of Object.entries(some)) sum.set(name, (sum.get(name) ?? 0) + count);
  }
  return Object.fromEntries(sum);
}
