/** A partition whose merge throws: its pile has a limit, its runs are held beyond it, and all else goes on. */
import assert from "node:assert/strict";
import { Ledger } from "../../../master/ledger/ledger.ts";
import { Master } from "../../../master/master.ts";
import { stuckSlicesMax } from "../../../master/passes/backlog.ts";
import { compactPass } from "../../../master/passes/compact.ts";
import { fullPartitions, stuckTriesMin, type Stuck } from "../../../master/passes/stuck.ts";
import type { MasterContext } from "../../../master/context.ts";
import { SpotfoldError, type ErrorCode } from "../../../shared/errors.ts";
import { holdSchema, type Hold } from "../../../shared/formats/hold.ts";
import type { DataSegment } from "../../../shared/formats/ledger.ts";
import { parseStored } from "../../../shared/formats/stored.ts";
import { holdKey, jobId } from "../../../shared/names.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { readAll } from "../../../shared/read-all.ts";
import { aggregate, blocksNamed, MasterSetting, specOf } from "../setting.ts";

const hourMs = 3_600_000;
const bad = "20260101";

const pile = (count: number): DataSegment[] =>
  Array.from({ length: count }, (_, i) => ({ key: `s${i}`, bytes: 1, entries: 1, level: 0, partitions: [bad] }));

async function setData(setting: MasterSetting, data: readonly DataSegment[]): Promise<void> {
  await new Ledger(setting.store, setting.random).commit(aggregate, ({ manifest }) => {
    assert.ok(manifest !== null);
    return { manifest: { ...manifest, data }, result: null };
  });
}

async function holdOf(setting: MasterSetting, run: string): Promise<Hold | null> {
  const blob = await readAll(setting.store, holdKey(run));
  return blob === null ? null : parseStored("hold", blob.bytes, holdSchema);
}

/** Two open runs, `feeds` with a block in the bad partition and one in another, `other` with none in it. */
class Piled {
  readonly setting = new MasterSetting();
  /** What merging throws. */
  fault: SpotfoldError | null = new SpotfoldError("analysis-failed", "merge threw");
  readonly context: MasterContext;
  readonly master: Master;

  constructor() {
    const { setting } = this;
    const context = setting.context({ liveSlots: async () => 9 });
    setting.store.lend = async (key) => ({ kind: "path", path: key });
    const nothing = { entries: 0, bytes: 0, rawBytes: 0, firstKey: new Uint8Array(), lastKey: new Uint8Array() };
    this.context = {
      ...context,
      blocksOf: async ({ run }) => blocksNamed("d=20260102/b", ...(run === "feeds" ? [`d=${bad}/a`] : [])),
      executors: {
        render: async (task) => await context.executors.render(task),
        merge: async () => {
          if (this.fault !== null) throw this.fault;
          return { ...nothing, path: "", partitions: [], units: [], release: async () => {} };
        },
      },
    };
    this.master = this.newMaster();
  }

  newMaster(): Master {
    return new Master(this.context, { only: null, placeOf: (name) => ({ aggregate: name, prefix: "" }) });
  }

  async open(slices = stuckSlicesMax): Promise<this> {
    const { setting } = this;
    await setting.submit(specOf("feeds", { deadlineMs: hourMs }));
    await setting.submit(specOf("other", { dataset: { ...specOf("").dataset, name: "more" } }));
    await this.master.work();
    await setData(setting, pile(slices));
    return this;
  }

  async compact(times: number): Promise<void> {
    for (let i = 0; i < times; i++) await this.master.compact();
    await this.master.work();
  }
}

describe("a partition that cannot be merged", () => {
  it("is full when so many of its outputs wait and merging failed several times in a row", () => {
    const stuck = (tries: number): Map<string, Stuck> => new Map([[bad, { message: "m", tries }]]);
    const stuckOnes = (slices: number, tries: number): string[] => [
      ...fullPartitions({ data: pile(slices) }, stuck(tries)).stuck.keys(),
    ];
    assert.deepEqual(stuckOnes(stuckSlicesMax, stuckTriesMin), [bad]);
    assert.deepEqual(stuckOnes(stuckSlicesMax - 1, stuckTriesMin), []);
    assert.deepEqual(stuckOnes(stuckSlicesMax, stuckTriesMin - 1), []);
    assert.deepEqual([...fullPartitions({ data: pile(stuckSlicesMax) }, new Map()).full], [bad]);
  });

  it("holds the run that feeds it, which stops its deadline, and no other", async () => {
    const piled = await new Piled().open();
    const { setting } = piled;
    await piled.compact(stuckTriesMin - 1);
    assert.equal(await holdOf(setting, "feeds"), null);
    await piled.compact(1);
    const hold = await holdOf(setting, "feeds");
    assert.equal(hold?.kind, "failures");
    assert.match(hold.what, /^partition "20260101" of agg cannot be merged: merge threw$/);
    assert.match(hold.hint, /submit it into agg again/);
    assert.equal(await holdOf(setting, "other"), null);
    assert.equal(setting.of("partition-stuck").length, 1);
    await setting.clock.advance(2 * hourMs);
    for (let passes = 0; passes < 3; passes++) await piled.master.work();
    assert.equal((await setting.open("feeds")).run, "feeds");
    assert.equal(setting.of("run-held").length, 1);
  });

  it("lets the run go on when it was merged after all, with as long a deadline as before, whichever master sees it", async () => {
    const piled = await new Piled().open();
    const { setting } = piled;
    await piled.compact(stuckTriesMin);
    await setting.clock.advance(2 * hourMs);
    await piled.newMaster().work();
    assert.equal((await holdOf(setting, "feeds"))?.kind, "failures", "it is full still, who knows why");
    piled.fault = null;
    await piled.newMaster().compact();
    await piled.newMaster().work();
    const hold = await holdOf(setting, "feeds");
    assert.deepEqual([hold?.kind, hold?.heldMs], ["none", 2 * hourMs]);
    assert.equal((await setting.open("feeds")).run, "feeds");
    await setting.clock.advance(2 * hourMs);
    await piled.master.work();
    assert.equal((await setting.manifest()).closed[0]?.state, "expired");
  });

  it("holds no run whose blocks of it are entered already", async () => {
    const piled = await new Piled().open();
    const { setting } = piled;
    const open = await setting.open("feeds");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      if (blocks.some(({ partition }) => partition === bad)) {
        assert.equal(job, jobId(0));
        await setting.resolve(open, job, blocks);
      }
    }
    await setting.clock.advance(60_000);
    await piled.master.work();
    assert.equal((await setting.open("feeds")).foldedJobs, 1);
    await piled.compact(stuckTriesMin);
    assert.equal(await holdOf(setting, "feeds"), null);
  });

  for (const [code, isStuck] of [
    ["analysis-failed", true],
    ["corrupt", true],
    ["store-unavailable", false],
    ["disk-full", false],
  ] as const satisfies readonly (readonly [ErrorCode, boolean])[]) {
    it(`is ${isStuck ? "" : "not "}stuck by ${code}${isStuck ? "" : ": that fails the pass, which is tried again"}`, async () => {
      const piled = await new Piled().open(8);
      piled.fault = new SpotfoldError(code, "it failed");
      if (isStuck) await compactPass(piled.context, aggregate);
      else await assert.rejects(compactPass(piled.context, aggregate), { code });
      assert.equal(piled.setting.of("partition-stuck").length, isStuck ? 1 : 0);
    });
  }
});
