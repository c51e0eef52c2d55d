/** The merge of encoded values is held equal, to the byte, to decoding, merging and encoding. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import counts from "../../../jobs/counts/index.ts";
import type { EncodedValues } from "../../../jobs/analysis.ts";
import type { Exact } from "../../../jobs/exact-sum.ts";
import { ExactSum } from "../../../jobs/exact-sum.ts";
import { DecimalReader } from "../../../jobs/histograms/decimal.ts";
import histograms from "../../../jobs/histograms/index.ts";
import type { Value } from "../../../jobs/histograms/value.ts";
import { decodeValue, encodeValue, mergeValues } from "../../../jobs/histograms/value.ts";

/** As they lie in frames: with other lines around them. */
function listOf(texts: readonly string[]): EncodedValues {
  const lines = texts.map((text) => Buffer.from(`key\t${text}\nkey\t[7`));
  return {
    count: texts.length,
    bytes: (index) => lines[index] ?? Buffer.alloc(0),
    start: () => 4,
    end: (index) => (lines[index]?.length ?? 0) - 7,
  };
}

function fast(texts: readonly string[]): string | null {
  const merged = histograms.mergeEncoded?.(listOf(texts)) ?? null;
  return merged === null ? null : Buffer.from(merged).toString();
}

function plain(texts: readonly string[]): string {
  return encodeValue(texts.map(decodeValue).reduce((a, b) => mergeValues(a, b, [])));
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const statistic = fc.oneof(
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.double({ min: -1e-10, max: 1e-10, noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 1e21, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), 1e300, 5e-324, 0.1, 1e-7, 123456789012345680000),
  finite,
);
/** A canonical sum of a few numbers. */
const exact: fc.Arbitrary<Exact> = fc.array(statistic, { minLength: 1, maxLength: 4 }).map((numbers) => {
  const sum = new ExactSum();
  for (const number of numbers) sum.add(number);
  return sum.value();
});
const element: fc.Arbitrary<Exact | null> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat() },
  { weight: 1, arbitrary: fc.maxSafeNat() },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: exact },
);
const sums = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2, max: 8 }))
  .chain(([length, count]) =>
    fc.array(fc.array(element, { minLength: length, maxLength: length }), { minLength: count, maxLength: count }),
  );

describe("encoded values of histograms", () => {
  it("merge to the bytes that decoded ones give, in any order", () => {
    fc.assert(
      fc.property(sums, (values) => {
        const texts = values.map((value) => encodeValue(value));
        const merged = fast(texts);
        if (merged !== null) assert.equal(merged, plain(texts));
        assert.equal(fast(texts.toReversed()), merged);
      }),
      { numRuns: 3_000 },
    );
  });

  it("merge to what decoded ones give in whatever form of JSON they are written, or are left alone", () => {
    const forms = {
      whole: fc.nat().map(String),
      negative: fc.integer({ max: -1 }).map(String),
      float: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((number) => number.toFixed(9)),
      exponent: fc.tuple(fc.nat(), fc.constantFrom("e", "E", "e+", "e-", ".5e-", ".25E+"), fc.nat(200)),
      huge: fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String),
      "minus zero": fc.constantFrom("-0", "-0.0", "-0e1"),
      null: fc.constant("null"),
      // Canonical, as all that is stored: beside nulls alone a sum is handed on as it is.
      nested: exact.filter((sum) => typeof sum !== "number").map((sum) => JSON.stringify(sum)),
      "whitespace within": fc.constantFrom(" 1", "1 ", "\t0", "[ 1,2e-30]"),
    };
    type Form = keyof typeof forms;
    const names = Object.keys(forms) as Form[];
    const written = fc.constantFrom(...names).chain((form) => {
      const texts: fc.Arbitrary<unknown> = forms[form];
      return texts.map((text) => ({ form, text: Array.isArray(text) ? text.join("") : String(text) }));
    });
    const usual = fc.nat(9).map((number) => ({ form: "usual", text: String(number) }));
    const one = fc.oneof({ weight: 3, arbitrary: usual }, { weight: 1, arbitrary: written });
    const values = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 4 }))
      .chain(([length, count]) =>
        fc.array(fc.array(one, { minLength: length, maxLength: length }), { minLength: count, maxLength: count }),
      );
    const merged = new Map<string, number>();
    fc.assert(
      fc.property(values, (values) => {
        const texts = values.map((elements) => `[${elements.map(({ text }) => text).join(",")}]`);
        const found = fast(texts);
        if (found === null) return;
        assert.equal(found, plain(texts), texts.join(" "));
        for (const form of new Set(values.flat().map(({ form }) => form)))
          merged.set(form, (merged.get(form) ?? 0) + 1);
      }),
      { numRuns: 5_000 },
    );
    for (const form of names.filter((name) => name !== "whitespace within"))
      assert.ok((merged.get(form) ?? 0) > 100, `${form}: ${merged.get(form) ?? 0} were merged as bytes`);
  });

  it("are merged so whenever they are what pings give", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true })), { minLength: 2 }),
        (rows) => {
          const texts = rows.map(([count, sum]) => encodeValue([count, 0, sum, null, [sum, sum * 1e-17], 1]));
          assert.equal(fast(texts), plain(texts));
        },
      ),
    );
  });

  it("are counts, or builds that are all the same", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), { minLength: 2 }), (numbers) => {
        assert.equal(fast(numbers.map(String)), plain(numbers.map(String)));
      }),
    );
    const build: Value = { buildId: "20130101", revision: "x", length: 3, definition: "3" };
    const older = { ...build, buildId: "20120101" };
    assert.equal(fast([build, build, build].map(encodeValue)), encodeValue(build));
    assert.equal(fast([older, build].map(encodeValue)), null);
  });

  it("are left alone when they are anything else, and leave nothing behind", () => {
    const good = ["[1,2,0.5]", "[3,4,0.25]"];
    for (const odd of [
      "[1,2]",
      "[1,2,x]",
      "[1,2,3",
      "[1,2,3]]",
      "{}",
      "[1,2,nul]",
      "[1,2,[3]",
      "[]",
      '["1",2,3]',
      "[1,2,1e999]",
    ]) {
      assert.equal(fast(["[1,2,3]", odd]), null, odd);
      assert.equal(fast(good), "[4,6,0.75]");
    }
    assert.equal(fast(["1", "9007199254740991"]), null);
    assert.equal(fast(["1", "1.5"]), null);
    assert.equal(fast(["1", "-"]), null);
  });

  it("may have any number of elements", () => {
    for (const length of [1, 1_023, 1_024, 1_025, 10_000]) {
      const texts = [1, 2].map((number) => encodeValue(Array.from({ length }, (_, i) => number * i + (i % 7) / 8)));
      assert.equal(fast(texts), plain(texts));
    }
  });
});

describe("counts", () => {
  it("merge encoded as they merge", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 2 }), (numbers) => {
        const merged = counts.mergeEncoded?.(listOf(numbers.map(String)));
        assert.equal(Buffer.from(merged ?? []).toString(), String(numbers.reduce((a, b) => a + b)));
      }),
    );
  });
});

describe("decimal numbers", () => {
  const reader = new DecimalReader();
  const read = (text: string): number => reader.read(Buffer.from(text), 0);

  it("are the doubles that JSON.parse gives, or not told", () => {
    fc.assert(
      fc.property(statistic, (number) => {
        const text = JSON.stringify(number);
        const found = read(text);
        if (!Number.isNaN(found)) {
          assert.ok(Object.is(found + 0, number + 0), text);
          assert.equal(reader.end, text.length);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("are told of every size that sums have", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-18, max: 1e12, noNaN: true }), (number) => {
        assert.equal(read(JSON.stringify(number)), number);
      }),
      { numRuns: 5_000 },
    );
  });

  it("are told, or not, around the last whole number of which each is a double", () => {
    for (const digits of ["9007199254740990", "9007199254740991", "9007199254740992", "9007199254740993"]) {
      let told = 0;
      for (let scale = 0; scale <= 45; scale++) {
        const padded = digits.padStart(scale + 1, "0");
        const dotted = `${padded.slice(0, padded.length - scale)}${scale === 0 ? "" : "."}${padded.slice(padded.length - scale)}`;
        for (const text of [dotted, `-${dotted}`, `${digits}e-${scale}`]) {
          const found = read(text);
          if (!Number.isNaN(found)) {
            assert.equal(found, Number(text), text);
            told++;
          }
          const texts = [`[${text},1]`, "[0,1]"];
          const merged = fast(texts);
          if (merged !== null) assert.equal(merged, plain(texts), text);
        }
      }
      assert.ok(told > 100, `${digits}: ${told}`);
    }
  });

  it("are told of none that JSON does not have", () => {
    for (const text of ["", "-", ".5", "5.", "e5", "1e", "1e+", "--1", "x"]) assert.ok(Number.isNaN(read(text)), text);
  });
});
