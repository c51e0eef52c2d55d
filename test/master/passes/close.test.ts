/** Ending and holding runs: complete, expired, cancelled, failing; and what races with it. */
import assert from "node:assert/strict";
import { admitRun } from "../../../master/passes/admit.ts";
import { closePass, endRun, failedJobsMin, failedJobsShare } from "../../../master/passes/close.ts";
import { enterPass } from "../../../master/passes/enter.ts";
import type { MasterContext } from "../../../master/context.ts";
import type { OpenRun } from "../../../shared/formats/ledger.ts";
import { holdSchema, type Hold } from "../../../shared/formats/hold.ts";
import { encodeStored, parseStored } from "../../../shared/formats/stored.ts";
import { headKey, holdKey, jobId } from "../../../shared/names.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { readAll } from "../../../shared/read-all.ts";
import { aggregate, intercepted, manyBlocks, MasterSetting, specOf } from "../setting.ts";

const hourMs = 3_600_000;

async function opened(
  blocks: number,
  deadlineMs = hourMs,
): Promise<{ setting: MasterSetting; context: MasterContext }> {
  const setting = new MasterSetting();
  setting.catalog = manyBlocks(blocks);
  const context = setting.context({ liveSlots: async () => 200 });
  await admitRun(context, specOf("r1", { deadlineMs }));
  return { setting, context };
}

async function holdOf(setting: MasterSetting): Promise<Hold | null> {
  const blob = await readAll(setting.store, holdKey("r1"));
  return blob === null ? null : parseStored("hold", blob.bytes, holdSchema);
}

const hold = (change: Partial<Hold>): Hold => ({
  format: 1,
  run: "r1",
  kind: "environment",
  what: "",
  where: "",
  hint: "",
  since: 0,
  until: 0,
  times: 1,
  heldMs: 0,
  ...change,
});

async function putHold(setting: MasterSetting, change: Partial<Hold>): Promise<void> {
  await setting.store.put(holdKey("r1"), encodeStored(hold(change)));
}

/** Resolves jobs of the run; those of `failed` hand on their only block to themselves because of code. */
async function resolveJobs(setting: MasterSetting, jobs: number, failed: number): Promise<void> {
  const open = await setting.open("r1");
  for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
    const index = Number(job);
    if (index >= jobs) return;
    await setting.resolve(open, job, blocks, index < failed ? { remaining: [[0]], handedOn: "code" } : {});
  }
}

describe("closing a run", () => {
  it("enters what is resolved before the deadline closes it, and gives back the rest", async () => {
    const { setting, context } = await opened(3);
    await resolveJobs(setting, 2, 0);
    await setting.clock.advance(hourMs + 1);
    assert.equal(await closePass(context, await setting.read()), 1);
    const { closed, open } = await setting.manifest();
    assert.deepEqual(open, []);
    assert.deepEqual(
      closed.map(({ state, blocks, totals }) => ({ state, blocks, covered: totals.covered })),
      [{ state: "expired", blocks: 3, covered: 2 }],
    );
    assert.equal((await holdOf(setting))?.kind, "closed");
  });

  it("is finished, not expired, when all was resolved while the master was away", async () => {
    const { setting, context } = await opened(2);
    await resolveJobs(setting, 2, 0);
    await setting.clock.advance(2 * hourMs);
    await closePass(context, await setting.read());
    assert.equal((await setting.manifest()).closed[0]?.state, "finished");
  });

  it("waits for the last millisecond of the deadline", async () => {
    const { setting, context } = await opened(1);
    await setting.clock.advance(hourMs);
    assert.equal(await closePass(context, await setting.read()), 0);
    await setting.clock.advance(1);
    assert.equal(await closePass(context, await setting.read()), 1);
  });

  it("stands still while the run is held, and is later by as much", async () => {
    for (const kind of ["bundle", "failures"] as const) {
      const { setting, context } = await opened(1);
      await putHold(setting, { kind });
      await setting.clock.advance(100 * hourMs);
      assert.equal(await closePass(context, await setting.read()), 0, kind);
    }
    const { setting, context } = await opened(1);
    const until = setting.clock.now() + 10_000;
    await putHold(setting, { until, heldMs: 10_000 });
    await setting.clock.advance(hourMs + 10_000);
    assert.equal(await closePass(context, await setting.read()), 0);
    await setting.clock.advance(1);
    assert.equal(await closePass(context, await setting.read()), 1);
  });

  it("closes what is complete as finished, and tells nobody", async () => {
    const { setting, context } = await opened(1);
    await resolveJobs(setting, 1, 0);
    assert.equal(await endRun(context, aggregate, "unknown", "cancelled"), false);
    await enterPass(context, await setting.read());
    assert.equal(await closePass(context, await setting.read()), 1);
    assert.equal((await setting.manifest()).closed[0]?.state, "finished");
    assert.equal(await holdOf(setting), null);
  });
});

describe("cancelling a run", () => {
  it("keeps what is resolved and tells the workers", async () => {
    const { setting, context } = await opened(3);
    await resolveJobs(setting, 1, 0);
    assert.equal(await endRun(context, aggregate, "r1", "cancelled"), true);
    const { closed } = await setting.manifest();
    assert.deepEqual([closed[0]?.state, closed[0]?.totals.covered], ["cancelled", 1]);
    assert.equal((await holdOf(setting))?.kind, "closed");
    assert.equal(await endRun(context, aggregate, "r1", "cancelled"), false);
  });

  it("of a run that was never admitted leaves no hold behind", async () => {
    const { setting, context } = await opened(1);
    assert.equal(await endRun(context, aggregate, "never", "cancelled"), false);
    assert.equal(await setting.store.head(holdKey("never")), null);
  });

  it("tells the workers when it is said again after it died half-way", async () => {
    const { setting, context } = await opened(1);
    const store = intercepted(setting.store, (_, key) => {
      if (key === holdKey("r1")) throw new Error("killed");
    });
    await endRun(setting.context({ store }), aggregate, "r1", "cancelled");
    assert.equal((await setting.manifest()).closed.length, 1);
    assert.equal(await holdOf(setting), null);
    await endRun(context, aggregate, "r1", "cancelled");
    assert.equal((await holdOf(setting))?.kind, "closed");
  });

  it("tells the workers although one of them holds the run in the same moment", async () => {
    const { setting } = await opened(1);
    let once = false;
    const store = intercepted(setting.store, async (method, key) => {
      if (method !== "swap" || key !== holdKey("r1") || once) return;
      once = true;
      await putHold(setting, { until: setting.clock.now() + 10_000 });
    });
    await endRun(setting.context({ store }), aggregate, "r1", "cancelled");
    assert.equal((await holdOf(setting))?.kind, "closed");
  });

  it("does not enter what is resolved after it", async () => {
    const { setting, context } = await opened(2);
    const open = await setting.open("r1");
    await endRun(context, aggregate, "r1", "cancelled");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks);
    }
    await endRun(context, aggregate, "r1", "cancelled");
    const { data, coverage } = await setting.manifest();
    assert.deepEqual([data, coverage], [[], []]);
  });
});

describe("holding a run whose jobs fail", () => {
  /** A run of which so many jobs were entered, so many of them failed. */
  async function failing(entered: number, failed: number): Promise<{ setting: MasterSetting; context: MasterContext }> {
    const { setting, context } = await opened(500);
    await context.ledger.commit(aggregate, ({ manifest }) => {
      const open = manifest?.open.map((run): OpenRun => ({ ...run, foldedJobs: entered, failedJobs: failed })) ?? [];
      return manifest === null ? { manifest: null, result: null } : { manifest: { ...manifest, open }, result: null };
    });
    return { setting, context };
  }

  const enough = failedJobsMin / failedJobsShare;
  for (const [entered, failed, held] of [
    [failedJobsMin, failedJobsMin - 1, false],
    [failedJobsMin, failedJobsMin, true],
    [enough, failedJobsMin, true],
    [enough + 1, failedJobsMin, false],
  ] as const) {
    it(`${failed} of ${entered} failed: ${held ? "held" : "goes on"}`, async () => {
      const { setting, context } = await failing(entered, failed);
      await closePass(context, await setting.read());
      assert.equal((await holdOf(setting))?.kind, held ? "failures" : undefined);
      assert.equal(setting.of("run-held").length, held ? 1 : 0);
      await closePass(context, await setting.read());
      assert.equal(setting.of("run-held").length, held ? 1 : 0, "said once");
    });
  }

  it("counts jobs that handed on because of themselves, not those that were interrupted", async () => {
    const { setting, context } = await opened(2);
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      await setting.resolve(open, job, blocks, {
        remaining: [[0]],
        handedOn: job === jobId(0) ? "interrupted" : "out-of-memory",
      });
    }
    await enterPass(context, await setting.read());
    assert.equal((await setting.open("r1")).failedJobs, 1);
  });

  it("does not take the place of a hold that says that the run was cancelled just then", async () => {
    const { setting } = await failing(failedJobsMin, failedJobsMin);
    const base = await setting.read();
    let once = false;
    const store = intercepted(setting.store, async (method, key) => {
      if (once || key !== holdKey("r1") || method === "get") return;
      once = true;
      await endRun(setting.context(), aggregate, "r1", "cancelled");
    });
    await closePass(setting.context({ store }), base);
    assert.equal((await holdOf(setting))?.kind, "closed");
    assert.notEqual(await setting.store.head(headKey(aggregate)), null);
  });
});
