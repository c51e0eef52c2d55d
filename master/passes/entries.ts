/**
 * From resolutions to what is entered: pure. A resolution that does not account for every block of its job can never be
 * replaced; it is read as "all blocks missing: invalid-resolution", loudly, so that the next run admits them again.
 */
import { coverageKeyOf, encodeCoverage, sumOfCounts, type CoverageRow } from "../../shared/formats/coverage.ts";
import type { OpenRun, RunTotals } from "../../shared/formats/ledger.ts";
import { blocksDigest, type PlannedBlock } from "../../shared/formats/plan.ts";
import type { MissingReason, Resolution, resolutionFlaw } from "../../shared/formats/resolution.ts";
import { encodeKey } from "../../shared/segment/key.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";
import type { Entry } from "../ledger/operations.ts";

/** One job, resolved: its entry for the manifest and its rows for the coverage. */
export interface ResolvedJob {
  readonly entry: Entry;
  readonly rows: readonly { readonly key: string; readonly row: CoverageRow }[];
  /** Why the resolution could not be taken as it is. */
  readonly flaw: string | null;
}

/** Causes that speak against the job itself: too many of them hold the run. */
const failures: ReadonlySet<string> = new Set(["code", "out-of-memory", "timeout"]);

export function resolvedJob(
  run: OpenRun,
  job: string,
  blocks: readonly PlannedBlock[],
  resolution: Resolution | null,
  flawOf: typeof resolutionFlaw,
): ResolvedJob {
  const expected = { plan: run.plan, job, digest: blocksDigest(blocks), blocks: blocks.length };
  const flaw = resolution === null ? "it cannot be read" : flawOf(resolution, expected);
  if (resolution === null || flaw !== null) return invalidJob(run, job, blocks, flaw ?? "");
  const rows: { key: string; row: CoverageRow }[] = [];
  for (const { block, records, rawBytes, rejected } of resolution.covered) {
    rows.push(rowOf(run, blocks, block, { state: "covered", records, rawBytes, rejected }));
  }
  for (const { block, reason, detail, records, rejected } of resolution.missing) {
    rows.push(rowOf(run, blocks, block, { ...missing(blocks, block, reason, detail), records, rejected }));
  }
  const { segment } = resolution;
  const entry: Entry = {
    job,
    segment:
      segment === null
        ? null
        : {
            key: segment.key,
            bytes: segment.bytes,
            entries: segment.entries,
            level: 0,
            partitions: segment.partitions,
          },
    units: segment?.units ?? [],
    groups: resolution.remaining.length,
    failed: resolution.handedOn !== null && failures.has(resolution.handedOn),
    totals: totalsOf(rows.map(({ row }) => row)),
  };
  return { entry, rows, flaw: null };
}

function invalidJob(run: OpenRun, job: string, blocks: readonly PlannedBlock[], flaw: string): ResolvedJob {
  const rows = blocks.map((_, index) =>
    rowOf(run, blocks, index, { ...missing(blocks, index, "invalid-resolution", flaw), records: 0, rejected: {} }),
  );
  const totals = totalsOf(rows.map(({ row }) => row));
  return { entry: { job, segment: null, units: [], groups: 0, failed: true, totals }, rows, flaw };
}

function missing(
  blocks: readonly PlannedBlock[],
  index: number,
  reason: MissingReason,
  detail: string,
): Pick<CoverageRow, "state" | "reason" | "detail" | "tries" | "rawBytes"> {
  return { state: "missing", reason, detail, tries: (blocks[index]?.tries ?? 0) + 1, rawBytes: 0 };
}

function rowOf(
  run: OpenRun,
  blocks: readonly PlannedBlock[],
  index: number,
  rest: Omit<CoverageRow, "etag" | "run" | "admission" | "size">,
): { key: string; row: CoverageRow } {
  const block = blocks[index];
  const key = encodeKey(coverageKeyOf(block?.partition ?? "", run.dataset, block?.key ?? ""));
  return {
    key,
    row: { etag: block?.etag ?? "", size: block?.size ?? 0, run: run.run, admission: run.admission, ...rest },
  };
}

/** Of covered and missing blocks: what was read. Published denominators come from the coverage, of covered blocks only. */
function totalsOf(rows: readonly CoverageRow[]): RunTotals {
  return {
    covered: rows.filter((row) => row.state === "covered").length,
    missing: rows.filter((row) => row.state === "missing").length,
    records: rows.reduce((sum, row) => sum + row.records, 0),
    rejected: sumOfCounts(rows.map((row) => row.rejected)),
  };
}

/** A coverage segment's bytes, and how many rows it has. */
export function encodeCoverageRows(rows: readonly { readonly key: string; readonly row: CoverageRow }[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new SegmentWriter((bytes) => chunks.push(bytes), { columns: 3, kind: "coverage" });
  for (const { key, row } of rows.toSorted((a, b) => compareTexts(a.key, b.key)))
    writer.addText(key, encodeCoverage(row));
  writer.finish();
  return Buffer.concat(chunks);
}
