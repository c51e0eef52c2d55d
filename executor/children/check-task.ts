/**
 * The check at submit: what the bundle says of itself, and what becomes of the first records of one block. Records are
 * overwritten after their callback, so that an analysis that keeps them fails here and not in production.
 */
import { readSync } from "node:fs";
import { Execution } from "../core/execution.ts";
import type { LoadedAnalysis } from "../core/load.ts";
import { readFrames } from "./frames.ts";
import type { CheckTaskMessage, ExecutorMessage } from "./protocol.ts";

const standardInput = 0;

/** A sample is small; its state is never measured. */
const noLimit = Number.MAX_SAFE_INTEGER;

export function runCheck(
  task: CheckTaskMessage,
  loaded: LoadedAnalysis,
  say: (message: ExecutorMessage) => void,
): void {
  if (task.sample === null) return;
  const { records, block } = task.sample;
  const execution = new Execution({
    loaded,
    records,
    leftOut: [],
    log: (line) => say({ say: "log", line }),
    overwrite: true,
    checkpointStateBytes: noLimit,
  });
  say({ say: "begin", block: block.index });
  execution.beginBlock(block);
  let spoiled = false;
  let ended = false;
  readFrames((buffer) => readSync(standardInput, buffer, 0, buffer.length, null), {
    begin: () => undefined,
    data: (bytes) => execution.chunk(bytes),
    end: () => {
      ended = true;
    },
    fault: () => {
      spoiled = true;
    },
  });
  // The sample is cut anywhere: its last line may be half a record, and only the end of the block makes it whole.
  if (ended) execution.endBlock();
  if (!spoiled) execution.drain({ addText: () => undefined, addFrom: () => undefined });
  const { counts, first } = execution.rejected;
  say({ say: "sampled", sample: { records: execution.records, rejected: counts, firstRejection: first } });
}
