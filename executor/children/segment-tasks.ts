/** The executor's tasks on segments: merge, render, results. Their inputs are local files, opened read-only. */
import { writeSync } from "node:fs";
import { syncFileSource } from "../../shared/segment/source.ts";
import { sliceInput, withEntries } from "../core/entries.ts";
import type { SliceSource } from "../core/entries.ts";
import type { LoadedAnalysis } from "../core/load.ts";
import { combineOf, mergeRuns, withMerged, writeAll } from "../core/merge.ts";
import type { MergeShape } from "../core/merge.ts";
import { renderUnit } from "../core/render.ts";
import { writeResults } from "../core/results.ts";
import type { RunInfo } from "../core/runs.ts";
import { writeAll as writeBytes } from "./control.ts";
import { folderScratch } from "./folder-scratch.ts";
import { Pack } from "./pack.ts";
import { linesDescriptor } from "./protocol.ts";
import type { UnitTask } from "../types.ts";
import type { ChildRendered, ChildSlice, ExecutorMessage, ExecutorTask, RenderTaskMessage } from "./protocol.ts";

type SegmentTask = Extract<ExecutorTask, { columns: number; task: "merge" | "merge-runs" | "render" | "results" }>;
type Say = (message: ExecutorMessage) => void;

/** Messages that say it is alive, at most this often, ms. */
const beatMs = 500;

export function runSegmentTask(task: SegmentTask, loaded: LoadedAnalysis, say: Say): void {
  const shape: MergeShape = {
    columns: task.columns,
    publishBy: task.publishBy,
    scratch: folderScratch(task.scratch),
    prefix: task.task === "merge-runs" ? task.prefix : "merge",
    beat: beatOf(say),
  };
  switch (task.task) {
    case "merge":
      return say({ say: "merged", run: mergeSlices(task.slices.map(sliceOf), loaded, shape) });
    case "merge-runs":
      return say({ say: "merged", run: mergeRuns(task.runs, loaded, shape) });
    case "render":
      return task.units.forEach((_, number) => say({ say: "rendered", unit: render(task, number, loaded, shape) }));
    case "results":
      return withEntries(task.slices.map(sliceOf), task.prefix, loaded, shape, (entries) =>
        writeResults(entries, loaded, task.format, (bytes) => writeBytes(writeSync, linesDescriptor, bytes)),
      );
  }
}

function mergeSlices(slices: readonly SliceSource[], loaded: LoadedAnalysis, shape: MergeShape): RunInfo | null {
  const inputs = slices.map((slice) => sliceInput(slice, false, []));
  return withMerged(inputs, combineOf(loaded, true), shape, (cursor) => writeAll(cursor, "merged", shape));
}

function render(task: RenderTaskMessage, number: number, loaded: LoadedAnalysis, shape: MergeShape): ChildRendered {
  const { unit, suffix } = task.units[number] as UnitTask;
  const { stamp } = task;
  const pack = new Pack(shape.scratch, `${task.pack}-${number}`);
  const create = (): { write(bytes: Uint8Array): void; close(): void } => ({
    write: (bytes) => pack.write(bytes),
    close: () => undefined,
  });
  const ownShape = { ...shape, prefix: `${shape.prefix}-${number}` };
  const rendered = withEntries(task.slices.map(sliceOf), unit, loaded, ownShape, (entries) =>
    renderUnit(entries, loaded, { unit, stamp, suffix, create }),
  );
  pack.close();
  return rendered;
}

function sliceOf({ path, partition }: ChildSlice): SliceSource {
  return { partition, open: () => syncFileSource(path) };
}

function beatOf(say: Say): () => void {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < beatMs) return;
    last = now;
    say({ say: "progress", records: 0, rawBytes: 0 });
  };
}
