/** The master's passes over several aggregates: what is wrong with one run or aggregate is not the others' affair. */
import assert from "node:assert/strict";
import { Ledger } from "../../master/ledger/ledger.ts";
import { Master } from "../../master/master.ts";
import { enterJobsMax } from "../../master/passes/enter.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { headKey, inboxKey, runKey } from "../../shared/names.ts";
import { readPlan } from "../../shared/plan-file.ts";
import { aggregate, blocksNamed, intercepted, manyBlocks, MasterSetting, specOf } from "./setting.ts";
import type { MasterContext } from "../../master/context.ts";

function masterOf(setting: MasterSetting, change: Partial<MasterContext> = {}, only: string | null = null): Master {
  return new Master(setting.context(change), { only, placeOf: (name) => ({ aggregate: name, prefix: `${name}/` }) });
}

/** Until nothing changes; a master that always finds something to do is a bug. */
async function workToEnd(master: Master): Promise<void> {
  for (let passes = 0; await master.work(); passes++) assert.ok(passes < 50, "the passes come to no end");
}

describe("the master", () => {
  it("takes a run from the inbox to its publication", async () => {
    const setting = new MasterSetting();
    setting.catalog = manyBlocks(12, 3);
    await setting.submit(specOf("r1"));
    const master = masterOf(setting);
    await workToEnd(master);
    const open = await setting.open("r1");
    assert.equal((await setting.jobs.counts()).visible, open.jobs);
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks);
    }
    await workToEnd(master);
    const { closed } = await setting.manifest();
    assert.deepEqual(
      closed.map(({ run, state, totals }) => ({ run, state, covered: totals.covered })),
      [{ run: "r1", state: "finished", covered: 12 }],
    );
    await master.publish(false);
    assert.equal(setting.of("published").length, 1);
    assert.notEqual(await setting.web.head(`${aggregate}/versions.json`), null);
  });

  it("comes to an end beside a run of a newer format in the inbox, and leaves it there", async () => {
    const setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a");
    await setting.store.put(runKey("newer"), Buffer.from('{"format":3}'));
    await setting.store.put(inboxKey("newer"), Buffer.from("{}"));
    await setting.submit(specOf("r1"));
    await workToEnd(masterOf(setting));
    assert.deepEqual(await setting.keys("inbox/"), [inboxKey("newer")]);
    assert.equal((await setting.open("r1")).blocks, 1);
    assert.match(setting.of("run-refused")[0]?.why ?? "", /format 3/);
  });

  it("admits others beside a run whose data cannot be read, and admits it when it can", async () => {
    const setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a");
    let denied = true;
    const context: Partial<MasterContext> = {
      blocksOf: async (spec) => {
        if (denied && spec.run === "denied") throw new SpotfoldError("access-denied", "no access to its data");
        return setting.catalog;
      },
    };
    await setting.submit(specOf("denied", { aggregate: "other" }));
    await setting.submit(specOf("r1"));
    const master = masterOf(setting, context);
    await workToEnd(master);
    assert.equal((await setting.open("r1")).blocks, 1);
    assert.deepEqual(await setting.keys("inbox/"), [inboxKey("denied")]);
    denied = false;
    await workToEnd(master);
    assert.deepEqual(await setting.keys("inbox/"), []);
  });

  it("says once why a run stays in the inbox, and again when the reason is another", async () => {
    const setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a");
    let why = "no access";
    await setting.submit(specOf("denied"));
    const blocksOf = async (): Promise<never> => {
      throw new SpotfoldError("access-denied", why);
    };
    const master = masterOf(setting, { blocksOf });
    for (let passes = 0; passes < 3; passes++) await master.work();
    why = "no such folder";
    for (let passes = 0; passes < 3; passes++) await master.work();
    assert.deepEqual(
      setting.of("run-refused").map((event) => event.why),
      ["no access", "no such folder"],
    );
  });

  it("of one aggregate leaves the others' runs in the inbox: its catalog does not know their data", async () => {
    const setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a");
    await setting.submit(specOf("r1"));
    await setting.submit(specOf("r2", { aggregate: "other" }));
    await workToEnd(masterOf(setting, {}, aggregate));
    assert.deepEqual(await setting.keys("inbox/"), [inboxKey("r2")]);
    assert.equal(await setting.store.head(headKey("other")), null);
  });

  it("goes on when a render throws, keeps the last pointer, and tries again in time", async () => {
    const setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a");
    await setting.submit(specOf("r1"));
    const context = setting.context();
    let renders = 0;
    const master = new Master(
      {
        ...context,
        executors: {
          merge: async (task) => await context.executors.merge(task),
          render: async () => {
            renders++;
            throw new SpotfoldError("analysis-failed", "render threw");
          },
        },
      },
      { only: null, placeOf: (name) => ({ aggregate: name, prefix: "" }) },
    );
    await workToEnd(master);
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks);
    }
    await workToEnd(master);
    await master.publish(false);
    await master.publish(false);
    assert.equal(renders, 1);
    assert.equal(setting.of("publish-failed").length, 1);
    await setting.clock.advance(60_000);
    await master.publish(false);
    assert.equal(renders, 2);
    await assert.rejects(master.publish(true), { code: "analysis-failed" });
  });

  it("publishes a run that closed while another publication went on", async () => {
    const setting = new MasterSetting();
    setting.catalog = blocksNamed("d=20260101/a");
    const context = setting.context();
    const master = new Master(
      {
        ...context,
        executors: {
          merge: async (task) => await context.executors.merge(task),
          render: async (task) => {
            await workToEnd(master);
            return await context.executors.render(task);
          },
        },
      },
      { only: null, placeOf: (name) => ({ aggregate: name, prefix: "" }) },
    );
    const resolveAll = async (run: string): Promise<void> => {
      const open = await setting.open(run);
      for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
        await setting.resolve(open, job, blocks);
      }
    };
    await setting.submit(specOf("r1"));
    await workToEnd(master);
    await resolveAll("r1");
    await workToEnd(master);
    setting.catalog = blocksNamed("d=20260101/a", "d=20260101/b");
    await setting.submit(specOf("r2"));
    await context.ledger.read(aggregate);
    await master.work();
    await resolveAll("r2");
    await master.publish(false);
    assert.equal((await setting.manifest()).closed.length, 2);
    await master.publish(false);
    assert.equal(setting.of("published").at(-1)?.number, (await setting.manifest()).number);
  });

  it("enters a full batch at once, and waits with a part of one up to `foldMs`", async () => {
    const setting = new MasterSetting();
    setting.catalog = manyBlocks(4);
    await setting.submit(specOf("r1"));
    const master = masterOf(setting);
    await workToEnd(master);
    const open = await setting.open("r1");
    let resolved = 0;
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks);
      if (++resolved === 1) await workToEnd(master);
      if (resolved === 2) break;
    }
    assert.equal((await setting.open("r1")).foldedJobs, 1, "the first is entered at once");
    await workToEnd(master);
    assert.equal((await setting.open("r1")).foldedJobs, 1, "the next one waits for company");
    await setting.clock.advance(5_000);
    await workToEnd(master);
    assert.equal((await setting.open("r1")).foldedJobs, 2);
  });

  it("of all aggregates ends its passes after `foldMs`, though there is more, so that it can be told to end", async () => {
    const setting = new MasterSetting();
    const jobs = 3 * enterJobsMax;
    setting.catalog = manyBlocks(jobs, 9);
    await setting.submit(specOf("r1"));
    const context = setting.context({ liveSlots: async () => jobs });
    const merging: MasterContext = {
      ...context,
      executors: {
        render: async (task) => await context.executors.render(task),
        merge: async (task) => {
          await setting.clock.advance(context.timing.foldMs / 2);
          return await context.executors.merge(task);
        },
      },
    };
    // Each commit takes half of the bound.
    const store = intercepted(setting.store, async (method, key) => {
      if (method === "swap" && key === headKey(aggregate)) await setting.clock.advance(context.timing.foldMs / 2);
    });
    const place = { only: null, placeOf: (name: string) => ({ aggregate: name, prefix: "" }) };
    const master = new Master({ ...merging, store, ledger: new Ledger(store, setting.random) }, place);
    await master.work();
    await master.work();
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks);
    }
    assert.equal(await master.work(), true);
    assert.equal((await setting.open("r1")).foldedJobs, 2 * enterJobsMax);
    assert.equal(await master.work(), true);
    assert.equal((await setting.manifest()).closed.length, 1);
    let passes = 0;
    while ((await new Master(merging, place).compact()) === "again") passes++;
    assert.equal(setting.of("compacted").filter(({ what }) => what === "data").length, 9);
    assert.ok(passes >= 4, `two merges a pass: ${passes} passes`);
    assert.equal(await new Master(merging, { ...place, only: aggregate }).compact(), undefined);
  });

  it("says once that a partition cannot be merged, and again when that changed", async () => {
    const setting = new MasterSetting();
    setting.catalog = manyBlocks(20);
    await setting.submit(specOf("r1"));
    const context = setting.context({ liveSlots: async () => 20 });
    let message: string | null = "merge threw";
    const merging: MasterContext = {
      ...context,
      executors: {
        render: async (task) => await context.executors.render(task),
        merge: async (task) => {
          if (message !== null) throw new SpotfoldError("analysis-failed", message);
          return await context.executors.merge(task);
        },
      },
    };
    const master = new Master(merging, { only: null, placeOf: (name) => ({ aggregate: name, prefix: "" }) });
    await workToEnd(master);
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks);
    }
    await workToEnd(master);
    for (const next of ["merge threw", "merge threw otherwise", "merge threw otherwise", null]) {
      message = next;
      await master.compact();
    }
    assert.deepEqual(
      setting.of("partition-stuck").map((event) => event.message),
      ["merge threw", "merge threw otherwise"],
    );
    assert.ok((await setting.manifest()).data.length < 8);
  });
});
