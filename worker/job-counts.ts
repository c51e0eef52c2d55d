/** What a job that ended adds up to, for the log and what counts its events. */
import type { Parts } from "./conclude.ts";

/** A job of many blocks may have many reasons; a line of a log must not. What comes beyond is counted as `other`. */
const reasonsMax = 32;

export interface JobCounts {
  /** Blocks. */
  readonly covered: number;
  /** Blocks by reason. */
  readonly missing: Readonly<Record<string, number>>;
  /** Blocks that successors have. */
  readonly handedOn: number;
  /** Read, rejected ones included. */
  readonly records: number;
  /** Records by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Decoded bytes of covered blocks. */
  readonly rawBytes: number;
}

export function jobCounts({ covered, missing, remaining }: Parts): JobCounts {
  const [missed, rejected] = [new Map<string, number>(), new Map<string, number>()];
  for (const { reason } of missing) add(missed, reason, 1);
  const blocks = [...covered, ...missing];
  for (const block of blocks)
    for (const [reason, records] of Object.entries(block.rejected)) add(rejected, reason, records);
  return {
    covered: covered.length,
    missing: Object.fromEntries(missed),
    handedOn: remaining.flat().length,
    records: blocks.reduce((sum, { records }) => sum + records, 0),
    rejected: Object.fromEntries(rejected),
    rawBytes: covered.reduce((sum, { rawBytes }) => sum + rawBytes, 0),
  };
}

function add(counts: Map<string, number>, reason: string, count: number): void {
  const name = counts.has(reason) || counts.size < reasonsMax ? reason : "other";
  counts.set(name, (counts.get(name) ?? 0) + count);
}
