/**
 * From what an attempt achieved to what is written down. Pure: either a resolution (every block of the job accounted for), or
 * a failure to be recorded, after which the job is tried again.
 */
import type { BlockReport, Fault, JobOutcome } from "../executor/types.ts";
import { SpotfoldError } from "../shared/errors.ts";
import type { Resolution } from "../shared/formats/resolution.ts";
import { handOnDepth, handOnDepthMax } from "../shared/names.ts";
import { halves } from "./decide.ts";

export type Parts = Pick<Resolution, "covered" | "missing" | "remaining" | "handedOn">;

/** What becomes of each block of a job after an attempt. */
export interface Sorted {
  readonly covered: Resolution["covered"];
  readonly missing: Resolution["missing"];
  /** Struck by a fault that names it and that another attempt must confirm. */
  readonly struck: readonly (Fault & { readonly block: number })[];
  /** Not finished. */
  readonly left: readonly number[];
}

/** Throws `internal` when the executor tells of a block twice, or of one that the job has not: no resolution may say that. */
export function sortBlocks(blocks: number, outcome: Pick<JobOutcome, "reports" | "faults">): Sorted {
  const covered: Sorted["covered"] = [];
  const missing: Sorted["missing"] = [];
  const struck: (Fault & { block: number })[] = [];
  const seen = new Set<number>();
  for (const report of outcome.reports) {
    if (seen.has(report.index))
      throw new SpotfoldError("internal", `block ${report.index} of a job was reported twice`);
    checkBlock(report.index, blocks);
    seen.add(report.index);
    if (report.verdict === "counted") covered.push(coveredEntry(report));
    else
      missing.push({
        block: report.index,
        reason: "no-record-accepted",
        detail: report.firstRejection ?? "",
        ...counts(report),
      });
  }
  for (const fault of outcome.faults) {
    if (fault.block === undefined || seen.has(fault.block)) continue;
    checkBlock(fault.block, blocks);
    seen.add(fault.block);
    const { block, cause, message } = fault;
    if (cause === "gone" || cause === "replaced" || cause === "archived") {
      missing.push({ block, reason: cause, detail: message, records: 0, rejected: {} });
    } else {
      struck.push({ ...fault, block });
    }
  }
  const left = Array.from({ length: blocks }, (_, index) => index).filter((index) => !seen.has(index));
  return { covered, missing, struck, left };
}

function checkBlock(block: number, blocks: number): void {
  if (block < blocks) return;
  throw new SpotfoldError("internal", `block ${block} was reported, of a job of ${blocks} blocks`);
}

function coveredEntry(report: BlockReport): Resolution["covered"][number] {
  return { block: report.index, rawBytes: report.rawBytes, ...counts(report) };
}

function counts(report: BlockReport): { records: number; rejected: Record<string, number> } {
  return { records: report.records, rejected: { ...report.rejected } };
}

/**
 * The parts of a resolution that hands on what is not settled: each struck block alone, the rest together, or in halves when
 * the failure names no block. Beyond the depth limit the rest is missing instead: a chain must end.
 */
export function handOn(job: string, sorted: Sorted, how: "together" | "halves", because: string): Parts {
  const { covered, missing, struck, left } = sorted;
  const rest = left.length === 0 ? [] : how === "halves" && left.length > 1 ? halves(left) : [[...left]];
  const groups = [...struck.map((fault) => [fault.block]), ...rest];
  if (groups.length === 0) return { covered, missing, remaining: [], handedOn: null };
  if (handOnDepth(job) < handOnDepthMax) return { covered, missing, remaining: groups, handedOn: because };
  const given = groups.flat().map((block) => ({
    block,
    reason: "hand-ons" as const,
    detail: `handed on ${handOnDepthMax} times, last because of ${because}`,
    records: 0,
    rejected: {},
  }));
  return { covered, missing: [...missing, ...given], remaining: [], handedOn: null };
}

/** After a notice: is what is checkpointed worth a resolution of its own? */
export function worthHandingOn(
  covered: Resolution["covered"],
  sizes: readonly number[],
  workedMs: number,
  handOnMs: number,
): boolean {
  if (covered.length === 0) return false;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const done = covered.reduce((sum, { block }) => sum + (sizes[block] ?? 0), 0);
  return workedMs >= handOnMs || done * 4 >= total;
}
