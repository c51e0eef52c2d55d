/**
 * What runs in child processes, as its callers see it: the worker runs jobs, the master merges and renders, the CLI checks a
 * bundle and reads results. User code (`map`, `merge`, `finish`, `render`, `params`) runs behind these interfaces only.
 * There are two implementations: real children (executor/children), and the simulator's, in process, around the same core.
 */
import type { Key } from "../jobs/analysis.ts";
import type { Cause } from "../shared/formats/attempt.ts";
import type { BlobBody, BlobStore, Lent } from "../shared/ports/blob-store.ts";
import type { SegmentSummary } from "../shared/segment/types.ts";

/** A bundle and what it is run with. Paths are local, read-only files whose hash the caller has verified. */
export interface BundleRef {
  readonly sha256: string;
  readonly path: string;
  readonly params: unknown;
  readonly inputs: readonly { readonly name: string; readonly path: string }[];
}

/** What a bundle says of itself once it is loaded and its parameters are checked. */
export interface AnalysisDescription {
  readonly name: string;
  readonly state: number;
  readonly key: readonly string[];
  readonly inputs: readonly string[];
  /** `publish.by`, or 0: one unit for the whole aggregate. */
  readonly publishBy: number;
  /** File name of the pointer. */
  readonly pointer: string;
  /** As the schema gives them back, defaults filled in; JSON. */
  readonly params: unknown;
}

/** A block of a job, in the order in which the job lists it. */
export interface JobBlock {
  /** Position in the job's list. */
  readonly index: number;
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** First column of the segment keys of this block's pairs; "" when the dataset has no partition dimension. */
  readonly partition: string;
}

export interface Fault {
  readonly cause: Cause;
  /** Stable and short, e.g. `corrupt`, `line-too-long`, `map-threw`. */
  readonly reason: string;
  /** For people: what, where. */
  readonly message: string;
  /** For people: what to do about it, where the error knew. */
  readonly hint?: string;
  /** Index of the block that was in hand, when one is to blame. */
  readonly block?: number;
  /** The failure came before the first record of the bundle's first block: the bundle itself is suspect. */
  readonly beforeFirstRecord?: boolean;
}

/** A block that was read to its last byte. Its pairs are in the segment, unless the verdict says otherwise. */
export interface BlockReport {
  readonly index: number;
  /** Records read, rejected ones included. */
  readonly records: number;
  /** Decoded bytes. */
  readonly rawBytes: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** `no-record-accepted`: it has records and none was accepted, so it counts as missing; nothing of it is in the segment. */
  readonly verdict: "counted" | "no-record-accepted";
  /** With `no-record-accepted`: the first rejection, for people. */
  readonly firstRejection?: string;
}

export interface AttemptLimits {
  readonly heapBytesMax: number;
  readonly rssBytesMax: number;
  /** No block bytes consumed for this long = timeout. */
  readonly stallMs: number;
  readonly attemptMs: number;
  readonly checkpointStateBytes: number;
  readonly checkpointMs: number;
}

export interface JobTask {
  /** 16 hex digits; names the scratch folder. */
  readonly attempt: string;
  readonly bundle: BundleRef;
  /** Name of the record format. */
  readonly records: string;
  /** Of the analysis' key; in segments the partition goes before them. */
  readonly columns: number;
  readonly publishBy: number;
  readonly blocks: readonly JobBlock[];
  readonly limits: AttemptLimits;
}

export interface JobHooks {
  /** Read access to a block of the task, signed at this moment. Throws SpotfoldError; its code gives the cause. */
  lend(block: JobBlock): Promise<Lent>;
  progress(progress: JobProgress): void;
  /** Ends the children now and resolves with what is checkpointed; `reason` of the signal is the cause. */
  readonly stop: AbortSignal;
  /**
   * Resolves when the attempt is on record; until then no user code runs. It never rejects, and need not resolve: what keeps the
   * attempt from being recorded aborts `stop`. Absent: it is on record.
   */
  readonly recorded?: Promise<void>;
  /**
   * Every block is read and decoded, which leaves the executor with what it has in its hands: whoever hears it may run another job
   * beside, whose blocks are decoded meanwhile. Called once at most, and only where that is worth it and there is memory for it.
   */
  readonly read?: () => void;
}

export interface JobProgress {
  /** Blocks whose end was reached in this attempt. */
  readonly blocksDone: number;
  /** Compressed bytes consumed. */
  readonly bytes: number;
  readonly records: number;
}

export interface JobOutcome {
  /** Every block that is accounted for. A block of the task that is neither here nor among the faults was not finished. */
  readonly reports: readonly BlockReport[];
  /** Blocks that were struck, at most one fault each. */
  readonly faults: readonly Fault[];
  /** Why it ended before every block was reported or struck; null when none is left over. */
  readonly ended: Fault | null;
  /** Pairs of the reported blocks; null when there are none. */
  readonly segment: AttemptSegment | null;
  /** Lines of JSON: rejections with block, ordinal, offset; what the analysis printed. */
  readonly log: Uint8Array;
}

export interface AttemptSegment extends SegmentSummary {
  /** Where it can be read until `release` is called. */
  readonly path: string;
  readonly partitions: readonly string[];
  /** First `publishBy` key columns that occur, encoded keys, sorted. */
  readonly units: readonly string[];
}

/** Runs one job at a time in children of its own. */
export interface JobRunner {
  /** Never rejects for what user code or data did; rejects for bugs of ours only. */
  run(task: JobTask, hooks: JobHooks): Promise<JobOutcome>;
  /** Deletes the attempt's scratch folder. */
  release(attempt: string): Promise<void>;
  /**
   * For how many of `jobs` that may begin everything is at hand now, at least 1: it waits for the first, for a moment at most,
   * or until `signal` aborts. A runner without it begins any number.
   */
  ready?(jobs: number, signal: AbortSignal): Promise<number>;
}

/** One partition's range of a segment. The store is read by whoever starts the child, since the child has no credentials. */
export interface SegmentSlice {
  readonly store: BlobStore;
  readonly key: string;
  /** Bytes of the segment. */
  readonly size: number;
  readonly partition: string;
}

export interface MergeTask {
  readonly bundle: BundleRef;
  readonly columns: number;
  readonly publishBy: number;
  readonly slices: readonly SegmentSlice[];
}

export interface RenderTask extends MergeTask {
  /** Rendered one after the other, in one child. */
  readonly units: readonly UnitTask[];
  /** YYYYMMDDHHMMSS, for the folders' names. */
  readonly stamp: string;
}

export interface UnitTask {
  /** The unit's key columns; empty with `publishBy` 0. */
  readonly unit: Key;
  /** `<number>-<8 hex>`: ends the folder's name. */
  readonly suffix: string;
}

export interface RenderedFile {
  readonly name: string;
  readonly bytes: number;
  /** Its content, until `release` is called. */
  read(): Promise<BlobBody>;
}

/** In the order of the task's units. */
export interface Rendered {
  readonly units: readonly RenderedUnit[];
  release(): Promise<void>;
}

export interface RenderedUnit {
  readonly label: string;
  readonly folder: string;
  readonly files: readonly RenderedFile[];
  readonly notes: Readonly<Record<string, unknown>>;
  readonly entries: number;
}

export interface ResultsTask extends MergeTask {
  readonly format: "ndjson" | "csv";
  /** Only keys that begin with these columns. */
  readonly prefix: Key;
}

/** What is mapped at submit, before anything is stored. */
export interface CheckTask {
  readonly bundle: BundleRef;
  /** Null: the bundle is loaded and described, nothing is mapped. */
  readonly sample: {
    readonly records: string;
    readonly block: JobBlock;
    /** Read access to the block. */
    readonly lent: Lent;
  } | null;
}

export interface CheckResult {
  readonly description: AnalysisDescription;
  /** Of the sample; null without one, or when the block itself could not be read (`unread` says why). */
  readonly mapped: {
    readonly records: number;
    readonly rejected: Readonly<Record<string, number>>;
    /** Names the author's file and line where user code threw. */
    readonly firstRejection: string | null;
  } | null;
  readonly unread: Fault | null;
}

/** Runs user code on segments. Rejects with SpotfoldError `analysis-failed` when user code throws, naming the key in hand. */
export interface Executors {
  describe(bundle: BundleRef): Promise<AnalysisDescription>;
  /** Loads the bundle and maps the first records of a block, under production's limits. */
  check(task: CheckTask): Promise<CheckResult>;
  /** Merges slices of one or several partitions into one segment (partition first in its keys). */
  merge(task: MergeTask): Promise<AttemptSegment & { release(): Promise<void> }>;
  render(task: RenderTask): Promise<Rendered>;
  /** Streams the lines of `results`, across partitions, in key order, finished. */
  results(task: ResultsTask): AsyncIterable<Uint8Array>;
}
