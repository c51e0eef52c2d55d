/** One leased job: what is looked at before it is executed, what is written and in which order, what a failure leaves. */
import assert from "node:assert/strict";
import type { Fault, JobHooks, JobOutcome } from "../../executor/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { encodePlan } from "../../shared/plan-file.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import type { JobMessage } from "../../shared/formats/message.ts";
import { attemptKey, holdKey, planKey, resolutionKey, runKey, workerKey } from "../../shared/names.ts";
import type { JobEnd } from "../../worker/job-types.ts";
import type { WorkerContext } from "../../worker/context.ts";
import { handleLease } from "../../worker/job.ts";
import { LeaseKeeper } from "../../worker/leases.ts";
import { readHold } from "../../worker/records.ts";
import { Room } from "../../worker/room.ts";
import { intercepted } from "../master/setting.ts";
import { aggregate, allCounted, blocksOf, messageOf, plan, recordOf, WorkerSetting } from "./setting.ts";

const fault = (cause: Fault["cause"], change: Partial<Fault> = {}): Fault => ({
  cause,
  reason: cause,
  message: `by ${cause}`,
  ...change,
});

/** Nothing was achieved. */
const failed = (ended: Fault | null, faults: readonly Fault[] = []): JobOutcome => ({
  reports: [],
  faults,
  ended,
  segment: null,
  log: new Uint8Array(),
});

class Handling {
  readonly setting = new WorkerSetting();
  readonly drain = new AbortController();
  readonly status: string[] = [];
  context: WorkerContext = this.setting.context();

  /** Sends the message and handles the one delivery of it that comes. */
  async handle(body: JobMessage | string): Promise<JobEnd> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    await this.setting.jobs.send([{ body: text }]);
    return await this.again();
  }

  async again(): Promise<JobEnd> {
    const [lease] = await this.setting.jobs.lease(1, { leaseMs: 120_000, waitMs: 0 });
    assert.ok(lease !== undefined, "a message is visible");
    const services = {
      context: this.context,
      keeper: new LeaseKeeper(this.context),
      room: new Room(),
      drain: this.drain.signal,
      status: {
        started: (job: string) => void this.status.push(`started ${job}`),
        ended: (job: string) => void this.status.push(`ended ${job}`),
      },
    };
    return await handleLease(services, lease, this.setting.clock.monotonic());
  }

  /** Where the message is now: deleted, or visible after so many ms. */
  async message(): Promise<"deleted" | number> {
    const { jobs, clock } = this.setting;
    const { visible, delayed, leased } = await jobs.counts();
    assert.equal(leased, 0, "no lease is left to run out");
    if (visible + delayed === 0) return "deleted";
    const start = clock.monotonic();
    while ((await jobs.counts()).visible === 0) await clock.advance(500);
    return clock.monotonic() - start;
  }
}

async function submitted(): Promise<Handling> {
  const handling = new Handling();
  await handling.setting.submit();
  return handling;
}

describe("before a job is executed", () => {
  it("a message that cannot be read is dropped, one of a newer format left to newer workers", async () => {
    const { digest } = messageOf(blocksOf(1));
    for (const [body, end, where] of [
      ["no JSON", "dropped", "deleted"],
      ["[]", "newer", 900_000],
      ['{"format":1}', "dropped", "deleted"],
      ['{"format":2}', "newer", 900_000],
      [JSON.stringify({ ...messageOf(blocksOf(1)), digest, blocks: [["key"]] }), "dropped", "deleted"],
    ] as const) {
      const handling = await submitted();
      assert.equal(await handling.handle(body), end, body);
      assert.equal(await handling.message(), where, body);
      assert.equal(handling.setting.of("message-refused").length, 1);
    }
  });

  it("records of the run that are of a newer format are left alone, and blame no machine", async () => {
    for (const key of [runKey("r1"), holdKey("r1")]) {
      const handling = await submitted();
      await handling.setting.store.put(key, Buffer.from('{"format":2}'));
      assert.equal(await handling.handle(messageOf(blocksOf(1))), "newer", key);
      assert.equal(await handling.message(), 900_000);
      assert.equal(handling.setting.tasks.length, 0);
    }
  });

  it("a job of an unknown or closed run is dropped", async () => {
    const unknown = new Handling();
    assert.equal(await unknown.handle(messageOf(blocksOf(1))), "dropped");
    const closed = await submitted();
    await closed.setting.hold({ kind: "closed" });
    assert.equal(await closed.handle(messageOf(blocksOf(1))), "dropped");
    for (const handling of [unknown, closed]) {
      assert.equal(await handling.message(), "deleted");
      assert.equal(handling.setting.tasks.length, 0);
    }
  });

  it("a held run's job comes back when the hold ends, or after a while", async () => {
    for (const [kind, afterMs] of [
      ["environment", 20_000],
      ["bundle", 30_000],
      ["failures", 30_000],
    ] as const) {
      const handling = await submitted();
      await handling.setting.hold({ kind, until: handling.setting.clock.now() + 20_000 });
      assert.equal(await handling.handle(messageOf(blocksOf(1))), "held");
      assert.equal(await handling.message(), afterMs);
    }
    const over = await submitted();
    await over.setting.hold({ kind: "environment", until: over.setting.clock.now() });
    assert.equal(await over.handle(messageOf(blocksOf(1))), "resolved");
  });

  it("a resolved job is acknowledged without any work", async () => {
    const handling = await submitted();
    await handling.setting.store.put(resolutionKey(aggregate, plan, "000000"), Buffer.from("{}"));
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "dropped");
    assert.equal(await handling.message(), "deleted");
    assert.deepEqual([handling.setting.tasks, await handling.setting.attemptKeys()], [[], []]);
  });

  it("the list is read from the plan when the message does not carry it, and must be the one that it names", async () => {
    const blocks = blocksOf(3);
    const { blocks: _, ...bare } = messageOf(blocks);
    const handling = await submitted();
    await handling.setting.store.put(planKey(aggregate, plan), encodePlan([blocks]));
    assert.equal(await handling.handle(bare), "resolved");
    assert.deepEqual(
      handling.setting.tasks[0]?.blocks.map(({ key, etag }) => [key, etag]),
      blocks.map(({ key, etag }) => [key, etag]),
    );
    const other = await submitted();
    await other.setting.store.put(planKey(aggregate, plan), encodePlan([blocksOf(2)]));
    assert.equal(await other.handle(bare), "dropped");
    const lost = await submitted();
    assert.equal(await lost.handle(bare), "dropped");
    const lying = await submitted();
    assert.equal(await lying.handle({ ...messageOf(blocks), digest: "0".repeat(16) }), "dropped");
    for (const none of [other, lost, lying]) assert.equal(none.setting.tasks.length, 0);
  });

  it("earlier attempts are looked at only when there may be some", async () => {
    for (const [send, tried] of [
      [1, "resolved"],
      [2, "resolved"],
    ] as const) {
      const handling = await submitted();
      let lists = 0;
      handling.context = handling.setting.context({
        store: intercepted(handling.setting.store, (method) => void (lists += method === "list" ? 1 : 0)),
      });
      assert.equal(await handling.handle(messageOf(blocksOf(1), { send })), tried);
      assert.equal(lists, send - 1);
    }
  });

  it("a job whose budget is used up is resolved without executing it again", async () => {
    const handling = await submitted();
    for (let i = 0; i < 5; i++) {
      await handling.setting.record(recordOf({ attempt: `${i}`.repeat(16), worker: `dead${i}` }));
    }
    assert.equal(await handling.handle(messageOf(blocksOf(4), { send: 2 })), "resolved");
    assert.equal(handling.setting.tasks.length, 0);
    const resolution = await handling.setting.resolution();
    assert.deepEqual(
      [resolution?.remaining, resolution?.handedOn, resolution?.segment],
      [
        [
          [0, 1],
          [2, 3],
        ],
        "vanished",
        null,
      ],
    );
  });

  it("a port that fails gives the message back after a while, and nothing is recorded", async () => {
    const handling = await submitted();
    const store = intercepted(handling.setting.store, (method) => {
      if (method === "head") throw new SpotfoldError("store-unavailable", "away");
    });
    handling.context = handling.setting.context({ store });
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "failed-here");
    const delay = await handling.message();
    assert.ok(typeof delay === "number" && delay >= 7_500 && delay <= 15_500, `${delay}`);
    assert.deepEqual(await handling.setting.attemptKeys(), []);
  });
});

describe("a job that is executed", () => {
  it("is written in the order that makes it exact: attempt, output, resolution, ready, message", async () => {
    const handling = await submitted();
    const steps: string[] = [];
    const { setting } = handling;
    const store = intercepted(setting.store, (method, key) => {
      if (method === "put" || method === "create")
        steps.push(key.includes("/resolutions/") ? "resolution" : key.slice(key.lastIndexOf("/") + 1));
    });
    const { ready } = setting;
    const send: typeof ready.send = async (messages) => {
      steps.push("ready");
      return await MemoryJobQueue.prototype.send.call(ready, messages);
    };
    Object.assign(ready, { send });
    handling.context = setting.context({ store });
    setting.run = (task) => {
      steps.push("executed");
      return allCounted(task.blocks.length);
    };
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "resolved");
    assert.deepEqual(steps, ["record", "executed", "segment", "resolution", "ready"]);
    assert.equal(await handling.message(), "deleted");
    const resolution = await setting.resolution();
    assert.equal(resolution?.covered.length, 2);
    assert.equal(resolution?.segment?.key, attemptKey(aggregate, plan, "000000", resolution?.attempt ?? "", "segment"));
    assert.deepEqual(setting.released, [resolution?.attempt]);
    assert.deepEqual(handling.status, [`started ${plan}/000000`, `ended ${plan}/000000`]);
  });

  it("costs three PUTs, and of GETs no more than five beside its blocks'", async () => {
    const handling = await submitted();
    const calls = new Map<string, number>();
    const store = intercepted(handling.setting.store, (method) => void calls.set(method, (calls.get(method) ?? 0) + 1));
    handling.context = handling.setting.context({ store });
    await handling.handle(messageOf(blocksOf(100)));
    assert.equal((calls.get("put") ?? 0) + (calls.get("create") ?? 0), 3);
    assert.ok((calls.get("get") ?? 0) + (calls.get("head") ?? 0) <= 5);
    assert.equal(calls.get("list"), undefined);
  });

  it("has lost when another attempt resolved it meanwhile, and deletes nothing", async () => {
    const handling = await submitted();
    const { setting } = handling;
    setting.run = async (task) => {
      await setting.store.put(resolutionKey(aggregate, plan, "000000"), Buffer.from('{"theirs":1}'));
      return allCounted(task.blocks.length);
    };
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "lost");
    assert.deepEqual((await setting.attemptKeys()).toSorted(), ["record", "segment"]);
    assert.equal(await handling.message(), "deleted");
  });

  it("that dies at any step is done by the next one, and resolved once", async () => {
    for (let step = 0; step < 5; step++) {
      const handling = await submitted();
      let writes = 0;
      let dead = false;
      const alive = (): void => {
        if (dead) throw new Error("killed");
      };
      const store = intercepted(
        handling.setting.store,
        (method) => {
          alive();
          if ((method === "put" || method === "create") && writes++ === step) {
            dead = true;
            alive();
          }
        },
        () => alive(),
      );
      const { jobs } = handling.setting;
      handling.context = handling.setting.context({ store });
      await handling.handle(messageOf(blocksOf(2)));
      await handling.setting.clock.advance(900_000);
      handling.context = handling.setting.context({ id: "w2" });
      if ((await jobs.counts()).visible > 0) await handling.again();
      assert.equal((await handling.setting.resolution())?.covered.length, 2, `killed at write ${step}`);
      assert.equal(await handling.message(), "deleted");
    }
  });

  it("resolves what a failed output did not keep it from, at the next attempt", async () => {
    const handling = await submitted();
    let failures = 0;
    const store = intercepted(handling.setting.store, (method) => {
      if (method === "create" && failures++ === 0) throw new SpotfoldError("timeout", "no answer");
    });
    handling.context = handling.setting.context({ store });
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "failed-here");
    assert.equal((await handling.setting.records())[0]?.end?.cause, "infrastructure");
    await handling.message();
    assert.equal(await handling.again(), "resolved");
  });
});

describe("an attempt that fails", () => {
  it("by its machine is recorded, blames nobody, and comes back later", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("infrastructure"));
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "failed-here");
    const [record] = await handling.setting.records();
    assert.deepEqual([record?.end?.cause, record?.worker], ["infrastructure", "w1"]);
    assert.notEqual(await handling.message(), "deleted");
    assert.equal(await handling.setting.resolution(), null);
  });

  it("by the environment holds the run", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("environment", { reason: "access-denied" }));
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "released");
    const hold = await readHold(handling.setting.store, "r1");
    assert.deepEqual([hold?.hold.kind, hold?.hold.what], ["environment", "by environment"]);
    assert.match(hold?.hold.hint ?? "", /^Allow/);
  });

  it("by code before the first record holds the run at the second time", async () => {
    const handling = await submitted();
    handling.setting.run = () =>
      failed(fault("code", { beforeFirstRecord: true, block: 0 }), [
        fault("code", { block: 0, beforeFirstRecord: true }),
      ]);
    assert.equal(await handling.handle(messageOf(blocksOf(2))), "released");
    assert.equal(await readHold(handling.setting.store, "r1"), null);
    await handling.message();
    assert.equal(await handling.again(), "held");
    assert.equal((await readHold(handling.setting.store, "r1"))?.hold.kind, "bundle");
    assert.equal(await handling.setting.resolution(), null);
  });

  it("on one block hands that one on alone, keeps what is read, at the first strike", async () => {
    const handling = await submitted();
    handling.setting.run = () => {
      const { reports, segment } = allCounted(2);
      const struck = fault("bad-input", { block: 2, reason: "corrupt" });
      return { ...failed(struck, [struck]), reports, segment };
    };
    assert.equal(await handling.handle(messageOf(blocksOf(5))), "resolved");
    const resolution = await handling.setting.resolution();
    assert.deepEqual(resolution?.remaining, [[2], [3, 4]]);
    assert.deepEqual([resolution?.covered.length, resolution?.missing.length], [2, 0]);
  });

  it("on its only block is confirmed by a second attempt before it is missing", async () => {
    const handling = await submitted();
    const struck = fault("bad-input", { block: 0, reason: "corrupt" });
    handling.setting.run = () => failed(null, [struck]);
    assert.equal(await handling.handle(messageOf(blocksOf(1))), "released");
    assert.equal(await handling.setting.resolution(), null);
    await handling.message();
    assert.equal(await handling.again(), "resolved");
    const resolution = await handling.setting.resolution();
    assert.deepEqual(
      resolution?.missing.map(({ block, reason, detail }) => [block, reason, detail]),
      [[0, "corrupt", "by bad-input"]],
    );
    assert.equal(resolution?.handedOn, null, "a damaged block is nobody's failure");
  });

  it("for want of memory runs again alone with more of it, and is halved when that is not enough", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("out-of-memory"));
    assert.equal(await handling.handle(messageOf(blocksOf(3))), "released");
    await handling.message();
    assert.equal(await handling.again(), "resolved");
    assert.deepEqual(
      handling.setting.tasks.map(({ limits }) => [limits.heapBytesMax, limits.rssBytesMax]),
      [
        [512, 1024],
        [1024, 2048],
      ],
    );
    assert.deepEqual((await handling.setting.resolution())?.remaining, [[0, 1], [2]]);
  });

  it("beside a record of a newer worker counts its own all the same", async () => {
    const handling = await submitted();
    const newer = attemptKey(aggregate, plan, "000000", "f".repeat(16), "record");
    await handling.setting.store.put(newer, encodeStored({ format: 2 }));
    handling.setting.run = () => failed(fault("code", { block: 0 }), [fault("code", { block: 0 })]);
    await handling.handle(messageOf(blocksOf(1)));
    await handling.message();
    assert.equal(await handling.again(), "resolved");
    assert.equal((await handling.setting.resolution())?.missing[0]?.reason, "code");
  });

  it("is confirmed by distinct workers where another one lives", async () => {
    const handling = await submitted();
    handling.setting.run = () => failed(fault("timeout"));
    await handling.setting.store.put(workerKey("w2"), Buffer.from("{}"));
    await handling.handle(messageOf(blocksOf(1)));
    for (let i = 0; i < 3; i++) {
      await handling.setting.store.put(workerKey("w2"), Buffer.from("{}"));
      assert.equal(await handling.again(), "failed-here");
    }
    assert.equal(await handling.setting.resolution(), null);
    handling.context = handling.setting.context({ id: "w2" });
    assert.equal(await handling.again(), "resolved");
    assert.equal((await handling.setting.resolution())?.missing[0]?.reason, "timeout");
  });
});

describe("an attempt that is stopped", () => {
  /** Blocks 0 and 1 are checkpointed when the signal comes; its reason is the cause. */
  const untilStopped = async (_: unknown, { stop }: JobHooks): Promise<JobOutcome> => {
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
    const word = stop.reason instanceof Error ? stop.reason.cause : undefined;
    const { reports, segment } = allCounted(2);
    return { ...failed(fault(word === "lost-lease" ? "lost-lease" : "interrupted")), reports, segment };
  };

  it("by a drain hands on the rest when a quarter is read", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(8)));
    await handling.setting.clock.settle();
    handling.drain.abort(new Error("spot notice"));
    assert.equal(await ended, "resolved");
    const resolution = await handling.setting.resolution();
    assert.deepEqual([resolution?.remaining, resolution?.handedOn], [[[2, 3, 4, 5, 6, 7]], "interrupted"]);
  });

  it("by a drain gives the job back at once when it is not worth that", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(9)));
    await handling.setting.clock.settle();
    handling.drain.abort(new Error("spot notice"));
    assert.equal(await ended, "released");
    assert.equal(await handling.message(), 0);
    assert.equal((await handling.setting.records())[0]?.end?.cause, "interrupted");
  });

  it("by a drain hands on nothing when its lease may have ended: another may have the job", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(3)));
    await handling.setting.clock.advance(120_000);
    handling.drain.abort(new Error("spot notice"));
    assert.equal(await ended, "released");
    assert.equal(await handling.setting.resolution(), null);
  });

  it("by the close of its run ends at the next heartbeat, and its message is dropped", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(9)));
    await handling.setting.clock.advance(24_000);
    await handling.setting.hold({ kind: "failures" });
    await handling.setting.clock.advance(24_000);
    assert.equal(await handling.setting.resolution(), null, "other holds do not stop what is at work");
    await handling.setting.hold({ kind: "closed" });
    await handling.setting.clock.advance(2_000);
    assert.equal(await ended, "released");
    assert.equal(await handling.again(), "dropped");
    assert.equal(handling.setting.clock.sleeping, 0);
  });

  it("goes on when the hold cannot be read", async () => {
    const handling = await submitted();
    let broken = false;
    const store = intercepted(handling.setting.store, (_, key) => {
      if (broken && key === holdKey("r1")) throw new SpotfoldError("store-unavailable", "away");
    });
    handling.context = handling.setting.context({ store });
    let finish: (outcome: JobOutcome) => void = () => {};
    handling.setting.run = async () => await new Promise<JobOutcome>((resolve) => (finish = resolve));
    const ended = handling.handle(messageOf(blocksOf(1)));
    await handling.setting.clock.settle();
    broken = true;
    await handling.setting.clock.advance(60_000);
    finish(allCounted(1));
    assert.equal(await ended, "resolved");
    assert.equal(handling.setting.clock.sleeping, 0);
  });
});
