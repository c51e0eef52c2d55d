/**
 * What the children and the side that starts them say to each other. Descriptors of a child:
 *
 *   0  the executor's: frames from the decoder (frames.ts). Data never passes through the parent
 *   1  what user code prints, captured and bounded
 *   3  parent -> child: one JSON line, the task; then nothing, and its end means that the parent is gone
 *      (the decoder also gets answers to its questions here, and the next task when it has said that it is done)
 *   4  child -> parent: JSON lines, written synchronously. The first says that it waits for a task; each other one carries the
 *      task's token
 *   5  the executor's, of a `results` task: the lines themselves; the decoder's: Node's channel, by which it is handed
 *      the other end of the executor's descriptor 0, once for each task
 *
 * The token keeps analyses from forging messages with one `writeSync`: it lives in a closure that user code has no name for.
 * It is no proof, so the parent checks every report against what the decoder, which runs no user code, says of the block.
 */
import type { SiteFile } from "../core/site.ts";
import type { Fault, BlockReport, AnalysisDescription, JobBlock, RenderedUnit, UnitTask } from "../types.ts";
import type { HttpTerms } from "../../shared/http-terms.ts";
import type { Lent } from "../../shared/ports/blob-store.ts";
import type { Key } from "../../jobs/analysis.ts";
import type { LeftOut, RecordFault } from "../core/attempt-state.ts";
import type { RunInfo } from "../core/runs.ts";

/** What a child says first, once its code is loaded. */
export const waitingLine = '{"say":"waiting"}';

export const taskDescriptor = 3;
export const reportDescriptor = 4;
export const linesDescriptor = 5;

export interface ChildBundle {
  readonly path: string;
  readonly params: unknown;
  readonly inputs: readonly { readonly name: string; readonly path: string }[];
}

interface TaskBase {
  readonly token: string;
  readonly bundle: ChildBundle;
  /** The only folder that may be written. */
  readonly scratch: string;
}

export interface JobTaskMessage extends TaskBase {
  readonly task: "job";
  readonly records: string;
  readonly columns: number;
  readonly publishBy: number;
  readonly blocks: readonly JobBlock[];
  readonly leftOut: readonly LeftOut[];
  readonly runs: readonly string[];
  readonly prefix: string;
  readonly checkpointStateBytes: number;
  readonly checkpointMs: number;
  readonly heapBytesMax: number;
}

export interface CheckTaskMessage extends TaskBase {
  readonly task: "check";
  /** Null: describe only. */
  readonly sample: { readonly records: string; readonly block: JobBlock } | null;
}

export interface ChildSlice {
  readonly path: string;
  readonly partition: string;
}

interface SegmentTask extends TaskBase {
  readonly columns: number;
  readonly publishBy: number;
  readonly slices: readonly ChildSlice[];
}

export interface MergeTaskMessage extends SegmentTask {
  readonly task: "merge";
}

export interface MergeRunsTaskMessage extends TaskBase {
  readonly task: "merge-runs";
  readonly columns: number;
  readonly publishBy: number;
  readonly runs: readonly string[];
  readonly prefix: string;
}

export interface RenderTaskMessage extends SegmentTask {
  readonly task: "render";
  readonly units: readonly UnitTask[];
  readonly stamp: string;
  /** The files of unit n are written one behind the other into `<pack>-<n>`, in the order in which they are reported. */
  readonly pack: string;
}

export interface ResultsTaskMessage extends SegmentTask {
  readonly task: "results";
  readonly format: "ndjson" | "csv";
  readonly prefix: Key;
}

export type ExecutorTask =
  JobTaskMessage | CheckTaskMessage | MergeTaskMessage | MergeRunsTaskMessage | RenderTaskMessage | ResultsTaskMessage;

/** What went wrong, of any task: as `SpotfoldError` where it is one. */
export interface ChildError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

export type ExecutorMessage =
  | { readonly say: "loaded"; readonly description: AnalysisDescription }
  | { readonly say: "begin"; readonly block: number }
  | { readonly say: "progress"; readonly records: number; readonly rawBytes: number }
  | { readonly say: "ended"; readonly report: BlockReport }
  | { readonly say: "checkpoint"; readonly runs: readonly RunInfo[] }
  | { readonly say: "merged"; readonly run: RunInfo | null }
  | { readonly say: "log"; readonly line: string }
  /** User code, the block, or the scratch place failed; nothing follows. */
  | { readonly say: "fault"; readonly fault: RecordFault }
  /** The decoder said that this block failed half way; nothing follows. */
  | { readonly say: "spoiled"; readonly block: number }
  /** The frames ended before their end, or are none. */
  | { readonly say: "cut"; readonly message: string }
  | { readonly say: "sampled"; readonly sample: SampleResult }
  | { readonly say: "rendered"; readonly unit: ChildRendered }
  | { readonly say: "error"; readonly error: ChildError }
  /** The task is done; nothing follows. */
  | { readonly say: "done" };

export type ChildRendered = Omit<RenderedUnit, "files"> & {
  readonly files: readonly SiteFile[];
};

/** What mapping the first records of a block showed. */
export interface SampleResult {
  readonly records: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly firstRejection: string | null;
}

export interface DecoderTask {
  readonly token: string;
  readonly blocks: readonly Pick<JobBlock, "index" | "key" | "size" | "etag">[];
  /** Blocks are lent as files. */
  readonly local: boolean;
  /** Small ones are looked for below it, at their keys, before they are asked for. Null: each is asked for. */
  readonly folder: string | null;
  /** Stop after so many decoded bytes of the first block: a sample. */
  readonly rawBytesMax: number | null;
  /** A download of which nothing came for so long, although the decoder waits for it, is cut and goes on elsewhere. */
  readonly silentMs: number;
  /** How URLs are reached. May hold a proxy's password: to decoders only. */
  readonly http: HttpTerms;
}

export type DecoderMessage =
  | { readonly say: "lend"; readonly blocks: readonly number[] }
  /** Compressed bytes consumed, of all blocks. */
  | { readonly say: "progress"; readonly bytes: number }
  /** Of each of these blocks the last byte was decoded; size and etag agreed. */
  | { readonly say: "decoded"; readonly blocks: readonly DecodedBlock[] }
  /** `spoiled`: bytes of it were handed on, so nothing follows. Otherwise the next block does. */
  | { readonly say: "fault"; readonly fault: Fault; readonly spoiled: boolean }
  /** All frames are written; it waits for another task. */
  | { readonly say: "done" };

export interface DecodedBlock {
  readonly block: number;
  readonly bytes: number;
  readonly rawBytes: number;
}

/** Parent -> decoder: a line for each question, with an answer for each block of it. */
export interface DecoderAnswers {
  /** Of the task that asked. */
  readonly token: string;
  readonly answers: readonly DecoderAnswer[];
}

export type DecoderAnswer =
  { readonly block: number; readonly lent: Lent } | { readonly block: number; readonly refused: Fault };
