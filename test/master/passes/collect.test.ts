/** Collection: marks what nothing names, deletes it when readers are done, and never hurts a writer in flight. */
import assert from "node:assert/strict";
import { admitRun } from "../../../master/passes/admit.ts";
import { closePass, endRun } from "../../../master/passes/close.ts";
import { collectPass } from "../../../master/passes/collect.ts";
import { compactPass } from "../../../master/passes/compact.ts";
import { enterPass } from "../../../master/passes/enter.ts";
import { namedObjects } from "../../../master/ledger/operations.ts";
import type { MasterContext } from "../../../master/context.ts";
import {
  attemptKey,
  coverageKey,
  dataKey,
  garbageKey,
  headKey,
  jobId,
  planKey,
  resolutionsPrefix,
} from "../../../shared/names.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { readAll } from "../../../shared/read-all.ts";
import { aggregate, intercepted, manyBlocks, MasterSetting, specOf } from "../setting.ts";

const retainMs = 86_400_000;

async function opened(blocks: number, run = "r1"): Promise<{ setting: MasterSetting; context: MasterContext }> {
  const setting = new MasterSetting();
  setting.catalog = manyBlocks(blocks);
  const context = setting.context({ liveSlots: async () => 1000 });
  await admitRun(context, specOf(run));
  return { setting, context };
}

async function resolveAll(setting: MasterSetting, run = "r1"): Promise<void> {
  const open = await setting.open(run);
  for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
    await setting.resolve(open, job, blocks);
  }
}

async function finished(jobs: number): Promise<{ setting: MasterSetting; context: MasterContext }> {
  const { setting, context } = await opened(jobs);
  await resolveAll(setting);
  await enterPass(context, await setting.read());
  await closePass(context, await setting.read());
  return { setting, context };
}

async function marked(setting: MasterSetting): Promise<string[]> {
  const blob = await readAll(setting.store, garbageKey(aggregate));
  return blob === null ? [] : (JSON.parse(Buffer.from(blob.bytes).toString()) as { keys: string[] }).keys;
}

/** Head, manifest, segments and coverage, and the plans and resolutions of open runs are all there. */
async function assertWhole(setting: MasterSetting): Promise<void> {
  const { head, manifest } = await setting.read();
  const keys = new Set(await setting.keys());
  for (const key of [headKey(aggregate), head.manifest, ...namedObjects(manifest)]) assert.ok(keys.has(key), key);
  for (const { plan, jobs } of manifest.open) {
    assert.ok(keys.has(planKey(aggregate, plan)), plan);
    let planned = 0;
    for await (const _ of readPlan(setting.store, aggregate, plan)) planned++;
    assert.equal(planned, jobs);
  }
}

describe("collection", () => {
  it("marks what nothing names, and deletes it no sooner than readers may need it", async () => {
    const { setting, context } = await finished(20);
    await compactPass(context, aggregate);
    const plan = (await setting.manifest()).closed[0]?.plan ?? "";
    const { epoch } = await setting.manifest();
    const { marked: count } = await collectPass(context, aggregate);
    assert.equal((await setting.manifest()).epoch, epoch + 1);
    const candidates = await marked(setting);
    assert.equal(candidates.length, count);
    assert.ok(candidates.includes(planKey(aggregate, plan)));
    assert.ok(candidates.some((key) => key.startsWith(resolutionsPrefix(aggregate, plan))));
    await setting.clock.advance(retainMs - 1);
    assert.deepEqual(await collectPass(context, aggregate), { deleted: 0, marked: 0 });
    for (const key of candidates) assert.notEqual(await setting.store.head(key), null, key);
    await setting.clock.advance(1);
    assert.equal((await collectPass(context, aggregate)).deleted, count);
    for (const key of candidates) assert.equal(await setting.store.head(key), null, key);
    await assertWhole(setting);
    const left = (await setting.keys(`aggregates/${aggregate}/`)).filter(
      (key) => !/\/(head|garbage|manifests\/)/.test(key),
    );
    const named = [...namedObjects(await setting.manifest())];
    assert.deepEqual(left.toSorted(), named.toSorted());
  });

  it("never touches the winning attempts, plan and resolutions of an open run, entered or not", async () => {
    const { setting, context } = await opened(4);
    const open = await setting.open("r1");
    const [winner, loser, alone] = ["1", "2", "3"].map((digit) => digit.repeat(16));
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      if (job === jobId(0)) await setting.resolve(open, job, blocks, { attempt: winner ?? "" });
      if (job === jobId(1)) await setting.resolve(open, job, blocks);
    }
    await enterPass(context, await setting.read());
    const record = (job: number, attempt = ""): string =>
      attemptKey(aggregate, open.plan, jobId(job), attempt, "record");
    for (const [job, attempt] of [
      [0, winner],
      [0, loser],
      [2, alone],
      [3, alone],
      [3, loser],
    ] as const) {
      await setting.store.put(record(job, attempt), Buffer.from("{}"));
    }
    await collectPass(context, aggregate);
    const outputs = (await marked(setting)).filter((key) => !key.includes("/manifests/"));
    assert.deepEqual(outputs, [record(0, loser)], "only what lost to another attempt of a resolved job");
    await setting.clock.advance(retainMs);
    await collectPass(context, aggregate);
    await assertWhole(setting);
  });

  it("leaves alone a run that is admitted between its look at the head and its list", async () => {
    const { setting, context } = await finished(2);
    setting.catalog = manyBlocks(6);
    let once = false;
    const store = {
      ...intercepted(setting.store, () => {}),
      list: async function* (prefix: string) {
        if (!once && prefix === `aggregates/${aggregate}/`) {
          once = true;
          await admitRun(context, specOf("r2"));
          await resolveAll(setting, "r2");
          await setting.store.put(
            attemptKey(aggregate, (await setting.open("r2")).plan, jobId(0), "f".repeat(16), "record"),
            Buffer.from("{}"),
          );
        }
        yield* setting.store.list(prefix);
      },
    };
    await collectPass(setting.context({ store }), aggregate);
    const { plan } = await setting.open("r2");
    assert.deepEqual(
      (await marked(setting)).filter((key) => key.includes(plan)),
      [],
    );
    await setting.clock.advance(retainMs);
    await collectPass(context, aggregate);
    await assertWhole(setting);
    assert.equal(await enterPass(context, await setting.read()), 4);
  });

  it("leaves alone what is committed between its list and its commit", async () => {
    const { setting, context } = await finished(2);
    setting.catalog = manyBlocks(6);
    await admitRun(context, specOf("r2"));
    await resolveAll(setting, "r2");
    const orphan = dataKey(aggregate, "0".repeat(16));
    await setting.store.put(orphan, Buffer.from("left by a compaction that died"));
    let swaps = 0;
    const store = intercepted(setting.store, async (method, key) => {
      if (method === "swap" && key === headKey(aggregate) && swaps++ === 0)
        await enterPass(context, await setting.read());
    });
    await collectPass(setting.context({ store }), aggregate);
    const named = namedObjects(await setting.manifest());
    assert.ok([...named].some((key) => key.includes("/coverage/")));
    const candidates = await marked(setting);
    assert.ok(candidates.includes(orphan));
    assert.deepEqual(
      candidates.filter((key) => named.has(key)),
      [],
    );
    await setting.clock.advance(retainMs);
    await collectPass(context, aggregate);
    await assertWhole(setting);
  });

  it("does not judge manifests that were written after its look", async () => {
    const { setting, context } = await finished(2);
    const newer: string[] = [];
    const store = intercepted(setting.store, async (method, key) => {
      if (method !== "list" || key !== `aggregates/${aggregate}/`) return;
      for (const run of ["r2", "r3"]) {
        await admitRun(context, specOf(run));
        newer.push((await setting.read()).head.manifest);
      }
    });
    await collectPass(setting.context({ store }), aggregate);
    const candidates = await marked(setting);
    assert.equal(newer.length, 2);
    for (const key of newer) assert.ok(!candidates.includes(key));
  });

  it("looks at the head again before it deletes: what came to be named stays", async () => {
    const { setting, context } = await finished(2);
    const key = coverageKey(aggregate, "a".repeat(16));
    await setting.store.put(key, Buffer.from("x"));
    await collectPass(context, aggregate);
    assert.ok((await marked(setting)).includes(key));
    await context.ledger.commit(aggregate, ({ manifest }) =>
      manifest === null
        ? { manifest: null, result: null }
        : {
            manifest: { ...manifest, coverage: [...manifest.coverage, { key, bytes: 1, entries: 1, level: 0 }] },
            result: null,
          },
    );
    await setting.clock.advance(retainMs);
    await collectPass(context, aggregate);
    assert.notEqual(await setting.store.head(key), null);
  });

  it("killed at any step leaves everything that counts, and goes on the next time", async () => {
    for (let step = 0; step < 12; step++) {
      const { setting, context } = await finished(3);
      setting.catalog = manyBlocks(5);
      await admitRun(context, specOf("r2"));
      await resolveAll(setting, "r2");
      let calls = 0;
      const store = intercepted(setting.store, (method) => {
        if (method !== "get" && calls++ === step) throw new Error("killed");
      });
      const dying = setting.context({ store });
      await collectPass(dying, aggregate).catch(() => {});
      await setting.clock.advance(retainMs);
      await collectPass(dying, aggregate).catch(() => {});
      await assertWhole(setting);
      await collectPass(context, aggregate);
      await assertWhole(setting);
      assert.equal(await enterPass(context, await setting.read()), 2, `killed at ${step}`);
      await assertWhole(setting);
    }
  });

  it("takes what a cancelled run left, segments that are entered excepted", async () => {
    const { setting, context } = await opened(3);
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      if (job !== jobId(2)) await setting.resolve(open, job, blocks);
    }
    await endRun(context, aggregate, "r1", "cancelled");
    const late = await setting.keys(resolutionsPrefix(aggregate, open.plan));
    await collectPass(context, aggregate);
    await setting.clock.advance(retainMs);
    await collectPass(context, aggregate);
    await assertWhole(setting);
    for (const key of late) assert.equal(await setting.store.head(key), null);
  });

  it("does nothing for an aggregate that is not there, or whose mark is of a newer format", async () => {
    const { setting, context } = await finished(1);
    assert.deepEqual(await collectPass(context, "none"), { deleted: 0, marked: 0 });
    await setting.store.put(garbageKey(aggregate), Buffer.from('{"format":2}'));
    await assert.rejects(collectPass(context, aggregate), { name: "UnknownFormat" });
    await assertWhole(setting);
  });
});
