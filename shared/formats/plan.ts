/**
 * A plan: the segment that lists a run's jobs and their blocks. Key: the job's id; value: a JSON array of blocks. It is
 * written under a fresh name and counts only if the aggregate's ledger names it.
 */
import { createHash } from "node:crypto";
import { SpotfoldError } from "../errors.ts";
import type { BlockRef } from "../dataset/types.ts";

export interface PlannedBlock extends BlockRef {
  readonly partition: string;
  /** Runs that tried it before and gave it up by circumstance. */
  readonly tries: number;
}

/** Compact form in plans and messages: [key, size, etag, partition, tries]. */
export type PlannedBlockRow = readonly [key: string, size: number, etag: string, partition: string, tries: number];

export function toRow(block: PlannedBlock): PlannedBlockRow {
  return [block.key, block.size, block.etag, block.partition, block.tries];
}

export function fromRow(row: unknown): PlannedBlock {
  if (Array.isArray(row) && row.length === 5) {
    const [key, size, etag, partition, tries] = row as unknown[];
    if (
      typeof key === "string" &&
      typeof size === "number" &&
      typeof etag === "string" &&
      typeof partition === "string" &&
      typeof tries === "number"
    ) {
      return { key, size, etag, partition, tries };
    }
  }
  throw new SpotfoldError("invalid-format", `a block of a plan is not [key, size, etag, partition, tries]`);
}

export function encodeBlocks(blocks: readonly PlannedBlock[]): string {
  return JSON.stringify(blocks.map(toRow));
}

/** What a block adds to an encoded list: its row, and a comma. */
export function blockListBytes(block: PlannedBlock): number {
  return Buffer.byteLength(encodeRow(block)) + 1;
}

/** Printable ASCII that JSON writes as it is. */
const plainText = /^[ !#-[\]-~]*$/;

/** True when a row with this key and etag is its own ASCII text between quotes: so are all but the odd ones. */
export function isPlainRow({ key, etag, partition }: PlannedBlock): boolean {
  return plainText.test(key) && plainText.test(etag) && plainText.test(partition);
}

/** One row of `encodeBlocks`. */
export function encodeRow(block: PlannedBlock): string {
  return isPlainRow(block) ? encodePlainRow(block) : JSON.stringify(toRow(block));
}

/** The same of a block that `isPlainRow`, in half the time. */
export function encodePlainRow({ key, size, etag, partition, tries }: PlannedBlock): string {
  return `["${key}",${size},"${etag}","${partition}",${tries}]`;
}

export function decodeBlocks(text: string): PlannedBlock[] {
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new SpotfoldError("invalid-format", "a job's block list is not an array");
  return rows.map(fromRow);
}

/** 16 hex digits that stand for a job's list of blocks: resolutions carry it, and entering compares it with the plan's. */
export function blocksDigest(blocks: readonly PlannedBlock[]): string {
  return createHash("sha256").update(encodeBlocks(blocks)).digest("hex").slice(0, 16);
}
