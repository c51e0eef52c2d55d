import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Exact } from "../../jobs/exact-sum.ts";
import { ExactSum, addExact, nearest } from "../../jobs/exact-sum.ts";
import { asTree, seeded, shuffled } from "../../jobs/testing/orders.ts";

/** Any finite double as numerator over 2^1100, by its own arithmetic: repeated doubling until it is whole. */
function scaled(number: number): bigint {
  let value = number;
  let doublings = 0;
  while (!Number.isInteger(value)) {
    value *= 2;
    doublings++;
  }
  return BigInt(value) << BigInt(1100 - doublings);
}

function total(numbers: readonly number[]): bigint {
  return numbers.reduce((sum, number) => sum + scaled(number), 0n);
}

function partsOf(sum: Exact): readonly number[] {
  return typeof sum === "number" ? (sum === 0 ? [] : [sum]) : sum;
}

/** Whether no double is nearer to the target than this one; the neighbours are found by stepping through bit patterns. */
function isNearest(double: number, target: bigint): boolean {
  const distance = (candidate: number): bigint => {
    const difference = scaled(candidate) - target;
    return difference < 0n ? -difference : difference;
  };
  const pattern = new BigInt64Array(new Float64Array([double]).buffer)[0] as bigint;
  return [-1n, 1n].every((step) => {
    const neighbour = new Float64Array(new BigInt64Array([pattern + step]).buffer)[0] as number;
    if (!Number.isFinite(neighbour)) return true;
    const here = distance(double);
    const there = distance(neighbour);
    return here < there || (here === there && pattern % 2n === 0n);
  });
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const mixed = fc.oneof(
  finite,
  fc.maxSafeInteger(),
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.constantFrom(0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, 2 ** 53 + 2, 0.1, -0.1, 1e308),
);

function sumOf(numbers: readonly number[]): Exact {
  const sum = new ExactSum();
  for (const number of numbers) sum.add(number);
  return sum.value();
}

describe("exact sums", () => {
  it("are the nearest double, then the nearest of the rest, until nothing is left", () => {
    fc.assert(
      fc.property(fc.array(mixed, { maxLength: 30 }), (numbers) => {
        let rest = total(numbers);
        for (const part of partsOf(sumOf(numbers))) {
          assert.notEqual(part, 0);
          assert.ok(isNearest(part, rest), `${part} is not the nearest double`);
          rest -= scaled(part);
        }
        assert.equal(rest, 0n);
      }),
      { numRuns: 300 },
    );
  });

  it("do not depend on order or tree shape, to the byte", () => {
    fc.assert(
      fc.property(fc.array(mixed, { minLength: 1, maxLength: 25 }), fc.integer(), (numbers, seed) => {
        const random = seeded(seed);
        const expected = JSON.stringify(sumOf(numbers));
        for (let i = 0; i < 10; i++) {
          const leaves = shuffled(numbers, random).map((number) => addExact(number, 0));
          assert.equal(JSON.stringify(asTree(leaves, addExact, random)), expected);
          assert.equal(JSON.stringify(leaves.reduce(addExact)), expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("tell 2,000 doubles over 14 decades alike in 40 orders and trees", () => {
    const random = seeded(7);
    const numbers = Array.from({ length: 2000 }, () => (random() - 0.5) * 10 ** Math.floor(random() * 14));
    const sums = new Set<string>();
    for (let i = 0; i < 40; i++) {
      sums.add(JSON.stringify(asTree<Exact>(shuffled(numbers, random), addExact, random)));
    }
    assert.equal(sums.size, 1);
  });

  it("are one plain number where one suffices", () => {
    assert.equal(addExact(1, 2), 3);
    assert.equal(addExact(0.5, 0.25), 0.75);
    assert.equal(addExact([1e16, 1], -1), 1e16);
    assert.equal(addExact(Number.MAX_SAFE_INTEGER, 1), 2 ** 53);
    assert.deepEqual(addExact(2 ** 53, 1), [2 ** 53, 1]);
    assert.deepEqual(addExact(0.1, 0.2), [0.30000000000000004, -2.7755575615628914e-17]);
    assert.equal(nearest(addExact(0.1, 0.2)), 0.30000000000000004);
    assert.equal(nearest(sumOf([])), 0);
  });

  it("break ties to even, the large ones, too", () => {
    for (const scale of [2 ** 60, 2 ** 1000]) {
      const unit = scale / 2 ** 52;
      assert.deepEqual(addExact(scale, unit / 2), [scale, unit / 2]);
      assert.deepEqual(addExact(scale + unit, unit / 2), [scale + 2 * unit, -unit / 2]);
    }
  });

  it("know no minus zero", () => {
    for (const sum of [addExact(-0, -0), addExact(0, -0), addExact(0.5, -0.5), sumOf([-0])]) {
      assert.ok(Object.is(sum, 0));
    }
  });

  it("go on beyond the greatest double instead of becoming infinite, and come back", () => {
    const twice = addExact(Number.MAX_VALUE, Number.MAX_VALUE);
    assert.deepEqual(twice, [Number.MAX_VALUE, Number.MAX_VALUE]);
    assert.equal(nearest(twice), Number.MAX_VALUE);
    assert.equal(addExact(twice, -Number.MAX_VALUE), Number.MAX_VALUE);
    assert.equal(nearest(addExact(addExact(-1e308, -1e308), -1e308)), -Number.MAX_VALUE);
  });

  it("treat infinities and NaN as IEEE 754 does, in any order", () => {
    assert.equal(addExact(Infinity, 1), Infinity);
    assert.equal(addExact([1, 1e-20], -Infinity), -Infinity);
    for (const order of [
      [Infinity, -Infinity, 1],
      [Infinity, 1, -Infinity],
      [NaN, 1, Infinity],
    ]) {
      assert.ok(Number.isNaN(order.reduce<Exact>(addExact, 0)));
    }
  });
});
