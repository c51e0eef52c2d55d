/** A worker whose store or queue is away: it waits, says so once, and does not take itself for a bad machine. */
import assert from "node:assert/strict";
import type { Fault, JobOutcome } from "../../executor/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { jobId } from "../../shared/names.ts";
import { Worker } from "../../worker/worker.ts";
import { intercepted } from "../master/setting.ts";
import { allCounted, blocksOf, messageOf, WorkerSetting } from "./setting.ts";

const jobs = 6;
const slots = 4;

async function withJobs(count: number = jobs): Promise<WorkerSetting> {
  const setting = new WorkerSetting();
  await setting.submit();
  const bodies = Array.from({ length: count }, (_, i) => messageOf(blocksOf(1), { job: jobId(i) }));
  await setting.jobs.send(bodies.map((body) => ({ body: JSON.stringify(body) })));
  return setting;
}

const unreachable = (): SpotfoldError =>
  new SpotfoldError("store-unavailable", "The store cannot be reached.", {
    retryable: true,
    hint: "Check the network.",
  });

const fault: Fault = { cause: "infrastructure", reason: "fetch", message: "the connection was refused" };
const failed: JobOutcome = { reports: [], faults: [], ended: fault, segment: null, log: new Uint8Array() };

describe("a worker that does not reach", () => {
  it("the store ends no more than the jobs in hand, leases nothing meanwhile, and works on when it is back", async () => {
    const setting = await withJobs();
    let away = false;
    const store = intercepted(setting.store, () => {
      if (away) throw unreachable();
    });
    setting.run = async (task) => {
      await setting.clock.sleep(1_000);
      return away ? failed : allCounted(task.blocks.length);
    };
    const worker = new Worker(setting.context({ slots, store }));
    const running = worker.run();
    await setting.clock.advance(500);
    away = true;
    await setting.clock.advance(180_000);
    assert.equal(setting.tasks.length, slots, "what is visible is left to others");
    away = false;
    await setting.clock.advance(400_000);
    for (let i = 0; i < jobs; i++) assert.ok((await setting.resolution(jobId(i))) !== null, jobId(i));
    assert.deepEqual(setting.of("worker-gives-up"), []);
    assert.deepEqual(
      setting.of("store-away").map(({ message, hint }) => [message, hint]),
      [["The store cannot be reached.", "Check the network."]],
    );
    const [back, ...more] = setting.of("store-back");
    assert.deepEqual(more, []);
    assert.ok(back !== undefined && back.awayMs >= 170_000 && back.awayMs <= 210_000, JSON.stringify(back));
    assert.deepEqual(setting.of("status-failed"), []);
    assert.equal(setting.of("lease-ended").filter(({ how }) => how === "away").length, slots);
    worker.drain("the test is over");
    await setting.clock.advance(1_000);
    assert.deepEqual(await running, { how: "drained" });
  });

  it("the store for a moment goes on at once", async () => {
    const setting = await withJobs();
    let fails = 1;
    const store = intercepted(setting.store, (method, key) => {
      if (method === "get" && key.includes("run.json") && fails-- > 0) throw unreachable();
    });
    const worker = new Worker(setting.context({ slots: 1, store }));
    const running = worker.run();
    await setting.clock.advance(60_000);
    for (let i = 0; i < jobs; i++) assert.ok((await setting.resolution(jobId(i))) !== null, jobId(i));
    assert.deepEqual([...setting.of("store-away"), ...setting.of("store-back")], []);
    worker.drain("the test is over");
    await setting.clock.advance(1_000);
    await running;
  });

  it("its rights to the store leaves the queue to others, and works on when it has them", async () => {
    const many = 500;
    const setting = await withJobs(many);
    let denied = true;
    const store = intercepted(setting.store, () => {
      if (denied) throw new SpotfoldError("access-denied", "w1 may not s3:GetObject");
    });
    const worker = new Worker(setting.context({ slots, store }));
    const running = worker.run();
    await setting.clock.advance(180_000);
    const taken = setting.of("lease-ended");
    assert.deepEqual([...new Set(taken.map(({ how }) => how))], ["refused"]);
    assert.ok(taken.length <= 60, `${taken.length} leases in 3 minutes`);
    assert.ok((await setting.jobs.counts()).visible >= many - 60, "the rest is there for others");
    denied = false;
    await setting.clock.advance(60_000);
    assert.ok(setting.of("lease-ended").filter(({ how }) => how === "resolved").length >= many - 60);
    worker.drain("the test is over");
    await setting.clock.advance(1_000);
    assert.deepEqual(await running, { how: "drained" });
  });

  it("the queue asks and says so more and more seldom, and says how long that was", async () => {
    const setting = await withJobs();
    let away = true;
    const lease = setting.jobs.lease.bind(setting.jobs);
    Object.assign(setting.jobs, {
      lease: async (...args: Parameters<typeof lease>) => {
        if (away) throw unreachable();
        return await lease(...args);
      },
    });
    const worker = new Worker(setting.context());
    const running = worker.run();
    await setting.clock.advance(180_000);
    away = false;
    await setting.clock.advance(60_000);
    assert.equal(setting.tasks.length, jobs);
    const said = setting.of("queue-failed");
    assert.deepEqual(
      said.map(({ what, hint, failures }) => [what, hint, failures]),
      [1, 2, 4, 8].map((failures) => ["lease", "Check the network.", failures]),
    );
    const [back, ...more] = setting.of("queue-back");
    assert.deepEqual(more, []);
    assert.ok(back !== undefined && back.failures >= 8 && back.failures <= 12, `${back?.failures}`);
    assert.ok(back.awayMs >= 150_000 && back.awayMs <= 215_000, `${back.awayMs}`);
    worker.drain("the test is over");
    await setting.clock.advance(1_000);
    await running;
  });

  it("queue and store, whose calls do not come back, says so while they are under way, and for how long it was", async () => {
    const setting = await withJobs(1);
    let hangs: Promise<void> | null = null;
    let answers = (): void => undefined;
    const lease = setting.jobs.lease.bind(setting.jobs);
    const extend = setting.jobs.extend.bind(setting.jobs);
    Object.assign(setting.jobs, {
      lease: async (...args: Parameters<typeof lease>) => {
        await hangs;
        return await lease(...args);
      },
      extend: async (...args: Parameters<typeof extend>) => {
        await hangs;
        return await extend(...args);
      },
    });
    const store = intercepted(setting.store, async () => {
      await hangs;
    });
    setting.run = async () => {
      await setting.clock.sleep(600_000);
      return allCounted(1);
    };
    const worker = new Worker(setting.context({ store }));
    const running = worker.run();
    await setting.clock.advance(10_000);
    assert.equal(setting.tasks.length, 1);
    hangs = new Promise<void>((resolve) => (answers = resolve));
    await setting.clock.advance(150_000);
    assert.deepEqual(
      setting.of("queue-failed").map(({ what, message }) => [what, message]),
      [
        ["extend", "memory: has not answered for 25 s."],
        ["lease", "memory: has not answered for 45 s."],
      ].map(([what, message]) => [what, message?.replace("memory:", setting.jobs.name)]),
    );
    assert.deepEqual(
      setting.of("store-away").map(({ message }) => message),
      ["store has not answered for 30 s."],
    );
    hangs = null;
    answers();
    await setting.clock.advance(5_000);
    const [queueBack, ...more] = setting.of("queue-back");
    assert.deepEqual(more, []);
    assert.ok(queueBack !== undefined && queueBack.awayMs >= 120_000 && queueBack.awayMs <= 150_000);
    const [storeBack] = setting.of("store-back");
    assert.ok(storeBack !== undefined && storeBack.awayMs >= 120_000 && storeBack.awayMs <= 150_000);
    worker.drain("the test is over");
    await setting.clock.advance(700_000);
    await running;
    assert.equal(setting.clock.sleeping, 0);
  });
});
