import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { AttemptState } from "../../../executor/core/attempt-state.ts";
import { JobRun } from "../../../executor/core/job-run.ts";
import type { RunInfo } from "../../../executor/core/runs.ts";
import { block, counting, lines, MemoryScratch } from "./fixtures.ts";

const shape = { loaded: counting, records: "ndjson", columns: 1, publishBy: 1 };

function start(blocks: number, limits: { checkpointStateBytes: number; checkpointMs: number }) {
  const state = new AttemptState(Array.from({ length: blocks }, (_, i) => block(i, i % 2 === 0 ? "even" : "odd")));
  const scratch = new MemoryScratch();
  const runs = new Map<string, RunInfo>();
  let ms = 0;
  const note = (run: RunInfo): string => {
    runs.set(run.name, run);
    return run.name;
  };
  const begin = (prefix: string): JobRun => {
    const pass = state.pass();
    assert.ok(pass !== null);
    return new JobRun({
      ...shape,
      ...limits,
      pass,
      prefix,
      scratch,
      beat: () => undefined,
      now: () => (ms += 1),
      pressed: () => false,
      listener: {
        blockEnded: (report) => state.blockEnded(report),
        checkpoint: (made) => state.checkpoint(made.map(note)),
        merged: (run) => state.merged(note(run)),
        log: () => undefined,
      },
    });
  };
  return { state, scratch, runs, begin };
}

function feed(run: JobRun, index: number, ...records: readonly unknown[]): void {
  run.beginBlock(block(index, index % 2 === 0 ? "even" : "odd"));
  run.chunk(lines(...records));
}

const keys = (from: number): { k: string }[] => Array.from({ length: 100 }, (_, i) => ({ k: `k${from + i}` }));

describe("a pass over blocks", () => {
  it("ends with one run that holds all pairs, its partitions and units", () => {
    const { state, scratch, runs, begin } = start(3, { checkpointStateBytes: 1e6, checkpointMs: 1e6 });
    const run = begin("p0");
    for (const index of [0, 1, 2]) {
      feed(run, index, { k: "a" }, { k: `k${index}` });
      run.endBlock();
    }
    run.finish();
    const { reports, runs: names } = state.result();
    assert.deepEqual([reports.length, names.length], [3, 1]);
    const info = runs.get(names[0] ?? "");
    assert.deepEqual(scratch.read(names[0] ?? ""), {
      "even\ta": "2",
      "even\tk0": "1",
      "even\tk2": "1",
      "odd\ta": "1",
      "odd\tk1": "1",
    });
    assert.deepEqual([info?.partitions, info?.units, info?.entries], [["even", "odd"], ["a", "k0", "k1", "k2"], 5]);
    assert.deepEqual(
      [info?.firstKey, info?.lastKey, info?.bytes],
      ["even\ta", "odd\tk1", scratch.files.get(names[0] ?? "")?.length],
    );
  });

  it("makes checkpoints by time at block boundaries, and merges them at the end", () => {
    const { state, scratch, begin } = start(4, { checkpointStateBytes: 1e6, checkpointMs: 2 });
    const run = begin("p0");
    for (const index of [0, 1, 2, 3]) {
      feed(run, index, { k: "a" });
      run.endBlock();
    }
    assert.ok(state.result().runs.length > 1);
    run.finish();
    assert.deepEqual(scratch.read(state.result().runs[0] ?? ""), { "even\ta": "2", "odd\ta": "2" });
    assert.equal(state.result().runs.length, 1);
  });

  it("spills within a block, and drops the spills of a block that fails", () => {
    const { state, scratch, begin } = start(2, { checkpointStateBytes: 2_000, checkpointMs: 1e6 });
    const first = begin("p0");
    feed(first, 0, ...keys(0));
    first.endBlock();
    feed(first, 1, ...keys(100));
    const spilled = scratch.files.size;
    assert.ok(spilled > state.result().runs.length, "the second block spilled");
    state.failed({ cause: "bad-input", reason: "corrupt", message: "", block: 1 });
    assert.equal(state.pass(), null);
    const held = state.result().runs.flatMap((name) => Object.keys(scratch.read(name)));
    assert.equal(held.length, 100);
    assert.ok(held.every((key) => key.startsWith("even\t")));
  });

  it("merges more runs than may be open at a time in passes", () => {
    const blocks = 300;
    const { state, scratch, begin } = start(blocks, { checkpointStateBytes: 1e6, checkpointMs: 0 });
    const run = begin("p0");
    for (let index = 0; index < blocks; index++) {
      feed(run, index, { k: "a" }, { k: `k${index}` });
      run.endBlock();
    }
    assert.equal(state.result().runs.length, blocks);
    run.finish();
    const merged = scratch.read(state.result().runs[0] ?? "");
    assert.deepEqual([merged["even\ta"], merged["odd\ta"], Object.keys(merged).length], ["150", "150", blocks + 2]);
  });

  it("counts blocks that give no pairs without a run", () => {
    const { state, scratch, begin } = start(1, { checkpointStateBytes: 1e6, checkpointMs: 1e6 });
    const run = begin("p0");
    feed(run, 0);
    run.endBlock();
    run.finish();
    assert.deepEqual([state.result().reports.length, state.result().runs, scratch.files.size], [1, [], 0]);
  });
});
