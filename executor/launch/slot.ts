/** The two children of a slot, joined by a pipe, started for one pass and given their tasks. */
import type { HttpTerms } from "../../shared/http-terms.ts";
import type { DecoderTask, JobTaskMessage } from "../children/protocol.ts";
import type { Pass } from "../core/attempt-state.ts";
import type { JobTask } from "../types.ts";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";
import type { AttemptFolders } from "./folders.ts";
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

export interface SlotSpec {
  readonly task: JobTask;
  readonly pass: Pass;
  readonly folders: AttemptFolders;
  /** Local files that the decoder may read. */
  readonly blockPaths: readonly string[];
  /** How the decoder reaches URLs. */
  readonly http: HttpTerms;
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
  const { task, folders, blockPaths } = spec;
  const decoder = startDecoder(folders, blockPaths);
  const frames = decoder.process.stdout;
  const executor = startChild({
    entry: "executor",
    stdin: frames ?? "ignore",
    stdout: "captured",
    read: [folders.code, ...folders.inputs.map((input) => input.path)],
    write: [folders.work],
    userCode: true,
    heapBytesMax: task.limits.heapBytesMax,
    rssBytesMax: task.limits.rssBytesMax,
    cwd: folders.work,
    lines: false,
  });
  // The pipe is theirs alone: as long as we held it, neither would see the other's end.
  frames?.destroy();
  offerToKernel(executor.pid);
  decoder.send(decoderTask(spec));
  executor.send(executorTask(spec));
  return { decoder, executor };
}

export function startDecoder(folders: AttemptFolders, read: readonly string[]): Child {
  return startChild({
    entry: "decoder",
    stdin: "ignore",
    stdout: "pipe",
    read,
    write: [],
    userCode: false,
    heapBytesMax: decoderHeapBytesMax,
    rssBytesMax: decoderRssBytesMax,
    cwd: folders.code,
    lines: false,
  });
}

function decoderTask({ task, pass, token, http }: SlotSpec): DecoderTask {
  return {
    token,
    blocks: pass.blocks.map(({ index, key, size, etag }) => ({ index, key, size, etag })),
    rawBytesMax: null,
    silentMs: silentMsOf(task.limits.stallMs),
    http,
  };
}

function executorTask({ task, pass, folders, token, number }: SlotSpec): JobTaskMessage {
  return {
    task: "job",
    token,
    bundle: { path: folders.bundle, params: task.bundle.params, inputs: folders.inputs },
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
