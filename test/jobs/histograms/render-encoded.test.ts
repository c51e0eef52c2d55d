/** Rendering from encoded entries is held equal, to the byte, to rendering decoded ones: `renderUnits` compares the two. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Key } from "../../../jobs/analysis.ts";
import type { Exact } from "../../../jobs/exact-sum.ts";
import { ExactSum } from "../../../jobs/exact-sum.ts";
import histograms from "../../../jobs/histograms/index.ts";
import { counterKey, newestKey, pathKey, sumsKey } from "../../../jobs/histograms/keys.ts";
import type { FilterPath } from "../../../jobs/histograms/keys.ts";
import { RowBytes } from "../../../jobs/histograms/row-bytes.ts";
import type { Sums, Value } from "../../../jobs/histograms/value.ts";
import { encodeValue } from "../../../jobs/histograms/value.ts";
import { renderUnits } from "../../../jobs/testing.ts";
import { encodeKey } from "../../../shared/segment/key.ts";
import { sortTexts } from "../../../shared/segment/order.ts";

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 1e21, 2 ** 53, -(2 ** 53), 1e300, 5e-324, 0.1, 1e-7, -1, 123456789012345680000),
);
const exact: fc.Arbitrary<Exact> = fc.array(number, { minLength: 1, maxLength: 4 }).map((numbers) => {
  const sum = new ExactSum();
  for (const one of numbers) sum.add(one);
  return sum.value();
});
const element: fc.Arbitrary<Exact | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat() },
  { weight: 1, arbitrary: fc.maxSafeNat() },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: exact },
);

function textOf(rows: RowBytes): string {
  return Buffer.from(rows.view(0, rows.length)).toString();
}

/** Undefined when the row was refused; then nothing was written. */
function encoded(text: string, id: number, before = 0): string | undefined {
  const rows = new RowBytes();
  const bytes = Buffer.from(`${"7".repeat(before)}${text}\nkey\t[7]`);
  const isWritten = rows.encodedRow(bytes, before, before + Buffer.byteLength(text), id);
  if (!isWritten) assert.equal(rows.length, 0);
  return isWritten ? textOf(rows) : undefined;
}

function plain(sums: Sums, id: number): string {
  const rows = new RowBytes();
  rows.row(sums, id);
  return textOf(rows);
}

describe("rows from encoded sums", () => {
  it("are those of decoded ones, wherever they lie", () => {
    const sums = fc.array(element, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(sums, fc.maxSafeNat(), fc.nat(9), (values, id, before) => {
        const value = JSON.parse(encodeValue(values)) as Sums;
        assert.equal(encoded(encodeValue(value), id, before), plain(value, id));
      }),
      { numRuns: 5_000 },
    );
  });

  it("are as long as there is room in memory", () => {
    const value = Array.from({ length: 100_000 }, (_, i) => (i % 9 === 0 ? [i + 0.1, 1e-20] : i));
    assert.equal(encoded(encodeValue(value), 5), plain(value, 5));
  });

  it("are left alone when they are anything else", () => {
    const none = [
      "[]",
      "[1,2",
      "[1,2,x]",
      "[1,2,nul]",
      '["1",2]',
      "[1,[2]",
      "[1,[]]",
      "[1,[2,[3]]]",
      "[1,{}]",
      "[1, 2]",
    ];
    for (const text of [...none, "[1,2]]", "{}", "5", "[true]", "[1,[x,2]]", "[1,[2,x]]", "[ü]"])
      assert.equal(encoded(text, 5), undefined, text);
    const rows = new RowBytes();
    const bytes = Buffer.from("[1,2,x][3,[4,5]]");
    assert.equal(rows.encodedRow(bytes, 0, 7, 1), false);
    assert.equal(rows.encodedRow(bytes, 7, bytes.length, 1), true);
    assert.equal(textOf(rows), "[3,4,1]");
  });
});

describe("units from encoded entries", () => {
  const texts = fc.constantFrom<string>("x86", "Linux", "__proto__", "", "a\\b", "tab\t", "\u{1f600}", "ü", "_id");
  const paths = fc.uniqueArray(fc.tuple(texts, texts, texts, texts, texts), {
    minLength: 1,
    maxLength: 5,
    selector: (path) => path.join("\0"),
  });
  const definition = fc.constantFrom("2", "2-aaaa", "2-bbbb", "3", "3-aaaa");
  const row = fc.record({
    measure: fc.constantFrom("A", "AB", "A_B", "A.B", "__proto__"),
    dateType: fc.constantFrom("by-build-date", "by-submission-date"),
    date: fc.constantFrom<string>("20130101", "20130102", "2013\\", "2013\u{1f600}", '"', "\u0001"),
    path: fc.nat(),
    definition,
    values: fc.array(element, { minLength: 3, maxLength: 3 }),
  });
  const newest = fc.record({ buildId: fc.constant<string>("20130101"), revision: fc.constant<string>(""), definition });
  const unit = fc.record({
    counters: fc.dictionary(fc.constantFrom("pings", "too-long"), fc.nat()),
    paths,
    rows: fc.array(row, { maxLength: 60 }),
    newest: fc.array(newest, { minLength: 5, maxLength: 5 }),
  });

  function entriesOf(given: typeof unit extends fc.Arbitrary<infer T> ? T : never): (readonly [Key, Value])[] {
    const entries = new Map<string, readonly [Key, Value]>();
    const put = (key: Key, value: Value): unknown => entries.set(encodeKey(key), [key, value]);
    for (const [name, count] of Object.entries(given.counters)) put(counterKey("nightly", "28", name), count);
    for (const path of given.paths) put(pathKey("nightly", "28", path), 1);
    for (const one of given.rows) {
      const path = given.paths[one.path % given.paths.length] as FilterPath;
      const length = Number(one.definition.slice(0, 1)) + one.values.length;
      const values = Array.from({ length }, (_, i) => one.values[i % one.values.length] ?? null);
      put(sumsKey({ ...one, path, channel: "nightly", version: "28" }), JSON.parse(encodeValue(values)) as Sums);
      const build = given.newest[one.measure.length] ?? given.newest[0];
      if (build !== undefined)
        put(newestKey("nightly", "28", one.measure), { ...build, length: Number(build.definition.slice(0, 1)) });
    }
    return sortTexts([...entries.keys()]).map((key) => entries.get(key) as readonly [Key, Value]);
  }

  it("are those from decoded ones, of any rows, definitions, dates and paths", () => {
    fc.assert(
      fc.property(unit, (given) => {
        const entries = entriesOf(given);
        if (entries.length > 0) assert.equal(renderUnits(histograms, entries).length, 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it("are compared: one that differs is found", () => {
    const entries = entriesOf({
      counters: {},
      paths: [["r", "a", "o", "v", "x"]],
      rows: [{ measure: "A", dateType: "by-build-date", date: "1", path: 0, definition: "2", values: [1, 2, 3] }],
      newest: Array.from({ length: 5 }, () => ({ buildId: "1", revision: "", definition: "2" })),
    });
    const { publish } = histograms;
    assert.ok(publish);
    const without = {
      ...histograms,
      publish: { ...publish, renderEncoded: () => undefined },
    };
    assert.throws(() => renderUnits(without, entries), /renderEncoded writes another A-by-build-date.json/);
    const odd: typeof histograms = {
      ...histograms,
      publish: {
        ...publish,
        renderEncoded: (of, all, site, context) => {
          publish.renderEncoded?.(of, all, site, context);
          site.note("more", 1);
        },
      },
    };
    assert.throws(() => renderUnits(odd, entries), /notes other things/);
  });

  it("refuse what no ping gives, as the plain way does", () => {
    const path: FilterPath = ["r", "a", "o", "v", "x"];
    const key = {
      channel: "n",
      version: "1",
      measure: "A",
      dateType: "by-build-date",
      date: "1",
      path,
      definition: "2",
    };
    const newestA: readonly [Key, Value] = [
      newestKey("n", "1", "A"),
      { buildId: "1", revision: "", length: 2, definition: "2" },
    ];
    const known: readonly [Key, Value] = [pathKey("n", "1", path), 1];
    const cases: readonly (readonly (readonly [Key, Value])[])[] = [
      [known, [sumsKey(key), [1, 2]]],
      [known, newestA, [sumsKey({ ...key, measure: "B" }), [1, 2]]],
      [known, newestA, [sumsKey({ ...key, dateType: "by-moon" }), [1, 2]]],
      [known, newestA, [sumsKey(key), 5]],
      [newestA, [sumsKey(key), [1, 2]]],
    ];
    const { publish } = histograms;
    assert.ok(publish);
    for (const entries of cases) {
      const told = (way: typeof histograms): string => {
        try {
          renderUnits(way, entries);
          return "";
        } catch (error) {
          return error instanceof Error ? error.message : "";
        }
      };
      const onlyEncoded: typeof histograms = { ...histograms, publish: { ...publish, render: () => undefined } };
      assert.match(told(histograms), /no ping gives|without pings/);
      assert.equal(told(onlyEncoded), told(histograms));
    }
  });
});
