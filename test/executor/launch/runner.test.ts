import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "mocha";
import { heldBytesMax } from "../../../executor/children/held-back.ts";
import { suspectsPerAttemptMax } from "../../../executor/core/attempt-state.ts";
import { childRunner } from "../../../executor/launch/runner.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { JobBlock, JobHooks, JobOutcome } from "../../../executor/types.ts";
import { countingSource, entriesOf, records, refresh, setting } from "./setting.ts";
import type { Setting } from "./setting.ts";

/** In the child that waits for a block. Longer than a child takes from one sign of life to the next on a busy machine. */
const stallMs = 2_000;

const indices = (outcome: JobOutcome): number[] => outcome.reports.map(({ index }) => index);
const struck = (outcome: JobOutcome) => outcome.faults.map(({ block, cause, reason }) => [block, cause, reason]);

describe("the runner with real children", () => {
  it("runs a job over all codecs", async () => {
    const s = setting();
    const names = ["a.lzma", "b.xz", "c.gz", "d.zst", "e.ndjson"];
    const blocks = names.map((name, i) => s.block(name, records(1_000, 10), i % 2 === 0 ? "20260101" : "20260102"));
    const outcome = await s.run(s.bundle(countingSource), blocks);
    assert.deepEqual([outcome.ended, outcome.faults], [null, []]);
    assert.deepEqual(indices(outcome), [0, 1, 2, 3, 4]);
    assert.deepEqual(
      [outcome.reports[0]?.records, outcome.reports[0]?.rawBytes],
      [1_000, Buffer.byteLength(records(1_000, 10))],
    );
    const entries = entriesOf(outcome);
    assert.deepEqual(
      [entries["20260101\tk3"], entries["20260102\tk3"], Object.keys(entries).length],
      ["300", "200", 20],
    );
    assert.deepEqual(outcome.segment?.partitions, ["20260101", "20260102"]);
    assert.deepEqual(outcome.segment?.units, [""]);
  });

  it("runs a job of small and larger blocks in any order", async () => {
    const s = setting();
    const counts = [10, 20_000, 10, 10, 30_000, 200_000, 10, 20_000, 20_000, 10, 300_000, 10];
    const blocks = counts.map((count, i) => s.block(`${i}.ndjson`, records(count, 10)));
    const outcome = await s.run(s.bundle(countingSource), blocks);
    assert.deepEqual([outcome.ended, outcome.faults], [null, []]);
    assert.deepEqual(indices(outcome), [...counts.keys()]);
    const total = counts.reduce((sum, count) => sum + count, 0);
    assert.equal(entriesOf(outcome)["20260101\tk3"] ?? entriesOf(outcome)["p\tk3"], String(total / 10));
  });

  /** The same block with a bit of its CRC32 flipped: all of its bytes are decoded before that shows. */
  function damagedAtItsEnd(s: Setting, block: JobBlock): JobBlock {
    const path = join(s.folder, block.key);
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 6) ^ 1, bytes.length - 6);
    writeFileSync(path, bytes);
    return { ...block, ...refresh(s.folder, block.key) };
  }

  /** A block that each pass asks for: its etag is no file's, so that it is not read where its key says. */
  const asked = (block: JobBlock): JobBlock => ({ ...block, etag: "no-file" });

  /** The outcome, and how often the first block was lent: once before all passes, once in each. */
  async function counted(
    s: Setting,
    blocks: readonly JobBlock[],
    source = countingSource,
  ): Promise<{ outcome: JobOutcome; passes: number }> {
    let lends = 0;
    const hooks = s.hooks();
    const lend = (block: JobBlock): ReturnType<JobHooks["lend"]> => {
      if (block.index === 0) lends += 1;
      return hooks.lend(block);
    };
    const [first, ...others] = blocks;
    assert.ok(first !== undefined);
    const task = s.task(s.bundle(source), [asked(first), ...others]);
    const outcome = await s.runner.run(task, { ...hooks, lend });
    return { outcome, passes: lends - 1 };
  }

  it("leaves a block out whose damage shows late, and counts the others once", async () => {
    const s = setting();
    const text = records(200_000, 50);
    assert.ok(text.length > heldBytesMax);
    const [first, second, third] = ["a.zst", "b.gz", "c.zst"].map((name) => s.block(name, text));
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const { outcome, passes } = await counted(s, [first, damagedAtItsEnd(s, second), third]);
    assert.deepEqual([outcome.ended, passes], [null, 2]);
    assert.deepEqual(struck(outcome), [[1, "bad-input", "corrupt"]]);
    assert.deepEqual(indices(outcome), [0, 2]);
    assert.equal(entriesOf(outcome)["p\tk7"], String((2 * 200_000) / 50));
  });

  it("leaves out any number of blocks whose damage shows before they are handed on, in one pass", async () => {
    const s = setting();
    const damaged = 3 * suspectsPerAttemptMax;
    const clean = s.block("a.gz", records(1_000, 10));
    const others = Array.from({ length: damaged }, (_, i) => damagedAtItsEnd(s, s.block(`b${i}.gz`, records(500, 10))));
    const last = s.block("c.gz", records(1_000, 10));
    const { outcome, passes } = await counted(s, [clean, ...others, last]);
    assert.deepEqual([outcome.ended, passes], [null, 1]);
    assert.deepEqual([indices(outcome), outcome.faults.length], [[0, damaged + 1], damaged]);
    assert.equal(entriesOf(outcome)["p\tk7"], "200");
  });

  it("ends at once when every block is struck, without a word of the bundle", async () => {
    const s = setting();
    const block = damagedAtItsEnd(s, s.block("a.gz", records(10, 1)));
    const { outcome, passes } = await counted(s, [block], "while (true);");
    assert.deepEqual([outcome.ended, passes, struck(outcome)], [null, 1, [[0, "bad-input", "corrupt"]]]);
  });

  it("knows blocks that are gone, replaced, or empty", async () => {
    const s = setting();
    const blocks = ["gone.zst", "replaced.zst", "fine.zst", "empty.ndjson"].map((name) =>
      s.block(name, name.startsWith("empty") ? "" : records(10, 1)),
    );
    rmSync(join(s.folder, "gone.zst"));
    appendFileSync(join(s.folder, "replaced.zst"), "x");
    const outcome = await s.run(s.bundle(countingSource), blocks);
    assert.equal(outcome.ended, null);
    assert.deepEqual(struck(outcome), [
      [0, "gone", "gone"],
      [1, "replaced", "replaced"],
    ]);
    assert.deepEqual(indices(outcome), [2, 3]);
    assert.deepEqual(entriesOf(outcome), { "p\tk0": "10" });
  });

  it("counts rejected records, and logs where they are", async () => {
    const s = setting();
    const blocks = [s.block("a.ndjson", '{"k":"a"}\n{\n{"k":1}\n'), s.block("b.ndjson", "{\n}\n")];
    const outcome = await s.run(s.bundle(countingSource), blocks);
    assert.deepEqual(outcome.reports[0]?.rejected, { "invalid-json": 1, "invalid-key": 1 });
    assert.deepEqual([outcome.reports[1]?.verdict, outcome.reports[0]?.verdict], ["no-record-accepted", "counted"]);
    const log = Buffer.from(outcome.log).toString();
    assert.match(log, /"rejected":"invalid-json","block":"a\.ndjson","ordinal":1,"offset":10/);
  });

  it("checkpoints, spills within a block, and merges at the end", async () => {
    const s = setting();
    const blocks = ["a.zst", "b.zst"].map((name) => s.block(name, records(60_000, 30_000)));
    const outcome = await s.run(s.bundle(countingSource), blocks, { checkpointStateBytes: 500_000 });
    assert.equal(outcome.ended, null);
    const entries = entriesOf(outcome);
    assert.equal(Object.keys(entries).length, 30_000);
    assert.ok(Object.values(entries).every((value) => value === "4"));
  });

  it("redoes a block without the record that add threw on", async () => {
    const s = setting();
    const source = `export default { name: "adding", key: ["k"], merge: (a, b) => a + b,
      accumulator() { let n = 0; return {
        add(record) { n += 1; if (record.text() === "13") throw new Error("half done"); },
        bytes: () => 8,
        *drain() { if (n > 0) yield [["n"], n]; n = 0; } }; } };`;
    const blocks = [s.block("a.ndjson", "1\n2\n"), s.block("b.ndjson", "12\n13\n14\n")];
    const outcome = await s.run(s.bundle(source), blocks);
    assert.deepEqual([outcome.ended, outcome.faults], [null, []]);
    assert.deepEqual(outcome.reports[1]?.rejected, { "add-threw": 1 });
    assert.deepEqual(entriesOf(outcome), { "p\tn": "4" });
  });

  it("takes a bundle that cannot be loaded as the bundle's failure", async () => {
    const s = setting();
    const blocks = [s.block("a.ndjson", records(1, 1))];
    const throwing = await s.run(s.bundle("throw new Error('at load')"), blocks);
    assert.deepEqual([throwing.ended?.cause, throwing.ended?.beforeFirstRecord], ["code", true]);
    assert.match(throwing.ended?.message ?? "", /at load/);
    const none = await s.run(s.bundle("export default {}"), blocks);
    assert.deepEqual([none.ended?.reason, none.ended?.beforeFirstRecord, none.reports], ["invalid-bundle", true, []]);
  });

  it("takes no block to task for the time in which it is lent", async () => {
    const s = setting();
    const blocks = [s.block("a.ndjson", records(10, 1)), s.block("b.ndjson", records(10, 1))].map(asked);
    const hooks = s.hooks();
    let lends = 0;
    const lend = async (block: JobBlock): ReturnType<JobHooks["lend"]> => {
      // Once before the children start; then for each.
      if (++lends === blocks.length + 1) await sleep(2 * stallMs);
      return await hooks.lend(block);
    };
    const outcome = await s.runner.run(s.task(s.bundle(countingSource), blocks, { stallMs }), { ...hooks, lend });
    assert.ok(lends > blocks.length);
    assert.deepEqual([outcome.ended, outcome.faults], [null, []]);
    assert.deepEqual(indices(outcome), [0, 1]);
  });

  it("gives up lending that has no end, and blames the machine", async () => {
    for (const answered of [0, 1]) {
      const s = setting();
      const runner = childRunner({ scratch: s.scratch, lendMsMax: 300 });
      const hooks = s.hooks();
      let lends = 0;
      const lend = async (block: JobBlock): ReturnType<JobHooks["lend"]> =>
        lends++ < answered ? await hooks.lend(block) : await new Promise(() => undefined);
      const task = s.task(s.bundle(countingSource), [asked(s.block("a.ndjson", records(10, 1)))]);
      const { ended, faults, segment } = await runner.run(task, { ...hooks, lend });
      assert.deepEqual(
        [ended?.cause, ended?.reason, faults, segment],
        ["infrastructure", "store-unavailable", [], null],
      );
      assert.match(ended?.message ?? "", /^a\.ndjson: it was not lent within 0\.3 s$/);
    }
  });

  it("reads small blocks of a folder where their keys say, and asks for those that are not there", async () => {
    const s = setting();
    const blocks = Array.from({ length: 40 }, (_, i) => s.block(`${i}.gz`, records(10, 1)));
    const [gone, moved, changed] = [blocks[7], blocks[8], blocks[9]];
    assert.ok(gone !== undefined && moved !== undefined && changed !== undefined);
    rmSync(join(s.folder, gone.key));
    renameSync(join(s.folder, moved.key), join(s.folder, "beside.gz"));
    appendFileSync(join(s.folder, changed.key), "x");
    const lent: number[] = [];
    const hooks: JobHooks = {
      ...s.hooks(),
      lend: async ({ index, key }) => {
        lent.push(index);
        if (index === gone.index) throw new SpotfoldError("no-such-store", "the folder is not there any more");
        return { kind: "path", path: join(s.folder, index === moved.index ? "beside.gz" : key) };
      },
    };
    const outcome = await s.runner.run(s.task(s.bundle(countingSource), blocks), hooks);
    // An absent file may be a disk that is not mounted: whoever lends it says what it is, and nothing is missing.
    assert.deepEqual([outcome.ended?.cause, outcome.ended?.reason], ["environment", "no-such-store"]);
    // The decoder may be at the next one before it is stopped.
    assert.deepEqual([lent.slice(0, 2), outcome.faults], [[0, gone.index], []]);

    lent.length = 0;
    const others = blocks.filter((block) => block !== gone);
    const second = await s.runner.run(s.task(s.bundle(countingSource), others), hooks);
    assert.deepEqual([second.ended, struck(second)], [null, [[changed.index, "replaced", "replaced"]]]);
    assert.deepEqual(lent, [0, moved.index, changed.index]);
    assert.equal(second.reports.length, blocks.length - 2);
  });

  it("deletes the attempt's folder on release", async () => {
    const s = setting();
    const task = s.task(s.bundle(countingSource), [s.block("a.ndjson", records(1, 1))]);
    await s.runner.run(task, s.hooks());
    assert.deepEqual(readdirSync(s.scratch), [task.attempt]);
    await s.runner.release(task.attempt);
    assert.deepEqual(readdirSync(s.scratch), []);
  });
});
