import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { AttemptState, suspectsPerAttemptMax } from "../../../executor/core/attempt-state.ts";
import type { BlockReport, Fault } from "../../../executor/types.ts";
import { block } from "./fixtures.ts";

const report = (index: number): BlockReport => ({ index, records: 2, rawBytes: 9, rejected: {}, verdict: "counted" });
const fault = (index: number | undefined, cause: Fault["cause"] = "bad-input"): Fault => ({
  cause,
  reason: "r",
  message: "m",
  ...(index === undefined ? {} : { block: index }),
});
const state = (count: number): AttemptState => new AttemptState(Array.from({ length: count }, (_, i) => block(i)));
const indices = (attempt: AttemptState): number[] | undefined => attempt.pass()?.blocks.map(({ index }) => index);

describe("the state of an attempt", () => {
  it("counts a block from the checkpoint on", () => {
    const attempt = state(3);
    assert.deepEqual(indices(attempt), [0, 1, 2]);
    attempt.blockEnded(report(0));
    assert.deepEqual(attempt.result().reports, []);
    attempt.checkpoint(["run-1"]);
    attempt.blockEnded(report(1));
    assert.deepEqual(attempt.result().reports, [report(0)]);
    assert.equal(attempt.blocksDone, 2);
    attempt.checkpoint([]);
    attempt.blockEnded(report(2));
    attempt.checkpoint(["run-2"]);
    assert.deepEqual(indices(attempt), undefined);
    const expected = { reports: [report(0), report(1), report(2)], faults: [], ended: null, runs: ["run-1", "run-2"] };
    assert.deepEqual(attempt.result(), expected);
  });

  it("redoes what is not checkpointed without the block that was struck", () => {
    const attempt = state(4);
    attempt.pass();
    attempt.blockEnded(report(0));
    attempt.checkpoint(["run-1"]);
    attempt.blockEnded(report(1));
    attempt.failed(fault(2));
    assert.deepEqual(indices(attempt), [1, 3]);
    assert.deepEqual(attempt.result().faults, [fault(2)]);
    assert.equal(attempt.result().ended, null);
  });

  it("strikes a block of which nothing was handed out without ending the pass", () => {
    const attempt = state(3);
    attempt.pass();
    attempt.blockEnded(report(0));
    assert.equal(attempt.strike(fault(1, "gone")), true);
    assert.equal(attempt.strike(fault(0, "gone")), false);
    assert.equal(attempt.strike(fault(2, "infrastructure")), false);
    attempt.blockEnded(report(2));
    attempt.checkpoint(["run-1"]);
    assert.deepEqual(attempt.result().reports, [report(0), report(2)]);
    assert.equal(indices(attempt), undefined);
  });

  it("ends at a fault that names no block, or is about the machine, and keeps what is checkpointed", () => {
    for (const ending of [
      fault(undefined, "code"),
      fault(undefined, "out-of-memory"),
      fault(1, "infrastructure"),
      fault(1, "environment"),
    ]) {
      const attempt = state(2);
      attempt.pass();
      attempt.blockEnded(report(0));
      attempt.checkpoint(["run-1"]);
      attempt.failed(ending);
      assert.equal(attempt.pass(), null);
      assert.deepEqual(attempt.result(), { reports: [report(0)], faults: [], ended: ending, runs: ["run-1"] });
    }
  });

  it("takes a failure before the first record as the bundle's, not the block's", () => {
    const attempt = state(2);
    attempt.pass();
    const early = { ...fault(0, "code"), beforeFirstRecord: true };
    attempt.failed(early);
    assert.deepEqual(attempt.result(), { reports: [], faults: [], ended: early, runs: [] });
  });

  it("leaves a record out once, and strikes its block when that did not help", () => {
    const attempt = state(1);
    attempt.pass();
    attempt.failed({ ...fault(0, "code"), ordinal: 5 });
    assert.deepEqual(attempt.pass()?.leftOut, [{ block: 0, ordinal: 5, message: "m" }]);
    attempt.failed({ ...fault(0, "code"), ordinal: 5 });
    assert.equal(attempt.pass(), null);
    assert.deepEqual(attempt.result().faults, [fault(0, "code")]);
  });

  it("bounds how often it starts again", () => {
    const attempt = state(100);
    let passes = 0;
    for (let pass = attempt.pass(); pass !== null; pass = attempt.pass()) {
      passes += 1;
      attempt.failed(fault(pass.blocks[0]?.index));
    }
    assert.equal(passes, suspectsPerAttemptMax + 1);
    assert.equal(attempt.result().ended?.reason, "too-many-suspects");
    assert.equal(attempt.result().faults.length, suspectsPerAttemptMax + 1);
  });

  it("sees reports that cannot be true", () => {
    const attempt = state(2);
    attempt.pass();
    attempt.blockEnded(report(0));
    assert.match(attempt.violation(report(0)) ?? "", /twice/);
    assert.match(attempt.violation(report(7)) ?? "", /not in the job/);
    assert.match(attempt.violation({ ...report(1), rejected: { x: 3 } }) ?? "", /more records/);
    assert.match(attempt.violation({ ...report(1), rejected: { x: 2 } }) ?? "", /verdict/);
    assert.throws(() => attempt.blockEnded(report(7)), { code: "internal" });
  });
});
