/** The executor's side of a job: frames in, messages out, runs in the scratch folder. */
import { readSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import { JobRun } from "../core/job-run.ts";
import type { LoadedAnalysis } from "../core/load.ts";
import { folderScratch } from "./folder-scratch.ts";
import { FrameError, readFrames } from "./frames.ts";
import type { Reporter } from "./control.ts";
import type { JobTaskMessage } from "./protocol.ts";

/** Messages of progress at most this often, ms. */
const progressMs = 200;

/** From this share of the heap's limit on, the state is drained whatever its estimate says. */
const heapShareMax = 0.6;

const standardInput = 0;

export function runJob(task: JobTaskMessage, loaded: LoadedAnalysis, say: Reporter): void {
  const blocks = new Map(task.blocks.map((block) => [block.index, block]));
  const now = performance.now.bind(performance);
  let rawBytes = 0;
  let lastSaid = now();
  const beat = (): void => {
    if (now() - lastSaid < progressMs) return;
    lastSaid = now();
    say({ say: "progress", records: run.records, rawBytes });
  };
  const run = new JobRun({
    loaded,
    records: task.records,
    columns: task.columns,
    publishBy: task.publishBy,
    pass: { blocks: task.blocks, leftOut: task.leftOut, runs: task.runs },
    checkpointStateBytes: task.checkpointStateBytes,
    checkpointMs: task.checkpointMs,
    prefix: task.prefix,
    scratch: folderScratch(task.scratch),
    beat,
    now,
    pressed: () => getHeapStatistics().used_heap_size > task.heapBytesMax * heapShareMax,
    draining: () => say.flush(),
    listener: {
      // With the next one's begin, or when there is nothing to do but wait: a message costs as much as a small block.
      blockEnded: (report) => say.later({ say: "ended", report }),
      checkpoint: (runs) => say({ say: "checkpoint", runs }),
      merged: (merged) => say({ say: "merged", run: merged }),
      log: (line) => say({ say: "log", line }),
    },
  });
  let spoiled: number | null = null;
  const read = (buffer: Uint8Array): number => {
    say.flush();
    return readSync(standardInput, buffer, 0, buffer.length, null);
  };
  readFrames(read, {
    begin(index) {
      const block = blocks.get(index);
      if (block === undefined) throw new FrameError(`block ${index} is not in the task`);
      say({ say: "begin", block: index });
      run.beginBlock(block);
    },
    data(bytes) {
      rawBytes += bytes.length;
      run.chunk(bytes);
      beat();
    },
    end: () => run.endBlock(),
    fault: (index) => {
      spoiled = index;
    },
  });
  if (spoiled !== null) say({ say: "spoiled", block: spoiled });
  else run.finish();
}
