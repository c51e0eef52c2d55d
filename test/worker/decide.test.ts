/** What becomes of a job after so many attempts: each budget, with workers that differ or not. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { causes, type AttemptRecord, type Cause } from "../../shared/formats/attempt.ts";
import {
  backOffMs,
  backOffMsMax,
  badInputMax,
  codeMax,
  decide,
  elsewhereDeliveriesMax,
  isForAnother,
  halves,
  infrastructureMax,
  lostLeaseMax,
  memoryFactorRaised,
  outOfMemoryMax,
  releaseDelayMs,
  timeoutMax,
  vanishedMax,
} from "../../worker/decide.ts";
import { recordOf } from "./setting.ts";

interface Struck {
  readonly cause: Cause | "vanished";
  readonly worker: string;
  readonly reason?: string;
  readonly beforeFirstRecord?: boolean;
}

function attempt({ cause, worker, reason = cause, beforeFirstRecord = false }: Struck, index: number): AttemptRecord {
  const id = index.toString(16).padStart(16, "0");
  const end = cause === "vanished" ? null : { at: 0, cause, reason, message: "what", block: null, beforeFirstRecord };
  return recordOf({ attempt: id, worker, startedAt: index, end });
}

const attempts = (struck: readonly Struck[]): AttemptRecord[] => struck.map(attempt);
const same = (cause: Struck["cause"], count: number, worker = "w1"): Struck[] =>
  Array.from({ length: count }, () => ({ cause, worker }));
const distinct = (cause: Struck["cause"], count: number): Struck[] =>
  Array.from({ length: count }, (_, i) => ({ cause, worker: `w${i}` }));

const run = { do: "run", memoryFactor: 1, exclusive: false };

describe("what is decided of a job", () => {
  it("that was never tried: it runs", () => {
    assert.deepEqual(decide({ records: [], blocks: 3, liveWorkers: [] }), run);
  });

  describe("by budgets that speak of machines", () => {
    for (const [cause, budget] of [
      ["vanished", vanishedMax],
      ["lost-lease", lostLeaseMax],
      ["infrastructure", infrastructureMax],
      ["timeout", timeoutMax],
    ] as const) {
      it(`${cause}: ${budget} distinct workers, while another one is alive`, () => {
        const liveWorkers = ["w1", "another"];
        const verdict = (struck: Struck[]): unknown => decide({ records: attempts(struck), blocks: 2, liveWorkers });
        assert.deepEqual(verdict(same(cause, 50)), run, "one bad machine does not use it up");
        assert.deepEqual(verdict(distinct(cause, budget - 1)), run);
        assert.deepEqual(verdict(distinct(cause, budget)), { do: "split", cause });
      });

      it(`${cause}: ${budget} attempts where no other worker is alive`, () => {
        for (const liveWorkers of [[], ["w1"]]) {
          const verdict = (count: number): unknown =>
            decide({ records: attempts(same(cause, count)), blocks: 2, liveWorkers });
          assert.deepEqual(verdict(budget - 1), run);
          assert.deepEqual(verdict(budget), { do: "split", cause });
        }
      });

      it(`${cause}: the only block of a job is given up for it`, () => {
        const verdict = decide({ records: attempts(distinct(cause, budget)), blocks: 1, liveWorkers: [] });
        assert.ok(verdict.do === "give-up");
        assert.equal(verdict.reason, cause);
        assert.match(verdict.detail, cause === "vanished" ? /5 attempts vanished/ : /^what$/);
      });
    }
  });

  describe("by budgets that speak of the job", () => {
    for (const [cause, budget, reason] of [
      ["code", codeMax, "code"],
      ["bad-input", badInputMax, "corrupt"],
      ["out-of-memory", outOfMemoryMax, "out-of-memory"],
    ] as const) {
      it(`${cause}: ${budget} attempts, whoever made them`, () => {
        for (const make of [same, distinct]) {
          const verdict = (count: number, blocks: number): ReturnType<typeof decide> =>
            decide({ records: attempts(make(cause, count)), blocks, liveWorkers: ["w1", "another"] });
          assert.equal(verdict(budget - 1, 2).do, "run");
          assert.deepEqual(verdict(budget, 2), { do: "split", cause });
          assert.deepEqual(verdict(budget, 1), { do: "give-up", reason, detail: "what" });
        }
      });
    }

    it("a block that exceeds the tolerance of bad records is no damaged one", () => {
      const struck = [1, 2].map((): Struck => ({ cause: "bad-input", worker: "w", reason: "too-many-rejected" }));
      assert.deepEqual(decide({ records: attempts(struck), blocks: 1, liveWorkers: [] }), {
        do: "give-up",
        reason: "bad-input",
        detail: "what",
      });
    });

    it("the second attempt after running out of memory has the worker to itself and more memory", () => {
      assert.deepEqual(decide({ records: attempts(same("out-of-memory", 1)), blocks: 2, liveWorkers: [] }), {
        do: "run",
        memoryFactor: memoryFactorRaised,
        exclusive: true,
      });
    });
  });

  it("interruptions, a hold by the environment and blocks that went are free, any number of them", () => {
    for (const cause of ["interrupted", "environment", "gone", "replaced", "archived"] as const) {
      assert.deepEqual(decide({ records: attempts(distinct(cause, 100)), blocks: 1, liveWorkers: [] }), run);
    }
  });

  it("two failures before the first record hold the run, whatever else happened", () => {
    const early: Struck = { cause: "code", worker: "w1", beforeFirstRecord: true };
    assert.deepEqual(decide({ records: attempts([early]), blocks: 1, liveWorkers: [] }), run);
    const records = attempts([early, ...distinct("vanished", 9), { ...early, worker: "w2" }]);
    const verdict = decide({ records, blocks: 1, liveWorkers: [] });
    assert.ok(verdict.do === "hold");
    assert.equal(verdict.record, records[0]);
    assert.equal(
      decide({ records: attempts([early, { ...early, beforeFirstRecord: false }]), blocks: 1, liveWorkers: [] }).do,
      "give-up",
    );
  });

  it("depends on no order of the records but for what is told, and a chain of failures comes to an end", () => {
    const struck = fc.record({
      cause: fc.constantFrom<Struck["cause"]>(...causes, "vanished"),
      worker: fc.constantFrom("w1", "w2", "w3"),
      beforeFirstRecord: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(struck, { maxLength: 20 }), fc.integer({ min: 1, max: 3 }), (all, blocks) => {
        const liveWorkers = ["w1", "w2"];
        const records = attempts(all);
        const verdict = decide({ records, blocks, liveWorkers });
        assert.equal(decide({ records: records.toReversed(), blocks, liveWorkers }).do, verdict.do);
        // Once it is not run, more records do not make it run.
        if (verdict.do !== "run") {
          const more = [...records, attempt({ cause: "infrastructure", worker: "w9" }, records.length)];
          assert.notEqual(decide({ records: more, blocks, liveWorkers }).do, "run");
        }
        if (verdict.do === "split") assert.ok(blocks > 1);
        if (verdict.do === "give-up") assert.equal(blocks, 1);
      }),
    );
  });
});

describe("how long a failed job waits", () => {
  it("not at all when nothing is to be waited for", () => {
    for (const cause of ["interrupted", "lost-lease", "code", "bad-input", "timeout", "out-of-memory"] as const) {
      assert.equal(releaseDelayMs(cause, 5, 0.5), 0, cause);
    }
  });

  it("longer each time by infrastructure and environment, with jitter, up to a most", () => {
    for (const cause of ["infrastructure", "environment"] as const) {
      assert.equal(releaseDelayMs(cause, 0, 0), backOffMs / 2);
      assert.equal(releaseDelayMs(cause, 0, 1), backOffMs);
      assert.equal(releaseDelayMs(cause, 2, 1), 4 * backOffMs);
      assert.equal(releaseDelayMs(cause, 1000, 1), backOffMsMax);
    }
  });
});

describe("halves", () => {
  it("are all blocks, in order, about as many in each, none empty", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (blocks) => {
        const [first = [], second = []] = halves(blocks);
        assert.deepEqual([...first, ...second], blocks);
        assert.ok(first.length - second.length <= 1 && first.length >= second.length);
        assert.ok(halves(blocks).every((half) => half.length > 0));
      }),
    );
  });

  it("leaves a damaged block's confirmation to another worker, where there is one, for a while", () => {
    const damaged = attempts(same("bad-input", 1));
    const self = damaged[0]?.worker ?? "";
    assert.equal(isForAnother(damaged, self, [self, "another"], 2), true);
    assert.equal(isForAnother(damaged, self, [self], 2), false, "nobody else is alive");
    assert.equal(isForAnother(damaged, "another", [self, "another"], 2), false, "it is the other one");
    assert.equal(isForAnother(damaged, self, [self, "another"], elsewhereDeliveriesMax + 1), false, "nobody came");
    assert.equal(isForAnother(attempts(same("code", 1)), self, [self, "another"], 2), false);
  });
});
