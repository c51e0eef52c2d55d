/** The bitmap of entered jobs behaves as a set of numbers. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { decodeBitmap, emptyBitmap, firstMissing, hasBit, hasBitOf, withBits } from "../../../master/ledger/bitmap.ts";

describe("the bitmap of entered jobs", () => {
  it("is a set, whatever is added in whatever order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.array(fc.nat(299))), (size, batches) => {
        let text = emptyBitmap(size);
        const set = new Set<number>();
        for (const batch of batches) {
          const indexes = batch.map((index) => index % size);
          const before = text;
          text = withBits(before, indexes);
          assert.equal(withBits(text, indexes), text);
          for (const index of indexes) set.add(index);
        }
        const bits = decodeBitmap(text);
        for (let index = 0; index < size; index++) {
          assert.equal(hasBit(bits, index), set.has(index));
          assert.equal(hasBitOf(text, index), set.has(index));
        }
        assert.equal(hasBit(bits, size + 8), false);
        assert.equal(hasBitOf(text, size + 8), false);
        const missing = Array.from({ length: size }, (_, index) => index).find((index) => !set.has(index));
        assert.equal(firstMissing(bits, size), missing ?? size);
      }),
    );
  });

  it("finds the first that is missing in runs of full bytes, and none in a full one", () => {
    for (const size of [1, 7, 8, 9, 64, 65]) {
      const all = Array.from({ length: size }, (_, index) => index);
      assert.equal(firstMissing(decodeBitmap(withBits(emptyBitmap(size), all)), size), size);
      for (const gap of all) {
        const others = all.filter((index) => index !== gap);
        assert.equal(firstMissing(decodeBitmap(withBits(emptyBitmap(size), others)), size), gap);
      }
    }
  });

  it("of 10,000 jobs takes 1.25 KB, in base64", () => {
    assert.ok(emptyBitmap(10_000).length < 1700);
  });

  it("is asked for one bit in the same time, however large it is", () => {
    const size = 1_000_000;
    const text = withBits(emptyBitmap(size), [size - 1]);
    const asks = 20_000;
    const start = process.cpuUsage();
    for (let i = 0; i < asks; i++) assert.equal(hasBitOf(text, size - 1 - i), i === 0);
    // Decoding all of it each time takes 100 µs and more.
    assert.ok(process.cpuUsage(start).user / asks < 50);
  });
});
