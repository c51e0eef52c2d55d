/** What `/healthz` says of a daemon, by its calls and a clock that stands still. */
import assert from "node:assert/strict";
import { Health, type HealthReport } from "../../../cli/metrics/health.ts";
import { ManualClock } from "../../support/manual-clock.ts";

describe("Health", () => {
  let clock: ManualClock;
  let health: Health;

  beforeEach(() => {
    clock = new ManualClock();
    health = new Health({ daemon: "master", id: "m-1", version: "1.2.3", clock, scale: 1 });
  });

  const fail = async (name: string): Promise<void> => {
    await assert.rejects(health.watch(name, 1_000, async () => await Promise.reject(new Error("access denied"))));
  };

  const statusAndWhy = ({ status, why }: HealthReport): unknown => [status, why];

  it("goes from starting to ok to draining", () => {
    assert.deepEqual(statusAndWhy(health.report()), ["starting", []]);
    health.started();
    assert.deepEqual(health.report(), {
      status: "ok",
      daemon: "master",
      id: "m-1",
      version: "1.2.3",
      why: [],
      activities: [],
    });
    health.draining("SIGTERM");
    assert.deepEqual(statusAndWhy(health.report()), ["draining", ["it drains: SIGTERM"]]);
    health.started();
    assert.equal(health.report().status, "draining");
  });

  it("is failing when calls fail for a minute, and well with the first that comes through", async () => {
    health.started();
    for (let i = 0; i < 5; i++) await fail("work");
    assert.equal(health.report().status, "ok", "within a moment");
    await clock.advance(60_000);
    assert.deepEqual(statusAndWhy(health.report()), ["failing", ["work fails: access denied"]]);
    assert.equal(await health.watch("publish", 1_000, async () => await Promise.resolve(7)), 7);
    assert.equal(health.report().status, "failing", "another one's success is no cure");
    await health.watch("work", 1_000, async () => await Promise.resolve());
    assert.equal(health.report().status, "ok");
    await clock.advance(3_000);
    assert.deepEqual(health.report().activities[0], {
      name: "work",
      state: "ok",
      failures: 0,
      succeededSecondsAgo: 3,
    });
  });

  it("minds no two failures, however long ago", async () => {
    health.started();
    await fail("collect");
    await fail("collect");
    await clock.advance(3_600_000);
    assert.equal(health.report().status, "ok");
  });

  it("forgets a failure that nobody repeats, and minds one that comes seldom", async () => {
    health.started();
    for (let i = 0; i < 4; i++) {
      await fail("heartbeat");
      await clock.advance(300_000);
    }
    assert.equal(health.report().status, "failing");
    let end = (): void => undefined;
    const long = health.watch("heartbeat", 900_000, async () => await new Promise<void>((resolve) => (end = resolve)));
    await clock.advance(300_000);
    assert.equal(health.report().status, "failing", "it is being tried");
    end();
    await long;
    for (let i = 0; i < 3; i++) await fail("heartbeat");
    await clock.advance(600_000);
    assert.deepEqual(statusAndWhy(health.report()), ["ok", []]);
  });

  it("finds a master well that has lost the lead while its passes failed", async () => {
    health.started();
    const lease: { role: "leading" | "standby"; failingMs: number; isUnfit: boolean } = {
      role: "leading",
      failingMs: 0,
      isUnfit: false,
    };
    health.watchLease(lease);
    for (let i = 0; i < 3; i++) await fail("work");
    await clock.advance(60_000);
    assert.equal(health.report().status, "failing");
    [lease.role, lease.isUnfit] = ["standby", true];
    assert.equal(health.report().status, "failing", "it gave the lease up for that, and nobody has taken it");
    lease.isUnfit = false;
    assert.deepEqual(statusAndWhy(health.report()), ["ok", []]);
  });

  it("is failing while one call takes too long, also when another ends", async () => {
    health.started();
    let end = (): void => undefined;
    const hanging = health.watch("work", 1_000, async () => await new Promise<void>((resolve) => (end = resolve)));
    await clock.advance(1_000);
    assert.equal(health.report().status, "ok");
    await clock.advance(1);
    await health.watch("work", 1_000, async () => await Promise.resolve());
    assert.deepEqual(statusAndWhy(health.report()), ["failing", ["work does not end"]]);
    end();
    await hanging;
    assert.equal(health.report().status, "ok");
  });

  it("is failing from a call that took too long and failed until one comes through", async () => {
    health.started();
    let fails: (error: Error) => void = () => undefined;
    const hanging = health.watch("work", 1_000, async () => await new Promise((_, reject) => (fails = reject)));
    await clock.advance(1_001);
    fails(new Error("no answer"));
    await assert.rejects(hanging);
    assert.deepEqual(statusAndWhy(health.report()), ["failing", ["work fails: no answer"]]);
    await fail("work");
    assert.equal(health.report().status, "failing");
    await health.watch("work", 1_000, async () => await Promise.resolve());
    assert.equal(health.report().status, "ok");
  });

  it("finds a master well that stands by, unless it cannot look at the lease", () => {
    health.started();
    const lease: { role: "leading" | "standby"; failingMs: number; isUnfit: boolean } = {
      role: "standby",
      failingMs: 0,
      isUnfit: false,
    };
    health.watchLease(lease);
    assert.deepEqual([health.report().status, health.report().role], ["ok", "standby"]);
    lease.failingMs = 60_000;
    assert.deepEqual(statusAndWhy(health.report()), ["failing", ["the lease cannot be read or taken"]]);
    lease.role = "leading";
    assert.deepEqual(statusAndWhy(health.report()), ["failing", ["the lease cannot be renewed"]]);
    lease.failingMs = 59_999;
    assert.deepEqual([health.report().status, health.report().role], ["ok", "leading"]);
  });
});
