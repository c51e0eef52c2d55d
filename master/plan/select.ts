/**
 * Decides which of the blocks that a run selects are admitted: those that are neither covered, nor settled as missing, nor
 * claimed by an open run. Pure: the caller brings the catalog's rows, the coverage and the claims of one partition.
 */
import type { BlockRef } from "../../shared/dataset/types.ts";
import type { CoverageRow } from "../../shared/formats/coverage.ts";
import type { PlannedBlock } from "../../shared/formats/plan.ts";
import { missingReasons, type MissingReason } from "../../shared/formats/resolution.ts";

/** Runs in which a block may go missing by circumstance before it stays missing until it is asked for again. */
export const circumstanceRunsMax = 5;

/** How a selected block stands in the ledger. */
export type Standing =
  | "covered"
  /** Covered under another etag: its file was replaced since. */
  | "stale"
  /** Missing, and not tried again by itself. */
  | "missing"
  /** An open run holds it. */
  | "claimed"
  /** To be admitted. */
  | "free";

export function standing(
  block: BlockRef,
  row: CoverageRow | undefined,
  claimed: boolean,
  reprocess: boolean,
): Standing {
  if (claimed) return "claimed";
  if (row === undefined) return "free";
  if (row.state === "covered") return row.etag === block.etag ? "covered" : "stale";
  if (reprocess || row.etag !== block.etag) return "free";
  const settled = row.reason === undefined || missingReasons[row.reason] === "content";
  return settled || (row.tries ?? 1) >= circumstanceRunsMax ? "missing" : "free";
}

/** Whether a run asks for a free block: one that retries takes what is missing by its reasons, and nothing that is new. */
export function isAsked(retry: readonly string[] | undefined, row: CoverageRow | undefined): boolean {
  if (retry === undefined) return true;
  return row?.state === "missing" && retry.includes(missingReasonOf(row));
}

/** Of a row of a missing block. */
export function missingReasonOf({ reason }: Pick<CoverageRow, "reason">): MissingReason {
  return reason ?? "invalid-resolution";
}

/** A free block as the plan lists it. */
export function planned(block: BlockRef, partition: string, row: CoverageRow | undefined): PlannedBlock {
  const tries = row?.state === "missing" && row.etag === block.etag ? (row.tries ?? 1) : 0;
  return { key: block.key, size: block.size, etag: block.etag, partition, tries };
}
