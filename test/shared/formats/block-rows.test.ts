/** The rows in which a million blocks are held give the bytes that the blocks themselves give. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { BlockRows, blocksOfText } from "../../../shared/formats/block-rows.ts";
import { blockListBytes, encodeBlocks, encodeRow, toRow, type PlannedBlock } from "../../../shared/formats/plan.ts";
import { encodePlan, planBody } from "../../../shared/plan-file.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom('a"b', "a\\b", "\u007f", "\u0001", "\ud800", "é", "\u{1F600}", "x".repeat(70_000)),
);
const anyBlock: fc.Arbitrary<PlannedBlock> = fc.record(
  {
    key: text,
    size: fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(0)),
    etag: text,
    partition: fc.oneof(fc.constant("20240101"), text),
    tries: fc.nat(9),
  },
  { noNullPrototype: true },
);
/** Blocks, and where they are cut: the last point is their number. */
const cutBlocks = fc.array(anyBlock, { minLength: 1, maxLength: 40 }).chain((blocks) =>
  fc.tuple(
    fc.constant(blocks),
    fc
      .uniqueArray(fc.integer({ min: 1, max: blocks.length }), { maxLength: 10 })
      .map((points) => [...new Set([...points, blocks.length])].toSorted((a, b) => a - b)),
  ),
);

function rowsOf(blocks: readonly PlannedBlock[]): BlockRows {
  const rows = new BlockRows();
  for (const block of blocks) rows.add(block);
  return rows;
}

describe("rows of blocks", () => {
  it("are what JSON writes, whatever the texts", () => {
    fc.assert(
      fc.property(anyBlock, (block) => {
        assert.equal(encodeRow(block), JSON.stringify(toRow(block)));
      }),
    );
  });

  it("are cut into the lists that the blocks give", () => {
    fc.assert(
      fc.property(cutBlocks, ([blocks, points]) => {
        const rows = rowsOf(blocks);
        assert.deepEqual(
          rows.sizes,
          blocks.map(({ size }) => size),
        );
        assert.deepEqual(rows.listBytes, blocks.map(blockListBytes));
        const jobs = points.map((end, index) => blocks.slice(points[index - 1] ?? 0, end));
        const lists = Array.from(rows.lists(points), (list) => Buffer.from(list).toString());
        // As in any file, half of a surrogate pair is U+FFFD.
        assert.deepEqual(
          lists,
          jobs.map((job) => Buffer.from(encodeBlocks(job)).toString()),
        );
      }),
    );
  });

  it("make the same plan, byte by byte", async () => {
    await fc.assert(
      fc.asyncProperty(cutBlocks, async ([blocks, points]) => {
        const jobs = points.map((end, index) => blocks.slice(points[index - 1] ?? 0, end));
        const body: Uint8Array[] = [];
        for await (const chunk of planBody(rowsOf(blocks), points)) body.push(chunk);
        assert.deepEqual(Buffer.concat(body), encodePlan(jobs));
      }),
      { numRuns: 50 },
    );
  });

  it("are taken all, and once", () => {
    const rows = rowsOf(["a", "b"].map((key) => ({ key, size: 1, etag: "e", partition: "", tries: 0 })));
    for (const points of [[], [1], [3]]) assert.throws(() => [...rows.lists(points)], /left out/);
    assert.equal([...rows.lists([2])].length, 1);
    assert.throws(() => [...rows.lists([2])], /twice/);
  });

  it("come one by one, or as texts of many, which say the same", () => {
    fc.assert(
      fc.property(cutBlocks, ([blocks, points]) => {
        const [some, many] = [rowsOf(blocks), new BlockRows()];
        points.forEach((end, index) => {
          const rows = blocks.slice(points[index - 1] ?? 0, end).map(encodeRow);
          many.addText(rows.join("\n"));
        });
        assert.deepEqual([many.sizes, many.listBytes], [some.sizes, some.listBytes]);
        const all = [blocks.length];
        assert.deepEqual(Buffer.concat([...many.lists(all)]), Buffer.concat([...some.lists(all)]));
        const text = blocks.map(encodeRow).join("\n");
        assert.deepEqual(blocksOfText({ partition: "", text }), blocks);
      }),
    );
  });

  it("give back the blocks of any places", () => {
    fc.assert(
      fc.property(cutBlocks, fc.func(fc.boolean()), ([blocks, ,], wanted) => {
        assert.deepEqual(
          [...rowsOf(blocks).where(wanted)],
          blocks.filter((_, index) => wanted(index)),
        );
      }),
    );
  });

  it("know whether a key comes twice, whatever lies between, and whatever else of the block differs", () => {
    fc.assert(
      fc.property(cutBlocks, fc.nat(), fc.boolean(), ([blocks], place, planted) => {
        const distinct = [...new Map(blocks.map((block) => [block.key, block])).values()];
        const again = distinct[place % distinct.length];
        const other = again === undefined ? [] : [{ ...again, etag: "other", size: 7, partition: "other" }];
        const found = rowsOf(planted ? [...distinct, ...other] : distinct).twice();
        assert.deepEqual(found, planted ? other[0] : undefined);
      }),
    );
  });

  it("do not take keys of one hash for one", () => {
    // What is escaped is left out of the hash.
    const blocks = ['a"', "a\\", "b"].map((key) => ({ key, size: 1, etag: "e", partition: "", tries: 0 }));
    const rows = rowsOf(blocks);
    assert.equal(rows.twice(), undefined);
    rows.add({ key: "a\\", size: 2, etag: "f", partition: "p", tries: 1 });
    assert.equal(rows.twice()?.size, 2);
  });
});
