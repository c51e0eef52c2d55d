/** Leases end by our own monotonic clock: the queue's yes is never proof, its silence reason enough. */
import assert from "node:assert/strict";
import type { Clock } from "../../shared/ports/clock.ts";
import type { EntryResult, JobQueue } from "../../shared/ports/job-queue.ts";
import { LeaseKeeper, leaseLost, type HeldLease } from "../../worker/leases.ts";
import { WorkerSetting } from "./setting.ts";

const leaseMs = 120_000;
const heartbeatMs = 25_000;

/** A keeper at work, on a queue whose `extend` does as told. */
class Keeping {
  readonly setting = new WorkerSetting();
  readonly batches: { readonly at: number; readonly handles: readonly string[] }[] = [];
  readonly over = new AbortController();
  readonly keeper: LeaseKeeper;
  readonly #loops: Promise<void>[];
  /** Added to the monotonic clock: the process stood still for so long. */
  #stoodStillMs = 0;
  extend: (handles: readonly string[]) => Promise<EntryResult[]> | EntryResult[] = (handles) =>
    handles.map(() => ({ ok: true }));

  constructor() {
    const { clock, jobs } = this.setting;
    const shifted: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + this.#stoodStillMs,
      sleep: async (ms, signal) => await clock.sleep(ms, signal),
    };
    const queue: JobQueue = {
      name: jobs.name,
      send: jobs.send.bind(jobs),
      lease: jobs.lease.bind(jobs),
      extend: async (entries) => {
        const handles = entries.map(({ handle }) => handle);
        this.batches.push({ at: shifted.monotonic(), handles });
        assert.ok(entries.every((entry) => entry.leaseMs === leaseMs));
        return await this.extend(handles);
      },
      acknowledge: jobs.acknowledge.bind(jobs),
      release: jobs.release.bind(jobs),
      counts: jobs.counts.bind(jobs),
      close: jobs.close.bind(jobs),
    };
    this.keeper = new LeaseKeeper(this.setting.context({ clock: shifted, jobs: queue }));
    this.#loops = [this.keeper.beat(this.over.signal), this.keeper.watch(this.over.signal)];
  }

  async advance(ms: number): Promise<void> {
    await this.setting.clock.advance(ms);
  }

  standStill(ms: number): void {
    this.#stoodStillMs += ms;
  }

  async end(): Promise<void> {
    this.over.abort();
    await Promise.all(this.#loops);
    assert.equal(this.setting.clock.sleeping, 0);
  }
}

const lost = (held: HeldLease): boolean => held.signal.reason === leaseLost;

describe("the leases of a worker", () => {
  it("are extended together at each heartbeat, for as long as they are held", async () => {
    const keeping = new Keeping();
    const one = keeping.keeper.hold("one", 0);
    await keeping.advance(10_000);
    const two = keeping.keeper.hold("two", 10_000);
    await keeping.advance(3 * heartbeatMs - 10_000);
    keeping.keeper.drop(one);
    await keeping.advance(heartbeatMs);
    assert.deepEqual(
      keeping.batches.map(({ at, handles }) => [at / heartbeatMs, handles.join()]),
      [
        [1, "one,two"],
        [2, "one,two"],
        [3, "one,two"],
        [4, "two"],
      ],
    );
    keeping.keeper.drop(two);
    await keeping.advance(10 * heartbeatMs);
    assert.equal(keeping.batches.length, 4, "with nothing in hand nothing is asked");
    assert.ok(!one.signal.aborted && !two.signal.aborted);
    await keeping.end();
  });

  it("count from the start of the call that leased them, not from its answer", async () => {
    const keeping = new Keeping();
    keeping.extend = (handles) => handles.map(() => ({ ok: false, reason: "busy", retryable: true }));
    await keeping.advance(20_000);
    const held = keeping.keeper.hold("one", 0);
    await keeping.advance(leaseMs - 20_000 - 1);
    assert.ok(keeping.keeper.isValid(held) && !held.signal.aborted);
    await keeping.advance(1);
    assert.ok(!keeping.keeper.isValid(held));
    assert.ok(lost(held));
    await keeping.end();
  });

  it("end in their time also when their call took so long that they end before the next look", async () => {
    const keeping = new Keeping();
    keeping.extend = (handles) => handles.map(() => ({ ok: false, reason: "busy", retryable: true }));
    const leasedAt = leaseMs + 7_000;
    await keeping.advance(2 * leaseMs);
    const held = keeping.keeper.hold("late", leasedAt);
    await keeping.advance(6_999);
    assert.ok(!held.signal.aborted);
    await keeping.advance(1);
    assert.ok(lost(held));
    const over = keeping.keeper.hold("over already", 0);
    await keeping.advance(0);
    assert.ok(lost(over));
    await keeping.end();
  });

  it("end one by one when the queue refuses some entries", async () => {
    const keeping = new Keeping();
    const one = keeping.keeper.hold("one", 0);
    const two = keeping.keeper.hold("two", 0);
    keeping.extend = (handles) =>
      handles.map((handle) => (handle === "two" ? { ok: false, reason: "gone", retryable: false } : { ok: true }));
    await keeping.advance(leaseMs);
    assert.deepEqual([lost(one), lost(two)], [false, true]);
    assert.deepEqual(keeping.batches.at(-1)?.handles, ["one", "two"]);
    await keeping.advance(heartbeatMs);
    assert.deepEqual(keeping.batches.at(-1)?.handles, ["one"]);
    await keeping.end();
  });

  it("end when extending fails for as long, and go on when it works again before", async () => {
    const keeping = new Keeping();
    const held = keeping.keeper.hold("one", 0);
    keeping.extend = () => {
      throw new Error("no network");
    };
    await keeping.advance(leaseMs - 1);
    assert.equal(keeping.setting.of("queue-failed").length, 4);
    keeping.extend = (handles) => handles.map(() => ({ ok: true }));
    assert.ok(!held.signal.aborted);
    await keeping.advance(1);
    assert.ok(lost(held), "the next heartbeat would have come too late");
    await keeping.end();
  });

  it("count an extension from the start of the call, however late its answer", async () => {
    const keeping = new Keeping();
    const held = keeping.keeper.hold("one", 0);
    let answer: (results: EntryResult[]) => void = () => {};
    keeping.extend = async () => await new Promise<EntryResult[]>((resolve) => (answer = resolve));
    await keeping.advance(heartbeatMs + 60_000);
    answer([{ ok: true }]);
    await keeping.setting.clock.settle();
    assert.equal(held.until, heartbeatMs + leaseMs);
    await keeping.end();
  });

  it("end while an extension hangs, and its late answer does not bring them back", async () => {
    const keeping = new Keeping();
    const held = keeping.keeper.hold("one", 0);
    let answer: (results: EntryResult[]) => void = () => {};
    keeping.extend = async () => await new Promise<EntryResult[]>((resolve) => (answer = resolve));
    await keeping.advance(leaseMs);
    assert.ok(lost(held));
    answer([{ ok: true }]);
    await keeping.advance(heartbeatMs);
    assert.ok(lost(held));
    assert.equal(keeping.batches.length, 1);
    await keeping.end();
  });

  it("that ran out while the process stood still are not extended: the queue would say yes", async () => {
    const keeping = new Keeping();
    const old = keeping.keeper.hold("old", 0);
    keeping.standStill(8 * 3_600_000);
    const fresh = keeping.keeper.hold("fresh", 8 * 3_600_000);
    await keeping.advance(heartbeatMs);
    assert.deepEqual(
      keeping.batches.map(({ handles }) => handles.join()),
      ["fresh"],
    );
    assert.ok(lost(old) && !fresh.signal.aborted);
    await keeping.end();
  });
});
