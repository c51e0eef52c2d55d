/** That values read by their paths from bytes are those that `JSON.parse` and walking down give. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { TestRecord } from "../../../jobs/testing/record.ts";
import type { Path } from "../../../shared/records/path-reader.ts";
import { PathReader, valueAt } from "../../../shared/records/path-reader.ts";
import { damaged, jsonText, numberText, stringText } from "./json-texts.ts";

const view = new TestRecord({ key: "", dimensions: {} });

/** What is found, as text that tells -0, undefined and errors apart. */
function said(find: () => readonly unknown[]): string[] {
  const show = (value: unknown): string => {
    if (typeof value === "object" && value !== null) return `${Array.isArray(value)} ${JSON.stringify(value)}`;
    return Object.is(value, -0) ? "-0" : `${typeof value} ${String(value)}`;
  };
  try {
    return find().map(show);
  } catch (error) {
    return [String(error)];
  }
}

function check(reader: PathReader, paths: readonly Path[], bytes: Uint8Array): void {
  view.load(bytes);
  const found = said(() => reader.read(view));
  const expected = said(() => {
    const json = view.json() as unknown;
    return paths.map((path) => valueAt(json, path));
  });
  assert.deepEqual(found, expected, Buffer.from(bytes).toString());
}

const names = ["a", "b", "ab", "", "__proto__", "length", "é", "\ufffd", "0"] as const;
/** The same ones again and again, so that paths are met, and names are there twice. */
const common = fc.constantFrom("a", "b");
const name = fc.oneof({ weight: 3, arbitrary: common }, fc.constantFrom(...names));
const step = fc.oneof({ weight: 3, arbitrary: name }, fc.nat(2));
const paths = fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 5 });
const key = fc.tuple(name, fc.nat(12)).map(([name, n]) => stringText(name, n === 0));
const blank = fc.constantFrom("", "", "", " ", "\t");
const record = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "record" },
    {
      weight: 1,
      arbitrary: fc.oneof(numberText, fc.constantFrom("-0", "null", "true", '"x"', '"\\u00e9"', '"é"'), jsonText),
    },
    { weight: 2, arbitrary: tie("object") },
    { weight: 1, arbitrary: tie("list") },
  ),
  list: fc
    .array(fc.tuple(blank, tie("value"), blank), { maxLength: 3 })
    .map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
  object: fc
    .array(fc.tuple(blank, key, blank, tie("value")), { maxLength: 4 })
    .map((members) => `{${members.map(([a, name, b, value]) => `${a}${name}${b}:${b}${value}${a}`).join(",")}}`),
})).value;

describe("values read by their paths", () => {
  it("are those of JSON.parse, in any record, damaged ones too", () => {
    const records = fc.array(fc.tuple(record, fc.option(damaged, { freq: 4 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(paths, records, (paths, records) => {
        const reader = new PathReader(paths);
        for (const [text, damage] of records) {
          const bytes = Buffer.from(text);
          check(reader, paths, damage === null ? bytes : damage(bytes));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("are the last of their name, and only own ones", () => {
    const paths: readonly Path[] = [["a"], ["a", "b"], ["a", 1], ["a", "b", 0], ["constructor"], ["é"], ["\ufffd"]];
    const reader = new PathReader(paths);
    for (const text of [
      '{"a":{"b":[1,2]},"c":[{"a":5}]}',
      '{"a":{"b":1},"a":7}',
      '{"a":{"b":1,"b":[3]}}',
      '{"\\u0061":{"b":[1]},"a":2}',
      '{"a":["x",{"b":2}]}',
      '{"é":1,"\\u00e9":2}',
      "[]",
      "{}",
      "5",
      "null",
      '"a"',
      "",
      "{",
      '{"a":1}}',
      '{"c":[1,],"a":1}',
      '{"a":01}',
      '{"a":"\t"}',
      '{"c":"\\x"}',
    ]) {
      check(reader, paths, Buffer.from(text));
    }
    check(
      reader,
      paths,
      Buffer.concat([
        Buffer.from('{"'),
        Buffer.from([0xc3]),
        Buffer.from('":1,"a":"'),
        Buffer.from([0xff]),
        Buffer.from('"}'),
      ]),
    );
  });

  it("may lie within one another", () => {
    const paths: readonly Path[] = [["a"], ["a", "b"], ["a", "b", 0], ["a"]];
    const reader = new PathReader(paths);
    view.load('{"a":{"b":["x"]}}');
    assert.deepEqual(reader.read(view), [{ b: ["x"] }, ["x"], "x", { b: ["x"] }]);
    view.load("{}");
    assert.deepEqual(reader.read(view), [undefined, undefined, undefined, undefined]);
  });

  it("are never one another's, however many there are", () => {
    const reader = new PathReader([["a"]]);
    const texts = Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? `${i}é` : `${"x".repeat(i % 40)}${i % 100}`));
    for (const a of [...texts, ...texts])
      assert.deepEqual(reader.read({ bytes: Buffer.from(JSON.stringify({ a })), json: assert.fail }), [a]);
  });

  it("cost no text and no object of the record", () => {
    const reader = new PathReader([["info", "OS"]]);
    const bytes = Buffer.from('{"x":[1,{"y":"\\n"}],"info":{"OS":"WINNT"}}');
    assert.deepEqual(reader.read({ bytes, json: () => assert.fail("parsed") }), ["WINNT"]);
  });
});
