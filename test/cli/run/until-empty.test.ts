/** `worker --once`: it ends when there is nothing to do, and not before what it has in hand has ended. */
import assert from "node:assert/strict";
import type { JobOutcome } from "../../../executor/types.ts";
import { untilEmpty } from "../../../cli/run/until-empty.ts";
import { jobId } from "../../../shared/names.ts";
import { Worker, type WorkerEnd } from "../../../worker/worker.ts";
import { allCounted, blocksOf, messageOf, WorkerSetting } from "../../worker/setting.ts";

const slots = 2;

async function withJobs(count: number): Promise<WorkerSetting> {
  const setting = new WorkerSetting();
  await setting.submit();
  const bodies = Array.from({ length: count }, (_, i) => messageOf(blocksOf(1), { job: jobId(i) }));
  await setting.jobs.send(bodies.map((body) => ({ body: JSON.stringify(body) })));
  return setting;
}

/** Its end within so much time; null when it works on. */
async function endOf(setting: WorkerSetting, withinMs: number): Promise<WorkerEnd | null> {
  const drained = (): void => worker.drain("nothing is left to do");
  const worker = new Worker(setting.context({ slots, jobs: untilEmpty(setting.jobs, slots, drained) }));
  let end = null as WorkerEnd | null;
  const running = worker.run().then((ended) => (end = ended));
  await setting.clock.advance(withinMs);
  const found = end;
  worker.drain("the test is over");
  await setting.clock.advance(300_000);
  await running;
  return found;
}

describe("a worker that runs once", () => {
  it("ends when the queue is empty and what it has in hand has ended", async () => {
    const setting = await withJobs(3);
    let inHand = 0;
    setting.run = async (task) => {
      inHand++;
      await setting.clock.sleep(30_000);
      inHand--;
      return allCounted(task.blocks.length);
    };
    assert.deepEqual(await endOf(setting, 70_000), { how: "drained" });
    assert.equal(inHand, 0);
    for (let i = 0; i < 3; i++) assert.ok((await setting.resolution(jobId(i))) !== null, jobId(i));
  });

  it("ends although a lease was lost", async () => {
    const setting = await withJobs(1);
    const lost: JobOutcome = { reports: [], faults: [], ended: null, segment: null, log: new Uint8Array() };
    let tries = 0;
    setting.run = async (task, { stop }) => {
      if (++tries > 1) return allCounted(task.blocks.length);
      await new Promise((resolve) => stop.addEventListener("abort", resolve));
      return { ...lost, ended: { cause: "lost-lease", reason: "lost-lease", message: "lost" } };
    };
    Object.assign(setting.jobs, { extend: async () => await Promise.reject(new Error("the queue is away")) });
    assert.deepEqual(await endOf(setting, 600_000), { how: "drained" });
  });
});
