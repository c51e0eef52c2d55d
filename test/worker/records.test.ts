/** Holds that repeat and grow, records beside newer ones, workers that are alive, what an error speaks of. */
import assert from "node:assert/strict";
import { liveWorkerIds } from "../../shared/live-workers.ts";
import * as fc from "fast-check";
import { SpotfoldError } from "../../shared/errors.ts";
import { isHeld, type Hold } from "../../shared/formats/hold.ts";
import { attemptKey, holdKey, workerKey } from "../../shared/names.ts";
import { causeOf, holdRun, nextHold, readAttempts, type HoldReason } from "../../worker/records.ts";
import { readHold } from "../../shared/read-hold.ts";
import { intercepted } from "../master/setting.ts";
import { aggregate, plan, recordOf, WorkerSetting } from "./setting.ts";

const environment: HoldReason = { kind: "environment", what: "denied", where: "worker w", hint: "allow it" };
const bundle: HoldReason = { ...environment, kind: "bundle" };

describe("the hold that follows another", () => {
  it("by the environment lasts 15 s, and twice as long each time that nothing was cured, up to 5 min", () => {
    const lengths: number[] = [];
    let now = 1_000_000;
    let hold: Hold | null = null;
    for (let i = 0; i < 8; i++) {
      hold = nextHold("r1", hold, environment, now, 1);
      lengths.push(hold.until - now);
      assert.equal(hold.since, 1_000_000);
      assert.equal(hold.times, i + 1);
      now = hold.until;
    }
    assert.deepEqual(
      lengths.map((ms) => ms / 1000),
      [15, 30, 60, 120, 240, 300, 300, 300],
    );
    assert.equal(hold?.heldMs, 1_365_000, "all of it is added to the deadline, the last one, too");
  });

  it("begins anew when the run went on for longer than the next one would last", () => {
    const first = nextHold("r1", null, environment, 0, 1);
    assert.equal(nextHold("r1", first, environment, first.until + 30_000, 1).times, 2);
    const anew = nextHold("r1", first, environment, first.until + 30_001, 1);
    assert.deepEqual([anew.times, anew.since, anew.heldMs], [1, first.until + 30_001, 30_000]);
  });

  it("by the bundle has no end, and forgets nothing that was held before", () => {
    const first = nextHold("r1", null, environment, 0, 1);
    const hold = nextHold("r1", first, bundle, 20_000, 1);
    assert.deepEqual([hold.kind, hold.until, hold.heldMs], ["bundle", 0, 15_000]);
    assert.ok(isHeld(hold, 1e15));
  });

  it("never counts less held time than passed in holds, nor more", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 })), fc.constantFrom(1, 0.02), (gaps, scale) => {
        let now = 5_000;
        let held = 0;
        let hold: Hold | null = null;
        for (const gap of gaps) {
          hold = nextHold("r1", hold, environment, now, scale);
          held += hold.until - now;
          now = hold.until + gap;
          assert.ok(Math.abs(hold.heldMs - held) < 1e-3);
          assert.ok(isHeld(hold, hold.until - 1) && !isHeld(hold, hold.until));
        }
      }),
    );
  });
});

describe("holding a run", () => {
  it("is done by the store's time, once for all workers that see the same fault", async () => {
    const { store, clock } = new WorkerSetting();
    await store.put("runs/r1/run.json", Buffer.from("{}"));
    const start = clock.now();
    await holdRun(store, "r1", environment, 1);
    await clock.advance(10_000);
    await holdRun(store, "r1", environment, 1);
    const first = await readHold(store, "r1");
    assert.deepEqual([first?.hold.until, first?.hold.times], [start + 15_000, 1]);
    await clock.advance(5_000);
    await holdRun(store, "r1", environment, 1);
    assert.equal((await readHold(store, "r1"))?.hold.times, 2);
  });

  it("changes nothing about one that only a person can lift", async () => {
    for (const kind of ["bundle", "failures", "closed"] as const) {
      const setting = new WorkerSetting();
      await setting.hold({ kind, what: "first" });
      await holdRun(setting.store, "r1", environment, 1);
      await holdRun(setting.store, "r1", bundle, 1);
      assert.deepEqual((await readHold(setting.store, "r1"))?.hold.what, "first", kind);
    }
  });

  it("gives way to somebody else's hold in the same moment", async () => {
    const setting = new WorkerSetting();
    const store = intercepted(setting.store, async (method) => {
      if (method === "swap") await setting.hold({ kind: "closed", what: "cancelled" });
    });
    await holdRun(store, "r1", environment, 1);
    assert.equal((await readHold(setting.store, "r1"))?.hold.kind, "closed");
  });

  it("of a newer format throws what says so", async () => {
    const { store } = new WorkerSetting();
    await store.put(holdKey("r1"), Buffer.from('{"format":2}'));
    await assert.rejects(readHold(store, "r1"), { name: "UnknownFormat" });
  });
});

describe("records of attempts", () => {
  it("come in the order in which they began, of this job only, without those that cannot be read", async () => {
    const setting = new WorkerSetting();
    const [a, b, c] = ["a", "b", "c"].map((digit) => digit.repeat(16));
    await setting.record(recordOf({ attempt: a ?? "", startedAt: 2 }));
    await setting.record(recordOf({ attempt: b ?? "", startedAt: 1 }));
    await setting.record(recordOf({ attempt: c ?? "", startedAt: 0, job: "000000.1" }));
    await setting.store.put(
      attemptKey(aggregate, plan, "000000", "d".repeat(16), "record"),
      Buffer.from('{"format":2}'),
    );
    await setting.store.put(attemptKey(aggregate, plan, "000000", "e".repeat(16), "segment"), Buffer.from("bytes"));
    const found = await readAttempts(setting.store, aggregate, plan, "000000");
    assert.deepEqual(
      found.map(({ attempt }) => attempt),
      [b, a],
    );
  });
});

describe("live workers", () => {
  it("are those whose status is at most three intervals old, by the store's clock", async () => {
    const { store, clock } = new WorkerSetting();
    await store.put(workerKey("old"), Buffer.from("anything"));
    await clock.advance(1);
    await store.put(workerKey("young"), Buffer.from("anything"));
    await clock.advance(90_000);
    assert.deepEqual(await liveWorkerIds(store, 30_000), ["young"]);
  });
});

describe("what an error says about where the fault lies", () => {
  for (const [code, cause] of [
    ["access-denied", "environment"],
    ["disk-full", "environment"],
    ["read-only", "environment"],
    ["no-such-store", "environment"],
    ["store-unfit", "environment"],
    ["store-unavailable", "infrastructure"],
    ["timeout", "infrastructure"],
    ["internal", "infrastructure"],
  ] as const) {
    it(`${code}: ${cause}`, () => {
      assert.deepEqual(causeOf(new SpotfoldError(code, "said")), { cause, reason: code, message: "said" });
    });
  }

  it("with its hint", () => {
    const denied = new SpotfoldError("access-denied", "said", { hint: "allow it" });
    assert.equal(causeOf(denied).hint, "allow it");
    assert.ok(!("hint" in causeOf(new SpotfoldError("access-denied", "said"))));
  });

  it("that has no code is infrastructure", () => {
    assert.deepEqual(causeOf(new TypeError("said")), { cause: "infrastructure", reason: "error", message: "said" });
  });
});
