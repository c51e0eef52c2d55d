/**
 * One pass over blocks, synchronous: the execution, when to checkpoint, and the sorted runs that it leaves in a scratch place.
 *
 *   state grows -> too big within a block -> *spill*: a run that is provisional, since the block may still fail
 *   block ends  -> too big, or the last checkpoint is old -> *checkpoint*: what is left is drained, spills become durable
 *   pass ends   -> checkpoint, then all runs of the attempt are merged into one
 *
 * It tells a listener what happened; the listener (the worker's side, or the simulator) holds the `AttemptState`. A `Struck`
 * passes through: the caller tells it and throws this object away; spills that no checkpoint named are garbage in the scratch
 * place, which is deleted with the attempt.
 */
import type { BlockReport, JobBlock } from "../types.ts";
import type { Pass } from "./attempt-state.ts";
import { Execution } from "./execution.ts";
import type { LoadedAnalysis } from "./load.ts";
import { mergeRuns } from "./merge.ts";
import type { LogSink } from "./rejections.ts";
import { RunWriter } from "./runs.ts";
import type { RunInfo, RunShape, Scratch } from "./runs.ts";

/** Under pressure a state is drained from this part of its limit on: draining nearly nothing would free nearly nothing. */
const pressedShare = 8;

/** What the listener hears, in this order: any number of blocks, a checkpoint, ..., the merged run when there were several. */
export interface JobRunListener {
  blockEnded(report: BlockReport): void;
  /** Everything told so far is in these runs, and those of earlier checkpoints. */
  checkpoint(runs: readonly RunInfo[]): void;
  /** One run stands for all runs of the attempt. */
  merged(run: RunInfo): void;
  readonly log: LogSink;
}

export interface JobRunOptions {
  readonly loaded: LoadedAnalysis;
  readonly records: string;
  readonly columns: number;
  readonly publishBy: number;
  readonly pass: Pass;
  readonly checkpointStateBytes: number;
  readonly checkpointMs: number;
  /** Distinguishes the runs of this pass from those of earlier ones. */
  readonly prefix: string;
  readonly scratch: Scratch;
  /** Called now and then in long stretches without a block's byte. */
  readonly beat: () => void;
  /** Monotonic ms. */
  readonly now: () => number;
  /** True when the process is short of memory whatever the state's estimate says. */
  readonly pressed: () => boolean;
  /** Called before user code drains: it may end the process, and what the listener heard so far should be known then. */
  readonly draining?: () => void;
  readonly listener: JobRunListener;
}

export class JobRun {
  readonly #options: JobRunOptions;
  readonly #execution: Execution;
  readonly #shape: RunShape;
  readonly #spills: RunInfo[] = [];
  /** Names of all runs that count, of earlier passes too. */
  readonly #runs: string[];
  #runNumber = 0;
  #blocksSinceCheckpoint = 0;
  #lastCheckpoint: number;

  constructor(options: JobRunOptions) {
    const { loaded, records, pass, checkpointStateBytes, listener } = options;
    this.#options = options;
    this.#shape = {
      columns: options.columns,
      publishBy: options.publishBy,
      scratch: options.scratch,
      beat: options.beat,
    };
    this.#runs = [...pass.runs];
    this.#lastCheckpoint = options.now();
    this.#execution = new Execution({
      loaded,
      records,
      leftOut: pass.leftOut,
      log: listener.log,
      checkpointStateBytes,
      overwrite: false,
    });
  }

  beginBlock(block: JobBlock): void {
    this.#execution.beginBlock(block);
  }

  chunk(bytes: Uint8Array): void {
    this.#execution.chunk(bytes);
    if (this.#isFull()) this.#spill();
  }

  endBlock(): void {
    this.#options.listener.blockEnded(this.#execution.endBlock());
    this.#blocksSinceCheckpoint += 1;
    const old = this.#options.now() - this.#lastCheckpoint >= this.#options.checkpointMs;
    if (old || this.#spills.length > 0 || this.#isFull()) this.#checkpoint();
  }

  get records(): number {
    return this.#execution.records;
  }

  /** After the last block. */
  finish(): void {
    if (this.#blocksSinceCheckpoint > 0) this.#checkpoint();
    if (this.#runs.length < 2) return;
    const { loaded, listener, prefix } = this.#options;
    listener.merged(mergeRuns(this.#runs, loaded, { ...this.#shape, prefix }));
  }

  #isFull(): boolean {
    const { checkpointStateBytes, pressed } = this.#options;
    const bytes = this.#execution.stateBytes();
    return bytes > checkpointStateBytes || (bytes > checkpointStateBytes / pressedShare && pressed());
  }

  #checkpoint(): void {
    this.#spill();
    const runs = this.#spills.splice(0);
    this.#runs.push(...runs.map((run) => run.name));
    this.#blocksSinceCheckpoint = 0;
    this.#lastCheckpoint = this.#options.now();
    this.#options.listener.checkpoint(runs);
  }

  #spill(): void {
    this.#options.draining?.();
    const writer = new RunWriter(`${this.#options.prefix}-${this.#runNumber}`, this.#shape);
    this.#runNumber += 1;
    this.#execution.drain(writer);
    const run = writer.finish();
    if (run !== null) this.#spills.push(run);
  }
}
