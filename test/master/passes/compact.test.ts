/** Compaction: what is due, that it changes no answer, and that one stuck partition stops no other. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { admitRun } from "../../../master/passes/admit.ts";
import {
  compactPass,
  coverageSlicesMax,
  dataDue,
  levelAfter,
  levelSlicesMax,
  mergeSlicesMax,
} from "../../../master/passes/compact.ts";
import { enterPass } from "../../../master/passes/enter.ts";
import { readCoveredBlocks } from "../../../master/coverage.ts";
import type { MasterContext } from "../../../master/context.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { DataSegment, Manifest } from "../../../shared/formats/ledger.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { blobSource } from "../../../shared/segment/blob-source.ts";
import { decodeKey } from "../../../shared/segment/key.ts";
import { SegmentReader } from "../../../shared/segment/reader.ts";
import { collect } from "../../../master/ledger/operations.ts";
import { aggregate, intercepted, manyBlocks, MasterSetting, specOf } from "../setting.ts";

const slice = (key: string, level: number, ...partitions: string[]): DataSegment => ({
  key,
  bytes: 1,
  entries: 1,
  level,
  partitions,
});

/** So many jobs of one block each, of two partitions, entered one commit at a time. */
async function entered(jobs: number): Promise<{ setting: MasterSetting; context: MasterContext }> {
  const setting = new MasterSetting();
  setting.catalog = manyBlocks(jobs, 2);
  const context = setting.context({ liveSlots: async () => 1000 });
  await admitRun(context, specOf("r1"));
  const open = await setting.open("r1");
  for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
    await setting.resolve(open, job, blocks);
    await enterPass(context, await setting.read());
  }
  return { setting, context };
}

/** What the aggregate answers: every pair of every slice, and every row of coverage. */
async function answer(setting: MasterSetting): Promise<{ pairs: string[]; rows: string[] }> {
  const { data, coverage } = await setting.manifest();
  const pairs: string[] = [];
  for (const { key, partitions } of data) {
    const reader = await SegmentReader.open(await blobSource(setting.store, key));
    for await (const entries of reader.entries()) {
      for (const entry of entries) {
        const [partition = "", ...columns] = decodeKey(entry.key);
        if (partitions.includes(partition))
          pairs.push(`${partition} ${columns.join("/")}=${Buffer.from(entry.value).toString()}`);
      }
    }
  }
  const rows: string[] = [];
  for await (const { partition, key, row } of readCoveredBlocks(setting.store, coverage)) {
    rows.push(`${partition} ${key} ${JSON.stringify(row)}`);
  }
  return { pairs: pairs.toSorted(), rows };
}

describe("what is due for compaction", () => {
  const manifestOf = (data: DataSegment[]): Manifest => ({ data }) as unknown as Manifest;

  it("is the level of a partition that is full with the most slices, never across levels or partitions", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.subarray(["a", "b", "c d"], { minLength: 1 })), { maxLength: 60 }),
        fc.subarray(["a", "b", "c d"]),
        (drawn, stuck) => {
          const data = drawn.map(([level, partitions], i) => slice(`s${i}`, level, ...partitions));
          const due = dataDue(manifestOf(data), new Set(stuck));
          const full = ["a", "b", "c d"].some(
            (partition) =>
              !stuck.includes(partition) &&
              [0, 1, 2].some(
                (level) =>
                  data.filter((s) => s.level === level && s.partitions.includes(partition)).length >=
                  levelSlicesMax(level),
              ),
          );
          assert.equal(due !== null, full);
          if (due === null) return;
          assert.ok(!stuck.includes(due.partition));
          const same = data.filter((s) => s.level === due.level && s.partitions.includes(due.partition));
          assert.deepEqual(due.segments, same);
        },
      ),
    );
  });

  it("is as much as one merge takes", () => {
    const due = (count: number, bytes: number): number | undefined => {
      const data = Array.from({ length: count }, (_, i) => ({ ...slice(`s${i}`, 0, "a"), bytes }));
      return dataDue(manifestOf(data), new Set())?.segments.length;
    };
    assert.equal(due(3_000, 1), mergeSlicesMax);
    assert.equal(due(300, 2 ** 30), 256);
    assert.equal(due(512, 2 ** 22), 256);
    assert.equal(due(512, 2 ** 21), 512);
  });

  it("becomes of the level that merging step by step would have given", () => {
    for (const [level, slices, after] of [
      [0, 8, 1],
      [0, 127, 1],
      [0, 128, 2],
      [0, 2_048, 3],
      [1, 16, 2],
      [1, 255, 2],
      [2, 256, 4],
      [0, 1, 1],
    ] as const) {
      assert.equal(levelAfter(level, slices), after, `${slices} of ${level}`);
    }
  });

  it("rewrites a byte twice at most while an aggregate doubles from 100 equal folds on", () => {
    let data: DataSegment[] = [];
    let [number, written] = [0, 0];
    const fold = (): void => {
      for (let i = 0; i < 100; i++) data.push(slice(`s${number++}`, 0, "a"));
      for (let due = dataDue(manifestOf(data), new Set()); due !== null; due = dataDue(manifestOf(data), new Set())) {
        const { segments, level } = due;
        const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
        written += bytes;
        data = data.filter((segment) => !segments.includes(segment));
        data.push({ ...slice(`s${number++}`, levelAfter(level, segments.length), "a"), bytes });
      }
    };
    for (let i = 0; i < 100; i++) fold();
    written = 0;
    for (let i = 0; i < 100; i++) fold();
    assert.ok(written / 10_000 <= 2, `${written / 10_000}`);
  });
});

describe("compaction", () => {
  it("changes no answer, and leaves no level full", async () => {
    const { setting, context } = await entered(40);
    const before = await answer(setting);
    assert.equal(before.pairs.length, 40);
    await compactPass(context, aggregate);
    assert.deepEqual(await answer(setting), before);
    const { data, coverage } = await setting.manifest();
    assert.equal(dataDue(await setting.manifest(), new Set()), null);
    assert.ok(data.length < levelSlicesMax(0) * 2 && coverage.length < coverageSlicesMax);
    assert.ok(data.every(({ partitions }) => partitions.length === 1));
    assert.equal(await compactPass(context, aggregate), 0);
  });

  it("stops at a partition whose merge throws, says so, and goes on with the others", async () => {
    const { setting, context } = await entered(40);
    const before = await answer(setting);
    const { executors } = context;
    const failing: MasterContext = {
      ...context,
      executors: {
        render: async (task) => await executors.render(task),
        merge: async (task) => {
          if (task.slices[0]?.partition === "20260101") throw new SpotfoldError("analysis-failed", "merge threw at K");
          return await executors.merge(task);
        },
      },
    };
    await compactPass(failing, aggregate);
    assert.deepEqual(
      setting.of("partition-stuck").map(({ partition, message }) => [partition, message]),
      [["20260101", "merge threw at K"]],
    );
    const slices = (await setting.manifest()).data.map(({ partitions, level }) => `${partitions.join()} ${level}`);
    assert.equal(slices.filter((each) => each === "20260101 0").length, 20);
    assert.ok(slices.includes("20260102 1"));
    assert.deepEqual(await answer(setting), before);
    await compactPass(context, aggregate);
    assert.deepEqual(await answer(setting), before);
    assert.equal(dataDue(await setting.manifest(), new Set()), null);
  });

  it("by two masters at once, and killed at any step, changes no answer", async () => {
    for (let step = 0; step < 24; step += 3) {
      const { setting, context } = await entered(20);
      const before = await answer(setting);
      let calls = 0;
      const store = intercepted(setting.store, (method) => {
        if (method !== "get" && calls++ === step) throw new Error("killed");
      });
      await Promise.all([
        compactPass(
          setting.context({ store, executors: context.executors, readFile: context.readFile }),
          aggregate,
        ).catch(() => {}),
        compactPass(context, aggregate),
      ]);
      await compactPass(context, aggregate);
      assert.deepEqual(await answer(setting), before);
    }
  });

  it("writes its output again under a new name when a collection began meanwhile", async () => {
    const { setting, context } = await entered(16);
    const before = await answer(setting);
    const uploaded: { key: string; epoch: number }[] = [];
    let collections = 0;
    const store = intercepted(
      setting.store,
      () => {},
      async (method, key) => {
        if (method !== "put" || !/\/(data|coverage)\//.test(key)) return;
        uploaded.push({ key, epoch: (await setting.manifest()).epoch });
        if (collections++ % 2 > 0) return;
        await context.ledger.commit(aggregate, (base) =>
          base.manifest === null
            ? { manifest: null, result: null }
            : { manifest: collect(base.manifest).manifest, result: null },
        );
      },
    );
    await compactPass(setting.context({ store, executors: context.executors, readFile: context.readFile }), aggregate);
    assert.deepEqual(await answer(setting), before);
    const { data, coverage, epoch } = await setting.manifest();
    assert.ok(epoch > 1);
    for (const { key } of [...data, ...coverage].filter(({ level }) => level > 0)) {
      const index = uploaded.findIndex((upload) => upload.key === key);
      assert.equal(index % 2, 1, `${key} is of the second upload, under the epoch that it was committed in`);
    }
  });
});
