/** Sending: each job once and in order, successors, what is sent again and when; messages are hints, so is the cursor. */
import assert from "node:assert/strict";
import { admitRun } from "../../../master/passes/admit.ts";
import { enterPass } from "../../../master/passes/enter.ts";
import { sendPass } from "../../../master/passes/send.ts";
import { jobsInHand } from "../../../master/passes/send-again.ts";
import { SendState } from "../../../master/passes/send-state.ts";
import type { MasterContext } from "../../../master/context.ts";
import { codeOf } from "../../../shared/errors.ts";
import { inlineBlocksBytesMax, jobMessageSchema, type JobMessage } from "../../../shared/formats/message.ts";
import { blocksDigest, fromRow } from "../../../shared/formats/plan.ts";
import { encodeStored, parseStored } from "../../../shared/formats/stored.ts";
import { encodeWorkerStatus } from "../../../shared/formats/worker-status.ts";
import { jobId, sentKey, workerKey } from "../../../shared/names.ts";
import type { EntryResult, JobQueue, OutgoingMessage } from "../../../shared/ports/job-queue.ts";
import { messageBytesMax } from "../../../shared/ports/job-queue-limits.ts";
import { readPlan } from "../../../shared/plan-file.ts";
import { readAll } from "../../../shared/read-all.ts";
import { aggregate, intercepted, manyBlocks, MasterSetting, specOf } from "../setting.ts";

const resendMs = 60_000;

class Sending {
  readonly setting = new MasterSetting();
  context: MasterContext = this.setting.context({ liveSlots: async () => 1000 });
  state = new SendState();

  async admit(blocks: number): Promise<this> {
    this.setting.catalog = manyBlocks(blocks);
    await admitRun(this.context, specOf("r1"));
    await this.setting.submit(specOf("r1"));
    return this;
  }

  async pass(): Promise<number> {
    return await sendPass(this.context, this.state, await this.setting.read());
  }

  /** Takes what is visible out of the queue, for good. */
  async take(): Promise<JobMessage[]> {
    const { jobs } = this.setting;
    const messages: JobMessage[] = [];
    for (;;) {
      const leases = await jobs.lease(1000, { leaseMs: 60_000, waitMs: 0 });
      if (leases.length === 0) break;
      messages.push(...leases.map(({ body }) => parseStored("a message", body, jobMessageSchema)));
      await jobs.acknowledge(leases.map(({ handle }) => handle));
    }
    return messages.toSorted((a, b) => (a.job < b.job ? -1 : 1));
  }

  async sent(): Promise<string[]> {
    return (await this.take()).map(({ job, send }) => `${job} send ${send}`);
  }

  async cursor(): Promise<unknown> {
    const blob = await readAll(this.setting.store, sentKey("r1"));
    return blob === null ? null : JSON.parse(Buffer.from(blob.bytes).toString());
  }
}

/** The queue with another `send`. */
function sendingTo(queue: JobQueue, send: (messages: readonly OutgoingMessage[]) => Promise<EntryResult[]>): JobQueue {
  return {
    name: queue.name,
    send,
    lease: queue.lease.bind(queue),
    extend: queue.extend.bind(queue),
    acknowledge: queue.acknowledge.bind(queue),
    release: queue.release.bind(queue),
    counts: queue.counts.bind(queue),
    close: queue.close.bind(queue),
  };
}

const jobs = (from: number, to: number, send = 1): string[] =>
  Array.from({ length: to - from }, (_, i) => `${jobId(from + i)} send ${send}`);

describe("sending a run's jobs", () => {
  it("groups a run's messages, so that the queue can let runs take turns", async () => {
    const sending = await new Sending().admit(3);
    const groups: (string | undefined)[] = [];
    const { jobs: queue } = sending.setting;
    const noting = sendingTo(queue, async (messages) => {
      groups.push(...messages.map(({ group }) => group));
      return await queue.send(messages);
    });
    sending.context = sending.setting.context({ ...sending.context, jobs: noting });
    await sending.pass();
    assert.deepEqual(groups, ["r1", "r1", "r1"]);
  });

  it("sends each once, with its blocks and their digest, and notes how far it came", async () => {
    const sending = await new Sending().admit(5);
    assert.equal(await sending.pass(), 5);
    const messages = await sending.take();
    const { plan } = await sending.setting.open("r1");
    for await (const { job, blocks } of readPlan(sending.setting.store, aggregate, plan)) {
      const message = messages.find((candidate) => candidate.job === job);
      assert.deepEqual(message?.blocks?.map(fromRow), blocks);
      assert.equal(message?.digest, blocksDigest(blocks));
      assert.deepEqual([message?.run, message?.plan, message?.send], ["r1", plan, 1]);
    }
    assert.equal(messages.length, 5);
    assert.deepEqual(await sending.cursor(), { format: 1, plan, next: 5 });
    assert.equal(await sending.pass(), 0);
  });

  it("goes on after the last 1,000 that another master noted, and leaves out what is entered", async () => {
    const sending = await new Sending().admit(2100);
    const open = await sending.setting.open("r1");
    await sending.setting.store.put(sentKey("r1"), encodeStored({ format: 1, plan: open.plan, next: 1000 }));
    for await (const { job, blocks } of readPlan(sending.setting.store, aggregate, open.plan)) {
      if (job === jobId(1500)) await sending.setting.resolve(open, job, blocks);
    }
    await enterPass(sending.context, await sending.setting.read());
    assert.equal(await sending.pass(), 1099);
    assert.deepEqual(await sending.sent(), [...jobs(1000, 1500), ...jobs(1501, 2100)]);
  });

  it("sends all again by a cursor that is of another plan, or of a newer format", async () => {
    for (const cursor of [{ format: 1, plan: "r1.aaaaaaaaaaaa", next: 5 }, { format: 2 }, { format: 1 }]) {
      const sending = await new Sending().admit(5);
      await sending.setting.store.put(sentKey("r1"), encodeStored(cursor));
      await sending.pass();
      assert.deepEqual(await sending.sent(), jobs(0, 5));
    }
  });

  it("doubles at most 1,000 when it died before the cursor was written", async () => {
    const sending = await new Sending().admit(2500);
    let puts = 0;
    const { context } = sending;
    const store = intercepted(context.store, (_, key) => {
      if (key === sentKey("r1") && ++puts === 3) throw new Error("killed");
    });
    sending.context = { ...context, store };
    await assert.rejects(sending.pass(), /killed/);
    sending.state = new SendState();
    sending.context = context;
    assert.equal(await sending.pass(), 1500);
    const counts = new Map<string, number>();
    for (const { job } of await sending.take()) counts.set(job, (counts.get(job) ?? 0) + 1);
    assert.equal(counts.size, 2500);
    assert.equal([...counts.values()].filter((count) => count > 1).length, 1000);
  });

  it("leaves the list of a large job in the plan", async () => {
    const sending = new Sending();
    sending.context = sending.setting.context({ liveSlots: async () => 1 });
    await sending.admit(4000);
    await sending.pass();
    const messages = await sending.take();
    assert.equal(messages.length, 4);
    for (const message of messages) {
      assert.equal(message.blocks, undefined);
      assert.ok(JSON.stringify(message).length < inlineBlocksBytesMax);
    }
  });

  it("sends successors once they are in the ledger, with the blocks that were handed on", async () => {
    const sending = new Sending();
    sending.context = sending.setting.context({ liveSlots: async () => 1 });
    await sending.admit(20);
    await sending.pass();
    await sending.take();
    const open = await sending.setting.open("r1");
    for await (const { job, blocks } of readPlan(sending.setting.store, aggregate, open.plan)) {
      if (job === jobId(0))
        await sending.setting.resolve(open, job, blocks, { remaining: [[3], [1, 4]], handedOn: "code" });
    }
    assert.equal(await sending.pass(), 0, "they are not in the ledger yet");
    await enterPass(sending.context, await sending.setting.read());
    assert.equal(await sending.pass(), 2);
    const keys = (await sending.take()).map(({ job, blocks }) => [
      job,
      blocks?.map((row) => fromRow(row).key.slice(-2)),
    ]);
    assert.deepEqual(keys, [
      ["000000.1", ["03"]],
      ["000000.2", ["01", "04"]],
    ]);
    assert.equal(await sending.pass(), 0);
  });

  it("can send what is left of any job, however long its keys are", async () => {
    const sending = new Sending();
    sending.context = sending.setting.context({ liveSlots: async () => 1 });
    const { setting } = sending;
    const names = Array.from(
      { length: 2000 },
      (_, i) => `d=20260101/${String(i).padStart(5, "0")}\uFFFF${"é".repeat(450)}`,
    );
    setting.catalog = names.map((key) => ({ key, size: 1, etag: "e", dimensions: {}, partition: "20260101" }));
    await admitRun(sending.context, specOf("r1"));
    await setting.submit(specOf("r1"));
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      const all = blocks.map((_, index) => index);
      await setting.resolve(open, job, blocks, { remaining: [all], handedOn: "interrupted" });
    }
    await enterPass(sending.context, await setting.read());
    const bodies: string[] = [];
    const jobs = sendingTo(setting.jobs, async (messages) => {
      bodies.push(...messages.map(({ body }) => body));
      return await setting.jobs.send(messages);
    });
    sending.context = { ...sending.context, jobs };
    await sending.pass();
    const listed = bodies.flatMap(
      (body) => parseStored("a message", body, jobMessageSchema).blocks?.map(fromRow) ?? [],
    );
    assert.deepEqual(listed.map(({ key }) => key).toSorted(), names);
    assert.ok(Math.max(...bodies.map((body) => Buffer.byteLength(body))) < messageBytesMax);
  });
});

describe("sending again", () => {
  const emptied = async (blocks: number): Promise<Sending> => {
    const sending = await new Sending().admit(blocks);
    await sending.pass();
    await sending.take();
    return sending;
  };

  it("waits until the queue was empty in two passes, an interval apart", async () => {
    const sending = await emptied(3);
    assert.equal(await sending.pass(), 0);
    await sending.setting.clock.advance(resendMs - 1);
    assert.equal(await sending.pass(), 0);
    await sending.setting.clock.advance(1);
    assert.equal(await sending.pass(), 3);
    assert.deepEqual(await sending.sent(), jobs(0, 3, 2));
    assert.equal(await sending.pass(), 0);
    await sending.setting.clock.advance(resendMs);
    assert.equal(await sending.pass(), 3);
    assert.deepEqual(await sending.sent(), jobs(0, 3, 3));
  });

  it("asks the queue four times in an interval, however many passes and runs there are", async () => {
    const sending = await emptied(1);
    let asked = 0;
    const { jobs: queue, clock } = sending.setting;
    const counting: JobQueue = {
      ...sendingTo(queue, queue.send.bind(queue)),
      counts: async () => {
        asked++;
        return { visible: 1, leased: 0, delayed: 0 };
      },
    };
    sending.context = { ...sending.context, jobs: counting };
    for (let at = 0; at < resendMs; at += 1_000) {
      assert.equal(await sending.pass(), 0);
      await clock.advance(1_000);
    }
    assert.equal(asked, 4);
  });

  it("begins to wait anew whenever something is in the queue, hidden or not", async () => {
    const sending = await emptied(1);
    const { clock, jobs: queue } = sending.setting;
    assert.equal(await sending.pass(), 0);
    await clock.advance(resendMs - 1);
    await queue.send([{ body: "{}", delayMs: 20_000 }]);
    assert.equal(await sending.pass(), 0);
    await clock.advance(20_000);
    await queue.lease(1, { leaseMs: 20_000, waitMs: 0 });
    assert.equal(await sending.pass(), 0);
    await clock.advance(20_000);
    const [lease] = await queue.lease(1, { leaseMs: 20_000, waitMs: 0 });
    await queue.acknowledge([lease?.handle ?? ""]);
    assert.equal(await sending.pass(), 0);
    await clock.advance(resendMs - 1);
    assert.equal(await sending.pass(), 0);
    await clock.advance(1);
    assert.equal(await sending.pass(), 1);
  });

  it("leaves out what is entered and what a live worker has in hand", async () => {
    const sending = await emptied(4);
    const { setting } = sending;
    const open = await setting.open("r1");
    for await (const { job, blocks } of readPlan(setting.store, aggregate, open.plan)) {
      if (job === jobId(1)) await setting.resolve(open, job, blocks);
    }
    await enterPass(sending.context, await setting.read());
    const status = (...held: string[]): Uint8Array =>
      encodeWorkerStatus({ format: 1, worker: "w", startedAt: 0, at: 0, slots: 1, jobs: held, resolved: 0, failed: 0 });
    await setting.store.put(workerKey("dead"), status(`${open.plan}/${jobId(0)}`));
    await sending.pass();
    await setting.clock.advance(2 * resendMs);
    await setting.store.put(workerKey("live"), status(`${open.plan}/${jobId(2)}`));
    await setting.store.put(workerKey("newer"), Buffer.from('{"format":2}'));
    assert.equal(await sending.pass(), 2);
    assert.deepEqual(await sending.sent(), [...jobs(0, 1, 2), ...jobs(3, 4, 2)]);
    assert.deepEqual([...(await jobsInHand(setting.store, 30_000))], [`${open.plan}/${jobId(2)}`]);
  });

  it("looks at the workers once in an interval when they have all jobs in hand", async () => {
    const sending = await emptied(1);
    const { setting } = sending;
    const held = `${(await setting.open("r1")).plan}/${jobId(0)}`;
    let lists = 0;
    sending.context = setting.context({
      store: intercepted(
        setting.store,
        (method, key) => void (lists += method === "list" && key === "workers/" ? 1 : 0),
      ),
    });
    for (let seconds = 0; seconds <= 200; seconds += 5) {
      const status = { format: 1, worker: "w", startedAt: 0, at: 0, slots: 1, jobs: [held], resolved: 0, failed: 0 };
      await setting.store.put(workerKey("w"), encodeStored(status));
      assert.equal(await sending.pass(), 0);
      await setting.clock.advance(5_000);
    }
    assert.equal(lists, 3);
    await setting.clock.advance(2 * 60_000);
    await sending.pass();
    assert.deepEqual(await sending.sent(), jobs(0, 1, 2), "as the first one again, when the worker is silent");
  });

  it("sends a straggler's backup copy though the queue is never empty, ever more patiently", async () => {
    const sending = await emptied(1);
    const { setting } = sending;
    await setting.jobs.send([{ body: "{}", delayMs: 900_000 }]);
    const times: number[] = [];
    for (let minute = 1; minute <= 40; minute++) {
      await setting.clock.advance(resendMs);
      if (minute % 14 === 0) await setting.jobs.send([{ body: "{}", delayMs: 900_000 }]);
      if ((await sending.pass()) > 0) times.push(minute);
    }
    // 2 min, then four times a usual job for the copy in the queue: each time twice as long.
    assert.deepEqual(times, [2, 7, 16, 33]);
  });
});

describe("a queue that refuses", () => {
  const refusing = (sending: Sending, answer: (call: number, index: number) => boolean): void => {
    let calls = 0;
    const jobs = sendingTo(sending.setting.jobs, async (messages) => {
      calls++;
      await sending.setting.jobs.send(messages.filter((_, index) => answer(calls, index)));
      return messages.map((_, index) =>
        answer(calls, index) ? { ok: true } : { ok: false, reason: "busy", retryable: true },
      );
    });
    sending.context = { ...sending.context, jobs };
  };

  it("for the moment gets the failed entries again, and only those", async () => {
    const sending = await new Sending().admit(9);
    refusing(sending, (call, index) => call > 2 || index % 2 === 0);
    await sending.pass();
    assert.deepEqual(await sending.sent(), jobs(0, 9));
  });

  it("for long fails the pass, and the next one goes on", async () => {
    const sending = await new Sending().admit(3);
    refusing(sending, (call) => call > 7);
    await assert.rejects(sending.pass(), (error) => codeOf(error) === "store-unavailable");
    await sending.pass();
    assert.deepEqual(await sending.sent(), jobs(0, 3));
  });
});
