/** The two children of a slot, joined by a pipe and given their tasks for one pass; those that do not wait yet are started. */
import { dirname } from "node:path";
import type { HttpTerms } from "../../shared/http-terms.ts";
import type { DecoderTask, JobTaskMessage } from "../children/protocol.ts";
import type { Pass } from "../core/attempt-state.ts";
import type { JobTask } from "../types.ts";
import { startChild } from "./child.ts";
import { childCode } from "./children-code.ts";
import type { Child } from "./child.ts";
import type { Decoders } from "./decoders.ts";
import type { AttemptFolders, PlacedBundle } from "./folders.ts";
import type { Readable } from "./lend-files.ts";
import { offerToKernel } from "./memory.ts";

/** Windows of decoders, two blocks in hand, and Node itself. */
const decoderHeapBytesMax = 256 * 2 ** 20;
const decoderRssBytesMax = 768 * 2 ** 20;

/** A server that says nothing for so long will say nothing more: the connection is half open. */
const silentMsMax = 20_000;
/**
 * Silence and the wait after it stay below a stall, which would count against the block: it would be missing after two of
 * them, where a network that is away for some minutes should cost time only.
 */
const silencesPerStall = 3;

export function silentMsOf(stallMs: number): number {
  return Math.min(silentMsMax, stallMs / silencesPerStall);
}

export interface MemoryLimits {
  readonly heapBytesMax: number;
  readonly rssBytesMax: number;
}

export interface SlotSpec {
  readonly task: JobTask;
  readonly pass: Pass;
  readonly folders: AttemptFolders;
  readonly bundle: PlacedBundle;
  /** An executor that waits for this pass; null: one is started. */
  readonly spare: Child | null;
  readonly decoders: Decoders;
  readonly readable: Readable;
  /** How the decoder reaches URLs. */
  readonly http: HttpTerms;
  /** The executor gets its task then. */
  readonly recorded: Promise<void>;
  readonly token: string;
  /** Of the pass, from 0. */
  readonly number: number;
}

export interface Slot {
  readonly decoder: Child;
  readonly executor: Child;
}

/** Listeners must be added before the event loop turns. */
export function startSlot(spec: SlotSpec): Slot {
  const { task, folders, decoders, readable, spare, recorded } = spec;
  const decoder = decoders.take(readable.paths);
  const executor = spare ?? startExecutor(folders, task.limits, { input: true });
  decoder.handOver(executor);
  decoder.send(decoderTask(spec));
  void recorded.then(() => executor.send(executorTask(spec)));
  return { decoder, executor };
}

export interface ExecutorOptions {
  /** Default: one that a decoder may be handed. */
  readonly input?: boolean;
  readonly lines?: boolean;
  /** Besides its code folder. */
  readonly read?: readonly string[];
}

export function startExecutor(
  folders: AttemptFolders,
  limits: MemoryLimits,
  { input = true, lines = false, read = [] }: ExecutorOptions = {},
): Child {
  const executor = startChild({
    entry: "executor",
    input,
    read: [folders.code, ...read],
    write: [folders.work],
    userCode: true,
    heapBytesMax: limits.heapBytesMax,
    rssBytesMax: limits.rssBytesMax,
    cwd: folders.work,
    extra: lines ? "lines" : null,
  });
  offerToKernel(executor.pid);
  return executor;
}

/** It works in the folder of its own code, which stays and tells nothing. */
export function startDecoder(read: readonly string[]): Child {
  return startChild({
    entry: "decoder",
    input: false,
    read,
    write: [],
    userCode: false,
    heapBytesMax: decoderHeapBytesMax,
    rssBytesMax: decoderRssBytesMax,
    cwd: dirname(childCode("decoder").entry),
    extra: "channel",
  });
}

function decoderTask({ task, pass, readable, token, http }: SlotSpec): DecoderTask {
  return {
    token,
    blocks: pass.blocks.map(({ index, key, size, etag }) => ({ index, key, size, etag })),
    local: readable.manyAtOnce,
    folder: readable.folder,
    rawBytesMax: null,
    silentMs: silentMsOf(task.limits.stallMs),
    http,
  };
}

function executorTask({ task, pass, folders, bundle, token, number }: SlotSpec): JobTaskMessage {
  return {
    task: "job",
    token,
    bundle,
    scratch: folders.work,
    records: task.records,
    columns: task.columns,
    publishBy: task.publishBy,
    blocks: pass.blocks,
    leftOut: pass.leftOut,
    runs: pass.runs,
    prefix: `pass${number}`,
    checkpointStateBytes: task.limits.checkpointStateBytes,
    checkpointMs: task.limits.checkpointMs,
    heapBytesMax: task.limits.heapBytesMax,
  };
}
