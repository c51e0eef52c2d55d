/** Folding: what is resolved is entered once, by however many masters, with the replies and the processes that get lost. */
import assert from "node:assert/strict";
import { admitRun } from "../../../master/passes/admit.ts";
import { closePass, endRun } from "../../../master/passes/close.ts";
import { enterJobsMax, enterPass, jobsAtOnce } from "../../../master/passes/enter.ts";
import { readCoveredBlocks } from "../../../master/coverage.ts";
import type { MasterContext } from "../../../master/context.ts";
import { encodeStored } from "../../../shared/formats/stored.ts";
import { jobId, resolutionKey, resolutionsPrefix } from "../../../shared/names.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { seededRandom } from "../../support/manual-clock.ts";
import { Ledger } from "../../../master/ledger/ledger.ts";
import { aggregate, intercepted, manyBlocks, MasterSetting, specOf, type Told } from "../setting.ts";

async function opened(blocks: number): Promise<{ setting: MasterSetting; context: MasterContext }> {
  const setting = new MasterSetting();
  setting.catalog = manyBlocks(blocks, 2);
  const context = setting.context({ liveSlots: async () => 1000 });
  await admitRun(context, specOf("r1"));
  return { setting, context };
}

async function resolveAll(setting: MasterSetting, told: (index: number) => Told = () => ({})): Promise<void> {
  const open = await setting.open("r1");
  for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
    await setting.resolve(open, job, blocks, told(Number(job)));
  }
}

/** Every block's rows, by key: more than one is a double. */
async function rows(setting: MasterSetting): Promise<string[]> {
  const { coverage } = await setting.manifest();
  const found: string[] = [];
  for (const segment of coverage) {
    for await (const { key, row } of readCoveredBlocks(setting.store, [segment])) found.push(`${key} ${row.state}`);
  }
  return found.toSorted();
}

const expected = (setting: MasterSetting): string[] => setting.catalog.map(({ key }) => `${key} covered`).toSorted();

describe("entering", () => {
  it("takes in what is resolved, in batches, and nothing a second time", async () => {
    const { setting, context } = await opened(enterJobsMax + 50);
    await resolveAll(setting);
    assert.equal(await enterPass(context, await setting.read()), enterJobsMax + 50);
    const { data, coverage, units, number } = await setting.manifest();
    assert.deepEqual([data.length, coverage.length, number], [enterJobsMax + 50, 2, 3]);
    assert.deepEqual(units, { block: 3 });
    assert.deepEqual(await rows(setting), expected(setting));
    assert.equal(await enterPass(context, await setting.read()), 0);
    assert.equal((await setting.manifest()).number, 3);
  });

  it("takes fewer jobs at once when they have many blocks", () => {
    assert.equal(jobsAtOnce({ jobs: 10, blocks: 10 }), enterJobsMax);
    assert.equal(jobsAtOnce({ jobs: 5_000, blocks: 500_000 }), 200);
    assert.equal(jobsAtOnce({ jobs: 1_000, blocks: 1_000_000 }), 20);
    assert.equal(jobsAtOnce({ jobs: 1, blocks: 1_000_000 }), 1);
    assert.equal(jobsAtOnce({ jobs: 0, blocks: 0 }), 1);
  });

  it("by several masters at once enters each job once", async () => {
    const { setting } = await opened(30);
    await resolveAll(setting);
    const masters = [1, 2, 3].map((seed) => {
      const random = seededRandom(seed * 77);
      const slow = intercepted(setting.store, async (_, key) => {
        for (let i = 0; i < (key.length + seed) % 4; i++) await Promise.resolve();
      });
      return setting.context({ store: slow, random, ledger: new Ledger(slow, random) });
    });
    const base = await setting.read();
    const entered = await Promise.all(masters.map(async (master) => await enterPass(master, base)));
    assert.equal(
      entered.reduce((sum, count) => sum + count),
      30,
    );
    assert.deepEqual(await rows(setting), expected(setting));
    assert.equal((await setting.manifest()).data.length, 30);
  });

  it("that is killed at any step is done by the next pass, with nothing entered twice", async () => {
    for (let step = 0; step < 12; step++) {
      const { setting, context } = await opened(5);
      await resolveAll(setting, (index) => (index === 0 ? { remaining: [[0]], handedOn: "interrupted" } : {}));
      let calls = 0;
      const store = intercepted(
        setting.store,
        () => {},
        (method) => {
          if (method !== "get" && calls++ === step) throw new Error("killed");
        },
      );
      const ledger = new Ledger(store, setting.random);
      await enterPass({ ...context, store, ledger }, await setting.read()).catch(() => {});
      await enterPass(context, await setting.read());
      const open = await setting.open("r1");
      assert.deepEqual([open.foldedJobs, open.successors], [5, ["000000.1"]], `killed after call ${step}`);
      assert.equal((await rows(setting)).length, 4);
      assert.equal(open.totals.covered, 4);
    }
  });

  it("follows a chain of successors to its end, then the run is complete", async () => {
    const { setting, context } = await opened(1);
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      let id = job;
      for (let depth = 0; depth < 5; depth++) {
        await setting.resolve(open, id, blocks, { remaining: [[0]], handedOn: "interrupted" });
        id += ".1";
      }
      await setting.resolve(open, id, blocks);
    }
    assert.equal(await enterPass(context, await setting.read()), 6);
    assert.equal(await closePass(context, await setting.read()), 1);
    assert.equal((await setting.manifest()).closed[0]?.state, "finished");
    assert.deepEqual(await rows(setting), expected(setting));
  });

  it("looks again at no job below the first that is open", async () => {
    const { setting, context } = await opened(40);
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      if (Number(job) < 20)
        await setting.resolve(open, job, blocks, job === jobId(3) ? { remaining: [[0]], handedOn: "interrupted" } : {});
    }
    await enterPass(context, await setting.read());
    const after = async (): Promise<string[]> => {
      const lists: string[] = [];
      const { store } = setting;
      const watched = {
        ...intercepted(store, () => {}),
        list: (prefix: string, options?: { after?: string }) => {
          if (prefix === resolutionsPrefix(aggregate, open.plan))
            lists.push((options?.after ?? "").slice(prefix.length));
          return store.list(prefix, options);
        },
      };
      await enterPass(setting.context({ store: watched }), await setting.read());
      return lists;
    };
    assert.deepEqual(await after(), ["000002~"], "a successor of 3 is open");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      if (job === jobId(3)) await setting.resolve(open, "000003.1", blocks);
    }
    await enterPass(context, await setting.read());
    assert.deepEqual(await after(), ["000019~"]);
  });

  it("takes a resolution that cannot be read for all blocks missing, loudly", async () => {
    const { setting, context } = await opened(2);
    const open = await setting.open("r1");
    await setting.store.put(resolutionKey(aggregate, open.plan, jobId(0)), Buffer.from("no JSON"));
    assert.equal(await enterPass(context, await setting.read()), 1);
    assert.match((await rows(setting)).join(), /missing$/);
    assert.equal(setting.of("resolution-invalid").length, 1);
  });

  it("leaves one of a newer format to newer masters", async () => {
    const { setting, context } = await opened(1);
    const open = await setting.open("r1");
    await setting.store.put(resolutionKey(aggregate, open.plan, jobId(0)), encodeStored({ format: 2 }));
    await assert.rejects(enterPass(context, await setting.read()), { name: "UnknownFormat" });
    assert.deepEqual(await rows(setting), []);
  });

  it("enters nothing of a run that is closed, however it is asked", async () => {
    const { setting, context } = await opened(2);
    const before = await setting.read();
    await endRun(context, aggregate, "r1", "cancelled");
    const open = before.manifest.open[0];
    assert.ok(open !== undefined);
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks);
    }
    assert.equal(await enterPass(context, before), 0);
    assert.deepEqual(await rows(setting), []);
  });
});

describe("admission", () => {
  it("leaves out what open runs hold and what is covered, whichever run comes first", async () => {
    const { setting, context } = await opened(6);
    setting.catalog = manyBlocks(9, 2);
    const second = await admitRun(context, specOf("r2"));
    assert.deepEqual(second, { admitted: true, jobs: 3, blocks: 3 });
    assert.deepEqual(await admitRun(context, specOf("r3")), { admitted: true, jobs: 0, blocks: 0 });
    await resolveAll(setting);
    await enterPass(context, await setting.read());
    await closePass(context, await setting.read());
    await endRun(context, aggregate, "r2", "cancelled");
    assert.deepEqual(await admitRun(context, specOf("r4")), { admitted: true, jobs: 3, blocks: 3 });
    for (const run of ["r1", "r2", "r3", "r4"]) {
      assert.deepEqual(await admitRun(context, specOf(run)), { admitted: "before" }, run);
    }
  });

  it("plans again when another run got in meanwhile: no block is held twice", async () => {
    const setting = new MasterSetting();
    setting.catalog = manyBlocks(6);
    const rival = setting.context({ random: seededRandom(5) });
    let once = false;
    const store = intercepted(setting.store, async (method, key) => {
      if (method !== "swap" || !key.endsWith("/head") || once) return;
      once = true;
      setting.catalog = manyBlocks(4);
      await admitRun(rival, specOf("rival"));
      setting.catalog = manyBlocks(6);
    });
    const context = setting.context({ store });
    assert.equal((await admitRun(context, specOf("r1"))).admitted, true);
    const held: string[] = [];
    for (const { plan } of (await setting.manifest()).open) {
      for await (const { blocks } of readPlan(setting.store, aggregate, plan))
        held.push(...blocks.map(({ key }) => key));
    }
    assert.deepEqual(held.toSorted(), setting.catalog.map(({ key }) => key).toSorted());
    assert.deepEqual([(await setting.open("rival")).blocks, (await setting.open("r1")).blocks], [4, 2]);
  });
});
