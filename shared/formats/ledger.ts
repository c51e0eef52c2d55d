/**
 * An aggregate's ledger. The **head** is a few hundred bytes and the only object that is swapped; it names an immutable
 * **manifest**: what the aggregate is made of, what it covers, which runs are open in it and which were.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import * as v from "valibot";
import { SpotfoldError } from "../errors.ts";
import type { Lineage } from "./run.ts";
import { countSchema } from "./run.ts";
import { encodeStored, parseStored, UnknownFormat } from "./stored.ts";

export const headSchema = v.object({
  format: v.literal(1),
  /** Of commits; never repeats, so that no two heads have the same bytes. */
  number: countSchema,
  /** Key of the manifest. */
  manifest: v.string(),
  /** Raised by collection: a commit that was begun under an older epoch starts over. */
  epoch: countSchema,
});

export type Head = v.InferOutput<typeof headSchema>;

export interface DataSegment {
  readonly key: string;
  readonly bytes: number;
  readonly entries: number;
  /** 0: an attempt's output; n + 1: merged from level n. */
  readonly level: number;
  /** Whose slices of this segment are part of the aggregate. */
  readonly partitions: readonly string[];
}

export interface CoverageSegment {
  readonly key: string;
  readonly bytes: number;
  readonly entries: number;
  readonly level: number;
}

export interface RunTotals {
  /** Blocks. */
  readonly covered: number;
  readonly missing: number;
  readonly records: number;
  readonly rejected: Readonly<Record<string, number>>;
}

export interface OpenRun {
  readonly run: string;
  readonly plan: string;
  readonly dataset: string;
  /** Number of the manifest that admitted it. */
  readonly admission: number;
  /** The store's clock, ms. */
  readonly admittedAt: number;
  readonly deadlineMs: number;
  readonly jobs: number;
  readonly blocks: number;
  /** Bitmap of entered jobs of the plan, base64. */
  readonly folded: string;
  readonly foldedJobs: number;
  /** Successor jobs that are not entered yet. */
  readonly successors: readonly string[];
  /** Entered jobs that handed on because the job itself failed. */
  readonly failedJobs: number;
  readonly totals: RunTotals;
}

export type ClosedState = "finished" | "cancelled" | "expired";

export interface ClosedRun {
  readonly run: string;
  readonly plan: string;
  readonly admission: number;
  readonly state: ClosedState;
  /** The store's clock, ms. Absent: before it was noted. */
  readonly closedAt?: number;
  readonly blocks: number;
  readonly totals: RunTotals;
}

/** The bundle that merges and renders: the one of the run that was admitted last. */
export interface Renderer {
  readonly run: string;
  readonly bundle: string;
  readonly columns: number;
  readonly publishBy: number;
  readonly pointer: string;
}

export interface Manifest {
  readonly format: 1;
  readonly aggregate: string;
  readonly number: number;
  readonly epoch: number;
  readonly lineage: Lineage;
  /** Number of the snapshot from which on it is of this lineage. Absent: it always was. Before, it held nothing. */
  readonly lineageSince?: number;
  /** Layout of each dataset that feeds it: it says of which partition a block is, so coverage is found by it. */
  readonly layouts: Readonly<Record<string, string>>;
  readonly renderer: Renderer;
  readonly data: readonly DataSegment[];
  readonly coverage: readonly CoverageSegment[];
  readonly open: readonly OpenRun[];
  /** One line each, never pruned: their ids are refused for ever. */
  readonly closed: readonly ClosedRun[];
  /** Unit of publication (encoded key columns) -> number of the last snapshot that touched it. */
  readonly units: Readonly<Record<string, number>>;
}

/** Compressed. A bigger one would make every commit slow; entering waits for compaction beyond. */
export const manifestBytesMax = 8 * 1024 * 1024;

export function encodeHead(head: Head): Uint8Array {
  return encodeStored(head);
}

export function decodeHead(what: string, bytes: Uint8Array): Head {
  return parseStored(what, bytes, headSchema);
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return zstdCompressSync(JSON.stringify(manifest));
}

/** Only masters write manifests, and zstd's checks cover their bytes: the format number is what is checked. */
export function decodeManifest(what: string, bytes: Uint8Array): Manifest {
  let value: Manifest | null;
  try {
    value = JSON.parse(zstdDecompressSync(bytes).toString("utf8")) as Manifest | null;
  } catch (error) {
    throw new SpotfoldError("corrupt", `${what} cannot be read`, { cause: error });
  }
  if (value === null) throw new SpotfoldError("corrupt", `${what} holds nothing`);
  if (value.format !== 1) throw new UnknownFormat(what, value.format);
  return value;
}
