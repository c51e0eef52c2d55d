/** Entering waits for compaction when it lags behind, says so once, and waits for nothing that will not become less. */
import assert from "node:assert/strict";
import { Ledger } from "../../../master/ledger/ledger.ts";
import { Master } from "../../../master/master.ts";
import { backlog, unmergedSlicesMax } from "../../../master/passes/backlog.ts";
import { levelSlicesMax, mergeSlicesMax } from "../../../master/passes/compact.ts";
import { endRun } from "../../../master/passes/close.ts";
import type { MasterContext } from "../../../master/context.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { DataSegment } from "../../../shared/formats/ledger.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { aggregate, manyBlocks, MasterSetting, specOf } from "../setting.ts";

const outputs = (count: number, partition: string, level = 0): DataSegment[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `${partition}-${level}-${i}`,
    bytes: 1,
    entries: 1,
    level,
    partitions: [partition],
  }));

async function setData(setting: MasterSetting, data: readonly DataSegment[]): Promise<void> {
  await new Ledger(setting.store, setting.random).commit(aggregate, ({ manifest }) => {
    assert.ok(manifest !== null);
    return { manifest: { ...manifest, data }, result: null };
  });
}

/** Four jobs, all resolved; `context` merges whatever it is given to nothing. */
async function resolved(): Promise<{ setting: MasterSetting; context: MasterContext; merges: () => number }> {
  const setting = new MasterSetting();
  setting.catalog = manyBlocks(4);
  let merges = 0;
  const context = setting.context();
  const { store } = setting;
  store.lend = async (key) => ({ kind: "path", path: key });
  const merging: MasterContext = {
    ...context,
    executors: {
      render: async (task) => await context.executors.render(task),
      merge: async () => {
        merges++;
        const nothing = { entries: 0, bytes: 0, rawBytes: 0, firstKey: new Uint8Array(), lastKey: new Uint8Array() };
        return { ...nothing, path: "", partitions: [], units: [], release: async () => {} };
      },
    },
  };
  await setting.submit(specOf("r1"));
  await masterOf(merging).work();
  const open = await setting.open("r1");
  for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
    await setting.resolve(open, job, blocks);
  }
  return { setting, context: merging, merges: () => merges };
}

function masterOf(context: MasterContext, only: string | null = null): Master {
  return new Master(context, { only, placeOf: (name) => ({ aggregate: name, prefix: "" }) });
}

const waits = (setting: MasterSetting): number => setting.of("entering-waits").length;

describe("the backlog of compaction", () => {
  const none: ReadonlySet<string> = new Set();

  it("is what compaction could merge: full levels of attempts' outputs, in partitions that are not stuck", () => {
    const full = outputs(unmergedSlicesMax, "a");
    assert.match(backlog({ data: full }, none) ?? "", /^20000 outputs wait/);
    assert.equal(backlog({ data: full.slice(1) }, none), null);
    assert.equal(backlog({ data: full }, new Set(["a"])), null, "what is stuck becomes no less by waiting");
    assert.equal(backlog({ data: outputs(unmergedSlicesMax, "a", 1) }, none), null);
    const thin = Array.from({ length: 5_000 }, (_, i) => outputs(levelSlicesMax(0) - 1, `p${i}`)).flat();
    assert.equal(backlog({ data: thin }, none), null, "no merge is due");
    assert.notEqual(backlog({ data: [...thin, ...full] }, none), null);
  });

  it("makes entering wait, which is said once, until it is less", async () => {
    const { setting, context } = await resolved();
    const master = masterOf(context);
    await setData(setting, outputs(unmergedSlicesMax, "20260101"));
    for (let passes = 0; passes < 3; passes++) assert.equal(await master.work(), false);
    assert.equal((await setting.open("r1")).foldedJobs, 0);
    assert.equal(waits(setting), 1);
    await setData(setting, outputs(levelSlicesMax(0), "20260101"));
    await setting.clock.advance(10_000);
    assert.equal(await master.work(), true);
    assert.equal((await setting.manifest()).closed[0]?.totals.covered, 4);
  });

  it("is merged by a master of one aggregate itself, which has no other loop for it", async () => {
    const { setting, context, merges } = await resolved();
    await setData(setting, outputs(unmergedSlicesMax, "20260101"));
    const master = masterOf(context, aggregate);
    for (let passes = 0; await master.work(); passes++) assert.ok(passes < 10);
    assert.equal(merges(), Math.ceil(unmergedSlicesMax / mergeSlicesMax));
    assert.equal((await setting.manifest()).closed[0]?.totals.covered, 4);
  });

  it("keeps nobody from ending a run with what is resolved", async () => {
    const { setting, context } = await resolved();
    await setData(setting, outputs(unmergedSlicesMax, "20260101"));
    await endRun(context, aggregate, "r1", "cancelled");
    const [closed] = (await setting.manifest()).closed;
    assert.deepEqual([closed?.state, closed?.totals.covered], ["finished", 4]);
  });

  it("makes entering wait, too, when the manifest has no room; the passes go on", async () => {
    const { setting, context } = await resolved();
    class FullLedger extends Ledger {
      override async commit<T>(): Promise<T> {
        throw new SpotfoldError("limit", "the manifest would be too large");
      }
    }
    const full = masterOf({ ...context, ledger: new FullLedger(setting.store, setting.random) });
    await full.work();
    await full.work();
    assert.deepEqual(
      setting.of("entering-waits").map(({ why }) => why),
      ["the manifest would be too large"],
    );
    await masterOf(context).work();
    assert.equal((await setting.manifest()).closed.length, 1);
  });
});
