/** Jobs are contiguous pieces of about equal bytes, within the limits of a block list. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  cutPoints,
  jobBlocksMax,
  jobBytesMean,
  jobCount,
  jobListBytesMax,
  jobsPerSlot,
} from "../../../master/plan/cut.ts";
import { jobsPerPlanMax } from "../../../shared/names.ts";

interface CutBlock {
  readonly size: number;
  readonly listBytes: number;
}

function cutInto(blocks: readonly CutBlock[], pieces: number): number[] {
  const of = { sizes: blocks.map(({ size }) => size), listBytes: blocks.map(({ listBytes }) => listBytes) };
  return cutPoints(of, pieces);
}

const ofSizes = (sizes: readonly number[]): CutBlock[] => sizes.map((size) => ({ size, listBytes: 100 }));

function piecesOf(blocks: readonly CutBlock[], points: readonly number[]): CutBlock[][] {
  return points.map((end, index) => blocks.slice(points[index - 1] ?? 0, end));
}

const weight = (blocks: readonly CutBlock[]): number => blocks.reduce((sum, { size }) => sum + size + 1, 0);

describe("how many jobs a plan has", () => {
  it("is 0 without blocks", () => {
    assert.equal(jobCount(0, 0, 8), 0);
  });

  it("follows the bytes, the blocks, or the slots, whichever asks for most", () => {
    assert.equal(jobCount(5000, 100 * jobBytesMean, 1), 100);
    assert.equal(jobCount(5000, 100 * jobBytesMean + 1, 1), 101);
    assert.equal(jobCount(100 * jobBlocksMax + 1, 1, 1), 101);
    assert.equal(jobCount(1000, 1, 8), 8 * jobsPerSlot);
    assert.equal(jobCount(3, 1, 8), 3, "never more jobs than blocks for the sake of slots");
    assert.equal(jobCount(1000, 1, 0), jobsPerSlot, "no slot alive is taken for one");
    assert.equal(jobCount(10_000_000, 2 * jobsPerPlanMax * jobBytesMean, 1), jobsPerPlanMax, "ids have six digits");
  });
});

describe("cutting blocks into jobs", () => {
  const sizes = fc.array(fc.oneof(fc.nat(10), fc.nat(1_000_000), fc.constant(7)), { maxLength: 400 });

  it("is contiguous and complete, with no empty piece", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 60 }), (sizes, pieces) => {
        const blocks = ofSizes(sizes);
        const cut = piecesOf(blocks, cutInto(blocks, pieces));
        assert.deepEqual(cut.flat(), blocks);
        assert.ok(cut.every((piece) => piece.length > 0));
      }),
    );
  });

  it("gives at most as many pieces as asked for, the largest of the mean and one block", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 60 }), (sizes, pieces) => {
        const blocks = ofSizes(sizes);
        const points = cutInto(blocks, pieces);
        assert.ok(points.length <= pieces);
        const largest = Math.max(0, ...sizes) + 1;
        for (const piece of piecesOf(blocks, points)) {
          assert.ok(weight(piece) <= (1 + 1e-6) * (weight(blocks) / pieces) + largest);
        }
      }),
    );
  });

  it("cuts at a multiple of the mean that no floating-point number hits", () => {
    // 35 blocks in 21 pieces: after 21 x 8.33 bytes, rounding lost the cut and made a piece of twice the mean.
    for (let blocks = 2; blocks < 120; blocks++) {
      for (let pieces = 2; pieces <= blocks; pieces++) {
        const all = ofSizes(Array<number>(blocks).fill(4));
        const most = Math.max(...piecesOf(all, cutInto(all, pieces)).map(weight));
        assert.ok(most < (5 * blocks) / pieces + 5, `${blocks} blocks in ${pieces} pieces: one has ${most} bytes`);
      }
    }
  });

  it("has no job of more blocks than the limit", () => {
    const blocks = Array.from({ length: 2 * jobBlocksMax + 1 }, () => ({ size: 0, listBytes: 50 }));
    assert.deepEqual(cutInto(blocks, 1), [jobBlocksMax, 2 * jobBlocksMax, 2 * jobBlocksMax + 1]);
  });

  it("has no job whose list is longer than a message can carry", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.nat(100), listBytes: fc.integer({ min: 20, max: 40_000 }) }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (blocks, pieces) => {
          const cut = piecesOf(blocks, cutInto(blocks, pieces));
          assert.deepEqual(cut.flat(), blocks);
          for (const piece of cut) {
            assert.ok(piece.reduce((sum, { listBytes }) => sum + listBytes, 0) <= jobListBytesMax);
          }
        },
      ),
    );
  });
});
