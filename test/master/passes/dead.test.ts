/** The dead-letter queue: what is in it is dropped with a word, sent again, or left to whom it belongs. */
import assert from "node:assert/strict";
import type { MasterContext } from "../../../master/context.ts";
import { Master } from "../../../master/master.ts";
import { admitRun } from "../../../master/passes/admit.ts";
import { deadPass, readDead, whyDropped } from "../../../master/passes/dead.ts";
import { sendPass } from "../../../master/passes/send.ts";
import { SendState } from "../../../master/passes/send-state.ts";
import { jobMessageSchema, type JobMessage } from "../../../shared/formats/message.ts";
import { parseStored } from "../../../shared/formats/stored.ts";
import { MemoryJobQueue } from "../../../shared/memory/job-queue.ts";
import { jobId } from "../../../shared/names.ts";
import type { JobQueue } from "../../../shared/ports/job-queue.ts";
import { readJobBlocks } from "../../../shared/plan-file.ts";
import { aggregate, manyBlocks, MasterSetting, specOf } from "../setting.ts";

const jobsOfRun = 4;

async function drained(queue: JobQueue): Promise<JobMessage[]> {
  const leases = await queue.lease(1_000, { leaseMs: 60_000, waitMs: 0 });
  return leases
    .map(({ body }) => parseStored("a message", body, jobMessageSchema))
    .toSorted((a, b) => (a.job < b.job ? -1 : 1));
}

/** A run of four jobs, whose messages were all received until the server gave them up. */
class Dead {
  readonly setting = new MasterSetting();
  readonly dead = new MemoryJobQueue({ clock: this.setting.clock, random: this.setting.random });
  context: MasterContext = this.setting.context({ liveSlots: async () => 1_000, dead: this.dead });
  readonly said = new Set<string>();

  async start(): Promise<this> {
    const { setting, context } = this;
    setting.catalog = manyBlocks(jobsOfRun);
    await admitRun(context, specOf("r1"));
    await setting.submit(specOf("r1"));
    await sendPass(context, new SendState(), await setting.read());
    const leases = await setting.jobs.lease(1_000, { leaseMs: 60_000, waitMs: 0 });
    await setting.jobs.acknowledge(leases.map(({ handle }) => handle));
    await this.dead.send(leases.map(({ body }) => ({ body })));
    return this;
  }

  async pass(change: Partial<MasterContext> = {}): Promise<void> {
    await deadPass({ ...this.context, ...change }, this.dead, this.said);
  }

  async sentAgain(): Promise<string[]> {
    return (await drained(this.setting.jobs)).map(({ job, send }) => `${job} send ${send}`);
  }

  async left(): Promise<number> {
    const { visible, leased, delayed } = await this.dead.counts();
    return visible + leased + delayed;
  }
}

describe("the dead-letter queue", () => {
  it("gives back what is to be done, counted as one more send, in its run's group, and says so", async () => {
    const dead = await new Dead().start();
    await dead.pass();
    assert.deepEqual(
      await dead.sentAgain(),
      Array.from({ length: jobsOfRun }, (_, index) => `${jobId(index)} send 2`),
    );
    assert.equal(await dead.left(), 0);
    const { plan } = await dead.setting.open("r1");
    assert.deepEqual(
      dead.setting
        .of("dead-job-sent-again")
        .map(({ run, job }) => `${run} ${job}`)
        .toSorted(),
      Array.from({ length: jobsOfRun }, (_, index) => `r1 ${plan}/${jobId(index)}`),
    );
  });

  it("drops what is resolved, and what is of a run that is not open or was never there", async () => {
    const dead = await new Dead().start();
    const { setting } = dead;
    const open = await setting.open("r1");
    const blocks = await readJobBlocks(setting.store, aggregate, open.plan, jobId(1));
    await setting.resolve(open, jobId(1), blocks ?? []);
    const [lease] = await dead.dead.lease(1, { leaseMs: 1, waitMs: 0 });
    const other = { ...(JSON.parse(lease?.body ?? "") as object), run: "never" };
    await dead.dead.send([{ body: JSON.stringify(other) }]);
    await setting.clock.advance(10);
    await dead.pass();
    assert.deepEqual(await dead.sentAgain(), [`${jobId(0)} send 2`, `${jobId(2)} send 2`, `${jobId(3)} send 2`]);
    assert.deepEqual(
      setting
        .of("dead-job-dropped")
        .map(({ run, why }) => `${run}: ${why}`)
        .toSorted(),
      ["never: its run is not open", "r1: the job is resolved"],
    );
    assert.equal(await dead.left(), 0);
  });

  it("says what is ours and cannot be read, in few words, and drops it", async () => {
    const dead = new Dead();
    const broken = (more: object): string => JSON.stringify({ format: 1, plan: "r1.0123456789ab", ...more });
    await dead.dead.send([{ body: broken({}) }, { body: broken({ job: 7, filler: "x".repeat(10_000) }) }]);
    await dead.pass();
    const told = dead.setting.of("dead-message-dropped");
    assert.equal(told.length, 2);
    assert.ok(told.every(({ text, why }) => text.length <= 200 && why !== ""));
    assert.equal(await dead.left(), 0);
  });

  it("leaves what somebody else put into it, and says each once, in few words", async () => {
    const dead = new Dead();
    const bodies = [
      "x".repeat(10_000),
      "{}",
      "null",
      '["format",1]',
      '{"format":1,"run":"r1"}',
      '{"format":1,"plan":"gold"}',
      '{"format":"1","plan":"r1.0123456789ab"}',
    ];
    await dead.dead.send(bodies.map((body) => ({ body })));
    for (let passes = 0; passes < 3; passes++) {
      await dead.pass();
      await dead.setting.clock.advance(3_600_000);
    }
    const told = dead.setting.of("dead-message-left");
    assert.deepEqual(told.map(({ text }) => text).toSorted(), bodies.map((body) => body.slice(0, 200)).toSorted());
    assert.ok(told.every(({ why }) => why !== ""));
    assert.equal(await dead.left(), bodies.length);
  });

  it("says no more, and keeps no more, of a queue that is full of somebody else's", async () => {
    const dead = new Dead();
    await dead.dead.send(Array.from({ length: 250 }, (_, index) => ({ body: `theirs ${index}` })));
    for (let passes = 0; passes < 5; passes++) await dead.pass();
    assert.equal(dead.setting.of("dead-message-left").length, 100);
    assert.equal(dead.said.size, 100);
    assert.equal(await dead.left(), 250);
  });

  it("leaves what a newer version wrote, and says it once", async () => {
    const dead = new Dead();
    await dead.dead.send([{ body: '{"format":2}' }, { body: '{"format":2,"more":1}' }]);
    await dead.pass();
    await dead.setting.clock.advance(3_600_000);
    await dead.pass();
    assert.equal(dead.setting.of("dead-message-left").length, 1);
    assert.equal(await dead.left(), 2);
  });

  it("keeps what the jobs queue did not take", async () => {
    const dead = await new Dead().start();
    const { jobs } = dead.setting;
    const refusing: JobQueue = Object.assign(Object.create(jobs) as JobQueue, {
      send: async (messages: readonly { readonly body: string }[]) => {
        const [first, ...others] = messages;
        await jobs.send(first === undefined ? [] : [first]);
        return [{ ok: true }, ...others.map(() => ({ ok: false, reason: "busy", retryable: true }))];
      },
    });
    await dead.pass({ jobs: refusing });
    assert.equal((await dead.sentAgain()).length, 1);
    assert.equal(await dead.left(), jobsOfRun - 1);
    await dead.setting.clock.advance(3_600_000);
    await dead.pass();
    assert.equal(await dead.left(), 0);
  });

  it("is looked at once in `resendMs`, and its failure keeps no run waiting", async () => {
    const dead = await new Dead().start();
    let looks = 0;
    const failing: JobQueue = Object.assign(Object.create(dead.dead) as JobQueue, {
      lease: async () => {
        looks++;
        throw new Error("not allowed");
      },
    });
    const context = { ...dead.context, dead: failing };
    const master = new Master(context, { only: null, placeOf: (name) => ({ aggregate: name, prefix: "" }) });
    await master.work();
    await master.work();
    assert.equal(looks, 1);
    assert.deepEqual(
      dead.setting.of("queue-failed").map(({ what, message }) => `${what}: ${message}`),
      ["dead: not allowed"],
    );
    await dead.setting.clock.advance(60_000);
    await master.work();
    assert.equal(looks, 2);
  });

  it("deals with a hundred messages in one pass and leaves the others for the next", async () => {
    const dead = new Dead();
    const body = JSON.stringify({ format: 1, plan: "r1.0123456789ab" });
    await dead.dead.send(Array.from({ length: 120 }, () => ({ body })));
    await dead.pass();
    assert.equal(await dead.left(), 20);
    await dead.pass();
    assert.equal(await dead.left(), 0);
  });
});

describe("a dead message", () => {
  const message: JobMessage = {
    format: 1,
    run: "r1",
    aggregate,
    plan: "r1.0123456789ab",
    job: jobId(7),
    bundle: "0".repeat(64),
    send: 3,
    digest: "d",
  };

  it("keeps members that this version does not know", () => {
    const found = readDead(JSON.stringify({ ...message, later: ["\uFFFE"] }));
    assert.ok(found.is === "job");
    assert.deepEqual(JSON.parse(found.again), { ...message, send: 4, later: ["\uFFFE"] });
    assert.ok(!found.again.includes("\uFFFE"), "no queue takes it");
  });

  it("is needed while its very plan is open and the job has no end", () => {
    const open = [{ run: "r1", plan: message.plan }];
    assert.equal(whyDropped(message, { open, isResolved: false }), null);
    assert.equal(whyDropped(message, { open, isResolved: true }), "the job is resolved");
    const other = [{ run: "r1", plan: "another" }];
    assert.equal(whyDropped(message, { open: other, isResolved: false }), "its run is not open");
    assert.equal(whyDropped(message, { open: [], isResolved: true }), "its run is not open");
  });
});
