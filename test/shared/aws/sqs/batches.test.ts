import assert from "node:assert/strict";
import * as fc from "fast-check";
import { checkBatchBytes, cutBatches } from "../../../../shared/aws/sqs/batches.ts";

const identity = (size: number): number => size;

describe("batches of SQS", () => {
  it("keep all entries in order, ten at most, within the bytes but for single ones, and are no more than need be", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 200 }), (sizes) => {
        const batches = cutBatches(sizes, identity, 100);
        assert.deepEqual(batches.flat(), sizes);
        const sum = (batch: readonly number[]): number => batch.reduce((a, b) => a + b, 0);
        for (const [index, batch] of batches.entries()) {
          assert.ok(batch.length >= 1 && batch.length <= 10);
          assert.ok(batch.length === 1 || sum(batch) <= 100);
          const next = batches[index + 1]?.[0];
          assert.ok(next === undefined || batch.length === 10 || sum(batch) + next > 100, "the next one had room");
        }
      }),
    );
  });

  it("are bounded by what servers take", () => {
    assert.equal(checkBatchBytes(262_144), 262_144);
    assert.equal(checkBatchBytes(1_048_576), 1_048_576);
    for (const bytes of [262_143, 1_048_577, Number.NaN, 300_000.5])
      assert.throws(() => checkBatchBytes(bytes), { code: "limit" });
  });
});
