/**
 * The worker's job runner, in process: the real state machine, execution, segments and codecs, synchronous, around a local
 * disk and children that may fail as the seed wants it.
 */
import { AttemptState } from "../../executor/core/attempt-state.ts";
import { Struck } from "../../executor/core/faults.ts";
import { JobRun } from "../../executor/core/job-run.ts";
import type { LoadedAnalysis } from "../../executor/core/load.ts";
import { mergeRuns } from "../../executor/core/merge.ts";
import type { RunInfo, Scratch } from "../../executor/core/runs.ts";
import type {
  AttemptSegment,
  Fault,
  JobBlock,
  JobHooks,
  JobOutcome,
  JobRunner,
  JobTask,
} from "../../executor/types.ts";
import { decodeWhole } from "../../shared/codecs/decode.ts";
import { codeOf, messageOf } from "../../shared/errors.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { syncMemorySource } from "../../shared/segment/source.ts";
import { gathered } from "./ports.ts";
import { count, type SimProcess } from "./process.ts";

/** Virtual time that a block takes. */
const blockMsMean = 1_500;

/** And draining, after the last one was read: the worker may begin another job meanwhile. */
const drainMsMean = 1_000;

/** What a simulation counts of executed blocks: `<dataset key>` of every block end, by attempt. */
export interface WorkLog {
  readonly executed: Map<string, number>;
}

export interface SimRunnerOptions {
  readonly process: SimProcess;
  readonly data: BlobStore;
  readonly loaded: LoadedAnalysis;
  readonly work: WorkLog;
  /** Of the worker; more jobs than these bear is a fault of its own. */
  readonly limit?: { readonly slots: number; readonly exceeded: (error: Error) => void };
}

export class SimRunner implements JobRunner {
  readonly #options: SimRunnerOptions;
  /** The local disk: files by `<attempt>/<name>`. */
  readonly #disk = new Map<string, Uint8Array[]>();

  /** Attempts whose blocks are being read, and those that only drain. */
  #reading = 0;
  #draining = 0;

  constructor(options: SimRunnerOptions) {
    this.#options = options;
  }

  async run(task: JobTask, hooks: JobHooks): Promise<JobOutcome> {
    let isRead = false;
    const read = (): void => {
      if (isRead || hooks.read === undefined) return;
      isRead = true;
      this.#reading--;
      this.#draining++;
      hooks.read();
    };
    this.#reading++;
    this.#checkSlots();
    try {
      return await this.#run(task, { ...hooks, read });
    } finally {
      if (isRead) this.#draining--;
      else this.#reading--;
    }
  }

  #checkSlots(): void {
    const { slots = Infinity, exceeded } = this.#options.limit ?? {};
    if (this.#reading <= slots && this.#reading + this.#draining <= 2 * slots) return;
    exceeded?.(new Error(`${this.#reading} jobs are read and ${this.#draining} drain, in ${slots} slots`));
  }

  async #run(task: JobTask, hooks: JobHooks): Promise<JobOutcome> {
    const { process, loaded } = this.#options;
    const state = new AttemptState(task.blocks);
    const infos = new Map<string, RunInfo>();
    const scratch = this.#scratch(task.attempt);
    const log: string[] = [];
    let passes = 0;
    for (let pass = state.pass(); pass !== null; pass = state.pass()) {
      const run = new JobRun({
        loaded,
        records: task.records,
        columns: task.columns,
        publishBy: task.publishBy,
        pass,
        checkpointStateBytes: task.limits.checkpointStateBytes,
        checkpointMs: task.limits.checkpointMs,
        prefix: `pass${passes++}`,
        scratch,
        beat: () => {},
        now: () => process.clock.monotonic(),
        pressed: () => false,
        listener: {
          blockEnded: (report) => state.blockEnded(report),
          checkpoint: (runs) => {
            for (const info of runs) infos.set(info.name, info);
            state.checkpoint(runs.map((info) => info.name));
          },
          merged: (info) => {
            infos.set(info.name, info);
            state.merged(info.name);
          },
          log: (line) => log.push(line),
        },
      });
      const fault = await this.#pass(task, hooks, pass.blocks, run);
      if (fault !== null) state.failed(fault);
    }
    const result = state.result();
    const segment = await this.#segment(task, result.runs, infos, scratch);
    const { reports, faults, ended } = result;
    return { reports, faults, ended, segment, log: Buffer.from(log.join("")) };
  }

  async release(attempt: string): Promise<void> {
    for (const name of this.#disk.keys()) if (name.startsWith(`${attempt}/`)) this.#disk.delete(name);
  }

  /** What the worker uploads. */
  async *readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    yield await this.#options.process.call("disk.read", () => Buffer.concat(this.#disk.get(path) ?? []));
  }

  /** One launch of the children over these blocks. Answers why it ended early, or null. */
  async #pass(task: JobTask, hooks: JobHooks, blocks: readonly JobBlock[], run: JobRun): Promise<Fault | null> {
    const { process } = this.#options;
    try {
      for (const block of blocks) {
        const fault = await this.#block(task, hooks, block, run);
        if (fault !== null) return fault;
      }
      hooks.read?.();
      await process.clock.sleep(process.kernel.rng.latency(drainMsMean), hooks.stop);
      if (hooks.stop.aborted) return interrupted(hooks.stop);
      run.finish();
      await process.call("disk.write", () => {});
      return null;
    } catch (error) {
      if (error instanceof Struck) return error.fault;
      throw error;
    }
  }

  async #block(task: JobTask, hooks: JobHooks, block: JobBlock, run: JobRun): Promise<Fault | null> {
    const { process, work } = this.#options;
    const { rng } = process.kernel;
    if (hooks.stop.aborted) return interrupted(hooks.stop);
    const fetched = await this.#fetch(block, hooks);
    if (!(fetched instanceof Uint8Array)) return fetched;
    await Promise.race([hooks.recorded, stopped(hooks.stop)]);
    if (hooks.stop.aborted) return interrupted(hooks.stop);
    const trouble =
      process.weather.stormy && rng.chance(0.01) ? rng.pick(["executor died", "out of memory"] as const) : null;
    await process.clock.sleep(rng.latency(blockMsMean), hooks.stop);
    if (hooks.stop.aborted) return interrupted(hooks.stop);
    count(work.executed, task.attempt);
    if (trouble === "executor died") {
      count(process.weather.tables.faults, trouble);
      return { cause: "code", reason: "process-ended", message: "the executor ended by itself", block: block.index };
    }
    if (trouble === "out of memory") {
      count(process.weather.tables.faults, trouble);
      return { cause: "out-of-memory", reason: "rss", message: "the executor was killed at its memory limit" };
    }
    run.beginBlock(block);
    try {
      for (const chunk of decodeWhole(block.key, fetched)) run.chunk(chunk);
    } catch (error) {
      if (codeOf(error) !== "corrupt") throw error;
      return { cause: "bad-input", reason: "corrupt", message: messageOf(error), block: block.index };
    }
    run.endBlock();
    await process.call("disk.write", () => {});
    return null;
  }

  async #fetch(block: JobBlock, hooks: JobHooks): Promise<Uint8Array | Fault> {
    try {
      await hooks.lend(block);
      const blob = await this.#options.data.get(block.key, { ifMatch: block.etag });
      if (blob !== null) return await gathered(blob.body);
    } catch (error) {
      const code = codeOf(error);
      const message = messageOf(error);
      if (code === "changed") return { cause: "replaced", reason: "replaced", message, block: block.index };
      if (code === "access-denied") return { cause: "environment", reason: code, message };
      if (code !== "absent") return { cause: "infrastructure", reason: code ?? "error", message };
    }
    return { cause: "gone", reason: "gone", message: `${block.key} is not there`, block: block.index };
  }

  async #segment(
    task: JobTask,
    runs: readonly string[],
    infos: ReadonlyMap<string, RunInfo>,
    scratch: Scratch,
  ): Promise<AttemptSegment | null> {
    if (runs.length === 0) return null;
    const shape = { columns: task.columns, publishBy: task.publishBy, scratch, beat: () => {}, prefix: "end" };
    const info = runs.length === 1 ? infos.get(runs[0] ?? "") : mergeRuns(runs, this.#options.loaded, shape);
    if (info === undefined) throw new Error("a run without its description");
    await this.#options.process.call("disk.write", () => {});
    return {
      entries: info.entries,
      bytes: info.bytes,
      rawBytes: info.rawBytes,
      firstKey: Buffer.from(info.firstKey),
      lastKey: Buffer.from(info.lastKey),
      partitions: info.partitions,
      units: info.units,
      path: `${task.attempt}/${info.name}`,
    };
  }

  #scratch(attempt: string): Scratch {
    const nameOf = (name: string): string => `${attempt}/${name}`;
    return {
      create: (name) => {
        const chunks: Uint8Array[] = [];
        this.#disk.set(nameOf(name), chunks);
        return { write: (bytes) => chunks.push(bytes.slice()), close: () => {} };
      },
      open: (name) => {
        const source = syncMemorySource(Buffer.concat(this.#disk.get(nameOf(name)) ?? []));
        return { size: source.size, read: (start, end) => source.read(start, end), close: () => {} };
      },
    };
  }
}

async function stopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
}

function interrupted(stop: AbortSignal): Fault {
  return { cause: "interrupted", reason: "stopped", message: messageOf(stop.reason) };
}
