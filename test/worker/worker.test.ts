/** A worker's life: it works, drains, and ends by itself when its machine or its version is of no use. */
import assert from "node:assert/strict";
import type { Fault, JobOutcome } from "../../executor/types.ts";
import type { InterruptionSource } from "../../shared/ports/interruption.ts";
import { workerStatusSchema, type WorkerStatus } from "../../shared/formats/worker-status.ts";
import { parseStored } from "../../shared/formats/stored.ts";
import { liveWorkerIds } from "../../shared/live-workers.ts";
import { jobId, resolutionsPrefix, workerKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import { workerRules } from "../../worker/rules.ts";
import { writesMax } from "../../worker/status.ts";
import { failuresInRowMax, newerInRowMax, Worker, type WorkerEnd } from "../../worker/worker.ts";
import { intercepted, specOf } from "../master/setting.ts";
import { aggregate, allCounted, blocksOf, messageOf, plan, WorkerSetting } from "./setting.ts";

async function withJobs(count: number): Promise<WorkerSetting> {
  const setting = new WorkerSetting();
  await setting.submit();
  await setting.jobs.send(
    Array.from({ length: count }, (_, i) => ({ body: JSON.stringify(messageOf(blocksOf(1), { job: jobId(i) })) })),
  );
  return setting;
}

const failedBy = (cause: Fault["cause"]): JobOutcome => ({
  reports: [],
  faults: [],
  ended: { cause, reason: cause, message: cause },
  segment: null,
  log: new Uint8Array(),
});

async function statusOf(setting: WorkerSetting): Promise<WorkerStatus> {
  const blob = await readAll(setting.store, workerKey("w1"));
  return parseStored("a status", blob?.bytes ?? "", workerStatusSchema);
}

/** Its end, within so much time. */
async function endOf(setting: WorkerSetting, worker: Worker, withinMs: number): Promise<WorkerEnd | "works"> {
  let end: WorkerEnd | "works" = "works";
  const running = worker.run().then((ended) => (end = ended));
  await setting.clock.advance(withinMs);
  const found: WorkerEnd | "works" = end;
  worker.drain("the test is over");
  await setting.clock.advance(1_000);
  await running;
  assert.equal(setting.clock.sleeping, 0);
  return found;
}

describe("a worker", () => {
  it("works through the queue, as many at once as it has slots, and says what it does", async () => {
    const setting = await withJobs(7);
    let now = 0;
    let most = 0;
    setting.run = async (task) => {
      most = Math.max(most, ++now);
      await setting.clock.sleep(10_000);
      now--;
      return allCounted(task.blocks.length);
    };
    const worker = new Worker(setting.context());
    const running = worker.run();
    await setting.clock.advance(6_000);
    assert.equal((await statusOf(setting)).jobs.length, 2);
    assert.ok((await statusOf(setting)).jobs.every((job) => job.startsWith(`${plan}/0000`)));
    assert.equal((await statusOf(setting)).ended, undefined);
    await setting.clock.advance(60_000);
    worker.drain("enough");
    await setting.clock.settle();
    assert.deepEqual(await running, { how: "drained" });
    assert.equal(most, 2);
    const { jobs, resolved, failed, ended } = await statusOf(setting);
    assert.deepEqual([jobs, resolved, failed, ended], [[], 7, 0, true]);
    assert.deepEqual(await setting.jobs.counts(), { visible: 0, leased: 0, delayed: 0 });
  });

  it("claims its first job before any time passes, and within a second one that comes while it waits", async () => {
    const setting = await withJobs(1);
    // Nobody else to ask first: neither status, nor heartbeat, nor an idle wait comes before the first lease.
    const worker = new Worker(setting.context({ slots: 1 }));
    const running = worker.run();
    await setting.clock.advance(0);
    assert.equal(setting.tasks.length, 1);
    await setting.clock.advance(30_000);
    await setting.jobs.send([{ body: JSON.stringify(messageOf(blocksOf(1), { job: jobId(1) })) }]);
    await setting.clock.advance(1_000);
    assert.equal(setting.tasks.length, 2);
    worker.drain("enough");
    await setting.clock.advance(1_000);
    assert.deepEqual(await running, { how: "drained" });
  });

  it("begins a job beside one whose blocks are read, at most one for each slot, and says so", async () => {
    for (const slots of [1, 2]) {
      const setting = await withJobs(12);
      let [reading, draining, mostRead, most] = [0, 0, 0, 0];
      const see = (): void =>
        void ([mostRead, most] = [Math.max(mostRead, reading), Math.max(most, reading + draining)]);
      setting.run = async (task, hooks) => {
        reading++;
        see();
        await setting.clock.sleep(1_000);
        reading--;
        draining++;
        hooks.read?.();
        // Longer than the next one is read: it must not make room for a third.
        await setting.clock.sleep(5_000);
        draining--;
        return allCounted(task.blocks.length);
      };
      const worker = new Worker(setting.context({ slots }));
      const running = worker.run();
      await setting.clock.advance(5_500);
      const { jobs, draining: drains = [] } = await statusOf(setting);
      // The second of each slot is read by then, too.
      assert.deepEqual([jobs.length, drains.length], [2 * slots, 2 * slots]);
      assert.ok(drains.every((job) => jobs.includes(job)));
      await setting.clock.advance(60_000);
      worker.drain("enough");
      await setting.clock.advance(1_000);
      assert.deepEqual(await running, { how: "drained" });
      assert.deepEqual([mostRead, most, (await statusOf(setting)).resolved], [slots, 2 * slots, 12]);
      assert.deepEqual((await statusOf(setting)).draining, []);
    }
  });

  it("begins nothing beside a job that has the worker to itself", async () => {
    const setting = await withJobs(2);
    let heard = 0;
    setting.run = (task, hooks) => {
      if (hooks.read !== undefined) heard++;
      return allCounted(task.blocks.length);
    };
    const alone = { do: "run", memoryFactor: 2, exclusive: true } as const;
    const worker = new Worker(setting.context({ slots: 1, rules: { ...workerRules, decide: () => alone } }));
    await endOf(setting, worker, 10_000);
    assert.deepEqual([heard, (await statusOf(setting)).resolved], [0, 2]);
  });

  it("leases no more than its children are ready for, and none while they are not", async () => {
    const setting = await withJobs(4);
    const asked: number[] = [];
    const able: number[] = [];
    const context = setting.context();
    const { runner } = context;
    const lease = setting.jobs.lease.bind(setting.jobs);
    setting.jobs.lease = async (most, options) => {
      able.push(most);
      return await lease(most, options);
    };
    const ready = async (wanted: number): Promise<number> => {
      asked.push(wanted);
      await setting.clock.sleep(1_000);
      return 1;
    };
    const worker = new Worker({ ...context, runner: { ...runner, ready } });
    const running = worker.run();
    await setting.clock.advance(900);
    assert.deepEqual([asked, able], [[2], []]);
    await setting.clock.advance(30_000);
    worker.drain("enough");
    await setting.clock.advance(1_000);
    assert.deepEqual(await running, { how: "drained" });
    assert.ok(asked.every((wanted) => wanted === 1 || wanted === 2));
    assert.ok(able.every((most) => most === 1));
    assert.equal((await statusOf(setting)).resolved, 4);
  });

  it("writes its status six times in thirty seconds at most, however short its jobs, and last that it has ended", async () => {
    const setting = await withJobs(200);
    setting.run = async (task) => {
      await setting.clock.sleep(500);
      return allCounted(task.blocks.length);
    };
    const written: number[] = [];
    const store = intercepted(setting.store, (method, key) => {
      if (method === "put" && key === workerKey("w1")) written.push(setting.clock.monotonic());
    });
    const worker = new Worker(setting.context({ store }));
    const running = worker.run();
    await setting.clock.advance(60_000);
    worker.drain("enough");
    await setting.clock.settle();
    assert.deepEqual(await running, { how: "drained" });
    assert.ok(written.length > 10 && written.length <= 2 * writesMax + 2, `${written.length} writes in a minute`);
    assert.equal((await statusOf(setting)).ended, true);
    assert.ok((await statusOf(setting)).resolved > 100);
  });

  it("finishes a short run beside another one's backlog in about its own time", async () => {
    const setting = new WorkerSetting();
    await setting.submit();
    await setting.submit(specOf("r2"));
    const planOf = (run: string): string => `${run}.0123456789ab`;
    const send = async (run: string, count: number): Promise<void> => {
      const jobs = Array.from({ length: count }, (_, i) =>
        messageOf(blocksOf(1), { run, plan: planOf(run), job: jobId(i) }),
      );
      await setting.jobs.send(jobs.map((job) => ({ body: JSON.stringify(job), group: run })));
    };
    await send("r1", 3_000);
    setting.run = async (task) => {
      await setting.clock.sleep(1_000);
      return allCounted(task.blocks.length);
    };
    const worker = new Worker(setting.context());
    const running = worker.run();
    await setting.clock.advance(1_500);
    await send("r2", 10);
    await setting.clock.advance(12_500);
    const resolved: string[] = [];
    for await (const page of setting.store.list(resolutionsPrefix(aggregate, planOf("r2")))) {
      resolved.push(...page.blobs.map(({ key }) => key));
    }
    assert.equal(resolved.length, 10, "of two slots, one is its");
    worker.drain("enough");
    await setting.clock.advance(1_000);
    await running;
  });

  it("leases nothing after a notice, and ends when its jobs have", async () => {
    const setting = await withJobs(5);
    let notice: (interruption: { reason: string; inMs: number }) => void = () => {};
    const source: InterruptionSource = {
      next: async (signal) =>
        await new Promise((resolve) => {
          notice = resolve;
          signal.addEventListener("abort", () => resolve(null), { once: true });
        }),
    };
    setting.run = async (_, { stop }) => {
      await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
      return failedBy("interrupted");
    };
    const running = new Worker(setting.context()).run(source);
    await setting.clock.advance(500);
    notice({ reason: "spot notice", inMs: 120_000 });
    await setting.clock.advance(100);
    assert.deepEqual(await running, { how: "drained" });
    assert.equal(setting.tasks.length, 2);
    assert.equal((await setting.jobs.counts()).leased, 0);
  });

  for (const cause of ["infrastructure", "timeout"] as const) {
    it(`gives up after ${failuresInRowMax} failures in a row by ${cause}, and says why`, async () => {
      const setting = await withJobs(20);
      // Where it is alone, its second time-out would settle the job.
      await setting.store.put(workerKey("another"), Buffer.from("{}"));
      setting.run = () => failedBy(cause);
      const end = await endOf(setting, new Worker(setting.context({ slots: 1 })), 10_000);
      assert.ok(end !== "works" && end.how === "gave-up");
      assert.equal(setting.tasks.length, failuresInRowMax);
      assert.equal(setting.of("worker-gives-up").length, 1);
      assert.deepEqual(await liveWorkerIds(setting.store, 30_000), ["another"]);
    });
  }

  it("goes on when a success lies between, and never minds damaged data or faulty code", async () => {
    const setting = await withJobs(20);
    let task = 0;
    setting.run = () => {
      task++;
      return task % 3 === 0 ? allCounted(1) : failedBy("infrastructure");
    };
    assert.equal(await endOf(setting, new Worker(setting.context({ slots: 1 })), 10_000), "works");
    for (const cause of ["code", "bad-input", "out-of-memory", "environment"] as const) {
      const bad = await withJobs(20);
      bad.run = () => failedBy(cause);
      assert.equal(await endOf(bad, new Worker(bad.context({ slots: 1 })), 10_000), "works", cause);
    }
  });

  it("does not take a lost lease for a success: it gives up after as many failures beside it", async () => {
    const setting = await withJobs(20);
    let task = 0;
    setting.run = async (_, { stop }) => {
      if (++task !== failuresInRowMax) return failedBy("infrastructure");
      await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
      return failedBy("lost-lease");
    };
    Object.assign(setting.jobs, { extend: async () => await Promise.reject(new Error("no heartbeat gets through")) });
    const end = await endOf(setting, new Worker(setting.context({ slots: 1 })), 300_000);
    assert.ok(end !== "works" && end.how === "gave-up");
    const ends = setting.of("lease-ended").map(({ how }) => how);
    const failures = Array.from({ length: failuresInRowMax - 1 }, () => "failed-here");
    assert.deepEqual(ends, [...failures, "lease-lost", "failed-here"]);
  });

  it("ends when it sees only messages of a newer version, not when one lies between", async () => {
    const setting = new WorkerSetting();
    await setting.jobs.send(Array.from({ length: newerInRowMax }, () => ({ body: '{"format":2}' })));
    const end = await endOf(setting, new Worker(setting.context({ slots: 1 })), 10_000);
    assert.ok(end !== "works" && end.how === "gave-up");
    assert.match(end.why, /newer version/);
    const fewer = new WorkerSetting();
    await fewer.jobs.send(Array.from({ length: newerInRowMax - 1 }, () => ({ body: '{"format":2}' })));
    assert.equal(await endOf(fewer, new Worker(fewer.context({ slots: 1 })), 10_000), "works");
  });

  it("asks a queue that fails again, after a while", async () => {
    const setting = await withJobs(1);
    let fails = 3;
    const lease = setting.jobs.lease.bind(setting.jobs);
    Object.assign(setting.jobs, {
      lease: async (...args: Parameters<typeof lease>) => {
        if (fails-- > 0) throw new Error("no queue");
        return await lease(...args);
      },
    });
    const end = await endOf(setting, new Worker(setting.context()), 10_000);
    assert.equal(end, "works");
    assert.deepEqual(
      setting.of("queue-failed").map(({ failures }) => failures),
      [1, 2],
    );
    assert.equal(setting.tasks.length, 1);
  });
});
