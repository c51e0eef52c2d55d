import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { AttemptState } from "../../../executor/core/attempt-state.ts";
import { JobRun } from "../../../executor/core/job-run.ts";
import { block, counting, MemoryScratch } from "./fixtures.ts";

/** Blocks of keys; each block is given in pieces cut anywhere; a checkpoint may come at any time. */
const jobs = fc.record({
  blocks: fc.array(fc.array(fc.string({ unit: "grapheme", maxLength: 4 }), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 6,
  }),
  cuts: fc.array(fc.nat(60), { maxLength: 20 }),
  checkpointStateBytes: fc.integer({ min: 1, max: 2_000 }),
  checkpointMs: fc.integer({ min: 0, max: 5 }),
});

describe("the answer of a job", () => {
  it("does not depend on how bytes, checkpoints and spills are cut", () => {
    fc.assert(
      fc.property(jobs, ({ blocks, cuts, checkpointStateBytes, checkpointMs }) => {
        const state = new AttemptState(blocks.map((_, i) => block(i, `p${i % 2}`)));
        const scratch = new MemoryScratch();
        const pass = state.pass();
        assert.ok(pass !== null);
        let ms = 0;
        const run = new JobRun({
          loaded: counting,
          records: "ndjson",
          columns: 1,
          publishBy: 0,
          pass,
          checkpointStateBytes,
          checkpointMs,
          prefix: "p",
          scratch,
          beat: () => undefined,
          now: () => (ms += 1),
          pressed: () => false,
          listener: {
            blockEnded: (report) => state.blockEnded(report),
            checkpoint: (runs) => state.checkpoint(runs.map((made) => made.name)),
            merged: (merged) => state.merged(merged.name),
            log: () => undefined,
          },
        });
        const expected = new Map<string, number>();
        for (const [i, keys] of blocks.entries()) {
          const bytes = Buffer.from(keys.map((k) => `${JSON.stringify({ k })}\n`).join(""));
          run.beginBlock(block(i, `p${i % 2}`));
          let at = 0;
          for (const cut of cuts) {
            run.chunk(bytes.subarray(at, at + cut));
            at += cut;
          }
          run.chunk(bytes.subarray(at));
          run.endBlock();
          for (const k of keys) expected.set(`p${i % 2}|${k}`, (expected.get(`p${i % 2}|${k}`) ?? 0) + 1);
        }
        run.finish();
        const [name] = state.result().runs;
        const entries = name === undefined ? {} : scratch.read(name);
        assert.equal(Object.keys(entries).length, expected.size);
        const counts = (values: readonly (string | number)[]): string[] => values.map(String).toSorted();
        assert.deepEqual(counts(Object.values(entries)), counts([...expected.values()]));
      }),
    );
  });
});
