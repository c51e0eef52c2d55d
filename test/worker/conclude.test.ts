/** Whatever an attempt achieved, every block of its job is accounted for exactly once. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { BlockReport, Fault } from "../../executor/types.ts";
import { codeOf } from "../../shared/errors.ts";
import { causes } from "../../shared/formats/attempt.ts";
import { resolutionFlaw, type Resolution } from "../../shared/formats/resolution.ts";
import { handOnDepthMax, isJobId, successorIds } from "../../shared/names.ts";
import { handOn, sortBlocks, worthHandingOn, type Parts } from "../../worker/conclude.ts";
import { plan } from "./setting.ts";

const report = (index: number, verdict: BlockReport["verdict"] = "counted"): BlockReport => ({
  index,
  records: 5,
  rawBytes: 50,
  rejected: { "no-os": 1 },
  verdict,
  ...(verdict === "counted" ? {} : { firstRejection: "record 0 at byte 0" }),
});
const fault = (block: number | undefined, cause: Fault["cause"]): Fault => ({
  cause,
  reason: cause,
  message: `block ${block}`,
  ...(block === undefined ? {} : { block }),
});

function resolutionOf(parts: Parts, job: string): Resolution {
  const names = { format: 1, run: "r1", plan, job, attempt: "0".repeat(16), worker: "w", digest: "d" } as const;
  return { ...names, ...parts, segment: null };
}

/** What an executor may say of a job: at most one report for a block, at most one fault, both for some. */
const outcome = fc.integer({ min: 1, max: 12 }).chain((blocks) =>
  fc.record({
    blocks: fc.constant(blocks),
    reports: fc.uniqueArray(
      fc.record({
        index: fc.nat(blocks - 1),
        verdict: fc.constantFrom("counted" as const, "no-record-accepted" as const),
      }),
      { selector: ({ index }) => index },
    ),
    faults: fc.array(
      fc.record({ block: fc.option(fc.nat(blocks - 1), { nil: undefined }), cause: fc.constantFrom(...causes) }),
    ),
  }),
);

const job = fc.integer({ min: 0, max: handOnDepthMax }).map((depth) => `000042${".1".repeat(depth)}`);

describe("what an attempt achieved", () => {
  it("accounts for every block once: covered, missing, or handed on", () => {
    fc.assert(
      fc.property(outcome, job, fc.constantFrom("together" as const, "halves" as const), (found, job, how) => {
        const sorted = sortBlocks(found.blocks, {
          reports: found.reports.map(({ index, verdict }) => report(index, verdict)),
          faults: found.faults.map(({ block, cause }) => fault(block, cause)),
        });
        const parts = handOn(job, sorted, how, "code");
        const expected = { plan, job, digest: "d", blocks: found.blocks };
        assert.equal(resolutionFlaw(resolutionOf(parts, job), expected), null);
        const counted = found.reports.filter(({ verdict }) => verdict === "counted").map(({ index }) => index);
        assert.deepEqual(
          parts.covered.map(({ block }) => block),
          counted,
        );
        for (const { block } of sorted.struck) {
          const alone = parts.remaining.some((group) => group.length === 1 && group[0] === block);
          assert.ok(alone || parts.remaining.length === 0);
        }
        assert.equal(parts.handedOn, parts.remaining.length > 0 ? "code" : null);
        assert.ok(successorIds(job, parts.remaining.length).every(isJobId));
      }),
    );
  });

  it("that was told twice, or of a block that the job has not, is a bug of ours and no resolution", () => {
    for (const found of [
      { reports: [report(0), report(0)], faults: [] },
      { reports: [report(0), report(0, "no-record-accepted")], faults: [] },
      { reports: [report(3)], faults: [] },
      { reports: [], faults: [fault(3, "code")] },
    ]) {
      assert.throws(
        () => sortBlocks(3, found),
        (error) => codeOf(error) === "internal",
      );
    }
  });

  it("keeps the counts of what was read, and why a block is missing", () => {
    const sorted = sortBlocks(5, {
      reports: [report(0), report(1, "no-record-accepted")],
      faults: [fault(2, "gone"), fault(3, "bad-input")],
    });
    assert.deepEqual(sorted.covered, [{ block: 0, records: 5, rawBytes: 50, rejected: { "no-os": 1 } }]);
    assert.deepEqual(sorted.missing, [
      { block: 1, reason: "no-record-accepted", detail: "record 0 at byte 0", records: 5, rejected: { "no-os": 1 } },
      { block: 2, reason: "gone", detail: "block 2", records: 0, rejected: {} },
    ]);
    assert.deepEqual(sorted.struck, [fault(3, "bad-input")]);
    assert.deepEqual(sorted.left, [4]);
  });

  it("a block that was read to its end is not struck by what came later", () => {
    const sorted = sortBlocks(1, { reports: [report(0)], faults: [fault(0, "code")] });
    assert.deepEqual([sorted.covered.length, sorted.struck, sorted.left], [1, [], []]);
  });
});

describe("handing on", () => {
  const sorted = sortBlocks(6, { reports: [report(0)], faults: [fault(3, "code")] });

  it("gives each struck block alone, the rest together or in halves", () => {
    assert.deepEqual(handOn("000000", sorted, "together", "code").remaining, [[3], [1, 2, 4, 5]]);
    assert.deepEqual(handOn("000000", sorted, "halves", "retries").remaining, [[3], [1, 2], [4, 5]]);
  });

  it("ends after so many in a row: the rest is missing, and says so", () => {
    const deep = `000000${".1".repeat(handOnDepthMax)}`;
    const parts = handOn(deep, sorted, "together", "interrupted");
    assert.deepEqual([parts.remaining, parts.handedOn], [[], null]);
    assert.deepEqual(
      parts.missing.map(({ block, reason }) => [block, reason]),
      [3, 1, 2, 4, 5].map((block) => [block, "hand-ons"]),
    );
    assert.notEqual(handOn(deep.slice(0, -2), sorted, "together", "interrupted").remaining.length, 0);
  });
});

describe("after a notice", () => {
  const covered = (...blocks: number[]): Resolution["covered"] =>
    blocks.map((block) => ({ block, records: 1, rawBytes: 1, rejected: {} }));
  for (const [what, blocks, workedMs, worth] of [
    ["nothing checkpointed", [], 100_000, false],
    ["little of the job, in little time", [0], 59_999, false],
    ["little of the job, in a minute's work", [0], 60_000, true],
    ["a quarter of the bytes", [3], 1, true],
  ] as const) {
    it(`${what} is ${worth ? "" : "not "}worth a resolution`, () => {
      assert.equal(worthHandingOn(covered(...blocks), [10, 10, 55, 25], workedMs, 60_000), worth);
    });
  }
});
