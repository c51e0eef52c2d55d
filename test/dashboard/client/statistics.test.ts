/** Statistics of bucketed distributions, against the plain ones of the samples that went into them. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Distribution, type Row } from "../../../dashboard/client/distribution.ts";
import type { Measure } from "../../../dashboard/client/measure.ts";
import { percentile, standardDeviation } from "../../../dashboard/client/statistics.ts";

const boundsOf = fc
  .uniqueArray(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 60 })
  .map((bounds) => [0, ...bounds.toSorted((a, b) => a - b)]);
const samplesOf = fc.array(fc.nat(60_000), { minLength: 1, maxLength: 200 });

function measureOf(kind: "linear" | "exponential" | "enumerated", bounds: readonly number[]): Measure {
  return { name: "M", kind, description: "", bounds, scale: kind === "enumerated" ? "categories" : kind };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

function bucketed(bounds: readonly number[], samples: readonly number[]): number[] {
  return bounds.map((from, i) => samples.filter((x) => x >= from && x < (bounds[i + 1] ?? Infinity)).length);
}

/** As a client of the original would have recorded them, all statistics at once. */
function rowOf(bounds: readonly number[], samples: readonly number[]): Row {
  const logs = samples.map((x) => Math.log1p(x));
  const squares = sum(samples.map((x) => x * x));
  const hi = Math.floor(squares / 2 ** 32);
  return [
    ...bucketed(bounds, samples),
    sum(samples),
    sum(logs),
    sum(logs.map((x) => x * x)),
    squares - hi * 2 ** 32,
    hi,
    1,
    0,
  ];
}

function near(actual: number | null, expected: number): void {
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
    `${actual} ${expected}`,
  );
}

describe("statistics of a distribution", () => {
  it("are those of the samples, however they come in rows", () => {
    fc.assert(
      fc.property(boundsOf, fc.array(samplesOf, { minLength: 1, maxLength: 5 }), (bounds, rows) => {
        const samples = rows.flat();
        const n = samples.length;
        const average = sum(samples) / n;
        const linear = new Distribution(
          measureOf("linear", bounds),
          rows.map((row) => rowOf(bounds, row)),
        );
        assert.deepEqual(
          [linear.count, linear.submissions, linear.counts],
          [n, rows.length, bucketed(bounds, samples)],
        );
        near(linear.mean, average);
        near(linear.standardDeviation, Math.sqrt(sum(samples.map((x) => (x - average) ** 2)) / n));
        const exponential = new Distribution(
          measureOf("exponential", bounds),
          rows.map((row) => rowOf(bounds, row)),
        );
        const logs = samples.map((x) => Math.log1p(x));
        const logMean = sum(logs) / n;
        near(exponential.geometricMean, Math.exp(logMean) - 1);
        const deviation = Math.sqrt(sum(logs.map((x) => (x - logMean) ** 2)) / n);
        // The difference of two sums: of equal samples what is left is the rounding of doubles.
        assert.ok(Math.abs((exponential.geometricStandardDeviation ?? NaN) / Math.exp(deviation) - 1) < 1e-5);
        assert.deepEqual([linear.geometricMean, exponential.standardDeviation], [null, null]);
      }),
    );
  });

  it("have percentiles with bounds that the samples' own percentile lies in", () => {
    fc.assert(
      fc.property(boundsOf, samplesOf, fc.double({ min: 0, max: 100, noNaN: true }), (bounds, samples, percent) => {
        const sorted = samples.toSorted((a, b) => a - b);
        const own = sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? NaN;
        for (const scale of ["linear", "exponential"] as const) {
          const found = percentile(percent, bounds, bucketed(bounds, samples), scale);
          assert.ok(
            found !== null && found.from <= own && own < (found.to ?? Infinity),
            JSON.stringify({ found, own }),
          );
          assert.ok(found.from <= found.value && found.value <= (found.to ?? found.from));
        }
      }),
    );
  });

  it("have percentiles that grow", () => {
    fc.assert(
      fc.property(boundsOf, samplesOf, (bounds, samples) => {
        const counts = bucketed(bounds, samples);
        const values = Array.from(
          { length: 101 },
          (_, p) => percentile(p, bounds, counts, "exponential")?.value ?? NaN,
        );
        assert.deepEqual(
          values,
          values.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it("do not lose the spread of large numbers that lie close together", () => {
    const samples = [4_000_000_001, 4_000_000_002, 4_000_000_003];
    const squares = samples.reduce((all, x) => all + BigInt(x) ** 2n, 0n);
    const [lo, hi] = [Number(squares & 0xffffffffn), Number(squares >> 32n)];
    assert.ok(Number.isSafeInteger(hi));
    near(standardDeviation(sum(samples), { lo, hi }, 3), Math.sqrt(2 / 3));
  });

  it("leave out the samples of rows that did not record them", () => {
    const bounds = [0, 10, 20];
    const known = rowOf(bounds, [4, 6, 14]);
    const without = [7, 7, 7, -1, -1, -1, -1, -1, 1, 0];
    const both = new Distribution(measureOf("linear", bounds), [known, without]);
    assert.deepEqual([both.count, both.submissions, both.mean], [24, 2, 8]);
    near(both.standardDeviation, Math.sqrt((16 + 4 + 36) / 3));
    const none = new Distribution(measureOf("exponential", bounds), [without]);
    assert.deepEqual([none.mean, none.geometricMean, none.geometricStandardDeviation], [null, null, null]);
    assert.equal(none.median?.from, 10);
  });

  it("are unknown where no samples have such sums", () => {
    const bounds = [0, 10, 20, 30];
    const scales = ["linear", "exponential"] as const;
    for (const scale of scales) {
      // Whole and with fractions: exact and not.
      for (const sum of [45, 45.5]) {
        const honest = new Distribution(measureOf(scale, bounds), [[0, 3, 0, 0, sum, 8.3, 23, 700, 0, 1, 0]]);
        const squares = new Distribution(measureOf(scale, bounds), [[0, 3, 0, 0, sum, 8.3, 20, 600, 0, 1, 0]]);
        assert.ok(honest.mean !== null && squares.mean !== null);
        const deviations = [honest, squares].map((own) => own.standardDeviation ?? own.geometricStandardDeviation);
        assert.ok(deviations[0] !== null && deviations[1] === null, JSON.stringify(deviations));
        assert.deepEqual([honest.isContradictory, squares.isContradictory], [false, true]);
      }
      // Three samples in [10, 20) have no mean of 5, none of 25, and no geometric mean below 10.
      for (const [sum, logs] of [
        [15, 8.3],
        [75, 8.3],
        [45, 3],
      ] as const) {
        const own = new Distribution(measureOf(scale, bounds), [[0, 3, 0, 0, sum, logs, 23, 9000, 0, 1, 0]]);
        assert.equal(own.mean, sum === 45 ? 15 : null);
        if (sum === 45) assert.equal(own.geometricMean, null);
        assert.equal(own.isContradictory, sum !== 45 || scale === "exponential");
        assert.equal(own.median?.from, 10);
      }
    }
  });

  it("have no deviation either where the mean is outside of the buckets", () => {
    const bounds = [0, 10, 20, 30];
    const row = [0, 3, 0, 0, 0, 0, 23, 700, 0, 1, 0];
    for (const scale of ["linear", "exponential"] as const) {
      const own = new Distribution(measureOf(scale, bounds), [row]);
      assert.deepEqual(
        [own.mean, own.standardDeviation, own.geometricMean, own.geometricStandardDeviation, own.isContradictory],
        [null, null, null, null, true],
      );
    }
  });

  it("are of the good rows alone where others are damaged, and say of how many", () => {
    const bounds = [0, 10, 20, 30];
    const samples = [12, 14, 16, 18];
    for (const scale of ["linear", "exponential"] as const) {
      const [measure, good] = [measureOf(scale, bounds), rowOf(bounds, samples)];
      // The same samples with a sum of 0, and with squares that no samples have.
      const damaged = [good.with(4, 0).with(5, 0), good.with(6, 0).with(7, 1).with(8, 0)];
      const alone = new Distribution(measure, [good]);
      const days = [good, ...damaged].map((row) => new Distribution(measure, [row]));
      const all = [Distribution.sum(measure, days), new Distribution(measure, [good, ...damaged])];
      const spread = scale === "linear" ? "standardDeviation" : "geometricStandardDeviation";
      for (const own of all) {
        assert.deepEqual([own.count, own.samplesOf("mean"), own.samplesOf(spread)], [12, 8, 4]);
        near(own.mean, 15);
        near(own[spread], alone[spread] ?? NaN);
        near(own.geometricMean ?? 0, alone.geometricMean ?? 0);
        assert.equal(own.isContradictory, true);
      }
    }
  });

  it("contradict nothing where sums are of samples, and are never of fewer than nothing", () => {
    fc.assert(
      fc.property(boundsOf, samplesOf, fc.nat(1e6), (bounds, samples, off) => {
        for (const scale of ["linear", "exponential"] as const) {
          const row = rowOf(bounds, samples);
          assert.equal(new Distribution(measureOf(scale, bounds), [row]).isContradictory, false);
          const other = new Distribution(measureOf(scale, bounds), [row.with(bounds.length, off)]);
          const squares = (row[bounds.length + 3] ?? 0) + (row[bounds.length + 4] ?? 0) * 2 ** 32;
          const isPossible = samples.length * squares >= off ** 2 && other.mean !== null;
          if (scale === "linear") assert.equal(other.standardDeviation !== null, isPossible);
        }
      }),
    );
  });

  it("are whole numbers of counts, in the bucket that they lie in", () => {
    const count: Measure = { name: "C", kind: "count", description: "", bounds: [0, 1, 2, 8], scale: "linear" };
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 100 }), (all, p) => {
        const found = new Distribution(count, [[...all, -1, -1, -1, -1, -1, 1, 0]]).percentile(p);
        if (found === null) return assert.equal(sum(all), 0);
        assert.ok(Number.isInteger(found.value) && found.value >= found.from, JSON.stringify(found));
        return assert.ok(found.value < (found.to ?? Infinity));
      }),
    );
  });

  it("are not made up for categories, nor of nothing", () => {
    const categories = new Distribution(measureOf("enumerated", [0, 1, 2]), [[1, 2, 3, 8, -1, -1, 14, 0, 1, 0]]);
    assert.deepEqual([categories.mean, categories.standardDeviation, categories.median], [null, null, null]);
    assert.deepEqual(categories.buckets[2], { count: 3, start: 2, end: null });
    const empty = new Distribution(measureOf("linear", [0, 1, 2]));
    assert.deepEqual([empty.count, empty.mean, empty.standardDeviation, empty.median], [0, null, null, null]);
  });

  it("say of the last bucket where it begins, and no more", () => {
    assert.deepEqual(percentile(50, [0, 10], [0, 3], "linear"), { value: 10, from: 10, to: null });
  });

  it("are a count alone where the measure is a counter", () => {
    const counter: Measure = { name: "C", kind: "counter", description: "", bounds: [], scale: "categories" };
    const all = new Distribution(counter, [
      [5, 1],
      [7, 2],
    ]);
    assert.deepEqual([all.submissions, all.count, all.counts, all.mean, all.median], [12, 12, [12], null, null]);
  });
});
