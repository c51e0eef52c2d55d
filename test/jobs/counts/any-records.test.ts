/**
 * That `counts`, which reads paths from bytes, counts what `JSON.parse` and a map count, as an executor runs it: any records, in
 * any pieces. Each form of JSON comes at the path itself and beside it, and it is counted how often no record was parsed for it.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Execution } from "../../../executor/core/execution.ts";
import { loadAnalysis } from "../../../executor/core/load.ts";
import counts from "../../../jobs/counts/index.ts";
import { PathReader } from "../../../shared/records/path-reader.ts";
import { Pairs, block } from "../../executor/core/fixtures.ts";
import { jsonText, stringText } from "../../shared/records/json-texts.ts";

interface Counted {
  readonly counts: Readonly<Record<string, string>>;
  readonly records: number;
  readonly rejected: Readonly<Record<string, number>>;
}

const by = "$.a,$.b[1].c";
const paths = [["a"], ["b", 1, "c"]] as const;

/** By the product's way: pieces of a block into drained pairs. */
function counted(records: string, pieces: Iterable<Uint8Array>): Counted {
  const loaded = loadAnalysis({ default: counts }, { by }, [], () => new Uint8Array());
  const options = {
    loaded,
    records,
    leftOut: [],
    log: () => undefined,
    overwrite: true,
    checkpointStateBytes: 2 ** 20,
  };
  const execution = new Execution(options);
  execution.beginBlock(block(0));
  // A piece is gone when the next one comes.
  for (const piece of pieces) {
    const own = Buffer.from(piece);
    execution.chunk(own);
    own.fill(0x2c);
  }
  const report = execution.endBlock();
  const pairs = new Pairs();
  execution.drain(pairs);
  return { counts: Object.fromEntries(pairs.list), records: report.records, rejected: report.rejected };
}

function shown(value: unknown): string {
  if (value === undefined) return "(none)";
  return (
    typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value)
  ).toWellFormed();
}

function member(value: unknown, name: string | number): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value) !== (typeof name === "number"))
    return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown;
}

/** By `JSON.parse` of each record and a map. */
function naive(records: readonly Uint8Array[]): Counted {
  const found: Record<string, string> = {};
  let rejected = 0;
  for (const bytes of records) {
    let json: unknown;
    try {
      json = JSON.parse(Buffer.from(bytes).toString());
    } catch {
      rejected++;
      continue;
    }
    const values = [member(json, "a"), member(member(member(json, "b"), 1), "c")].map(shown);
    const escaped = values.map((value) =>
      value.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n"),
    );
    const key = ["p", ...escaped].join("\t");
    found[key] = String(Number(found[key] ?? 0) + 1);
  }
  return { counts: found, records: records.length, rejected: rejected === 0 ? {} : { "invalid-json": rejected } };
}

const lineEnd = Buffer.from("\n");

function streamOf(format: string, records: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    records.flatMap((bytes, i) => [Buffer.from(format === "telemetry" ? `id-${i}\t` : ""), bytes, lineEnd]),
  );
}

function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** Values by the form that they show. Latin-1, so that bytes which are no UTF-8 can be among them. */
const forms: Readonly<Record<string, fc.Arbitrary<string>>> = {
  whole: fc.integer().map(String),
  float: fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((number) => number.toFixed(7)),
  exponent: fc.tuple(fc.integer(), fc.constantFrom("e", "E+", "e-"), fc.nat(330)).map((parts) => parts.join("")),
  huge: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  "minus zero": fc.constantFrom("-0", "-0.0", "-0e1"),
  null: fc.constant("null"),
  literal: fc.constantFrom("true", "false"),
  text: fc
    .oneof(fc.constantFrom("Linux", "WINNT", ""), fc.string({ maxLength: 40 }))
    .map((text) => JSON.stringify(text)),
  escapes: fc.string({ minLength: 1, maxLength: 4 }).map((text) => stringText(text, true)),
  "invalid UTF-8": fc.constantFrom('"\xff"', '"a\xc3"', '"\xed\xa0\x80b"', '"\xf0\x9f\x98"'),
  "empty list": fc.constantFrom("[]", "[ ]", "{}"),
  nested: fc.constantFrom("[[1,[2]],[]]", '[0,{"c":[7]}]', '{"c":{"c":1}}', "[[],[null]]"),
  // Longer ones are too long to count by.
  any: jsonText.filter((text) => text.length < 400),
};
const formNames = Object.keys(forms);
const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
const inForm = (form: string): fc.Arbitrary<string> =>
  (forms[form] ?? fc.constant("")).map((text) => (form === "invalid UTF-8" ? text : latin1(text)));

/** What the reader leaves to `record.json()`; the last ones are damaged. */
const oddities: Readonly<Record<string, string>> = {
  "escaped name": String.raw`,"\u0061":1`,
  "escaped name beside": String.raw`,"\u007a":1`,
  "duplicate name": ',"a":{"b":2},"a":[3]',
  "duplicate name within": ',"b":[0,{"c":1,"c":2}]',
  damage: ',"z":[1,]',
  "bytes that are no JSON": ',"z":\xff',
};
const oddNames = Object.keys(oddities);

interface Made {
  readonly form: string;
  readonly bytes: Buffer;
}
const blank = fc.constantFrom("", "", " ", "\t", "\r", "  ");
const good: fc.Arbitrary<Made> = fc.constantFrom(...formNames).chain((form) =>
  fc.tuple(inForm(form), inForm(form), jsonText.map(latin1), fc.nat(3), blank).map(([a, c, z, place, space]) => {
    const members = [`"b"${space}:[0,{"c":${c}${space}}]`, `"z":${space}${z}`, '"\xc3\xa9":0'];
    members.splice(place, 0, `"a":${space}${a}`);
    return { form, bytes: Buffer.from(`${space}{${members.join(`${space},`)}}${space}`, "latin1") };
  }),
);
const odd: fc.Arbitrary<Made> = fc.constantFrom(...oddNames).map((form) => {
  const text = `{"a":1,"b":[0,{"c":2}]${oddities[form] ?? ""}}`;
  return { form, bytes: Buffer.from(text, "latin1") };
});
const made = fc.array(fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: odd }), {
  minLength: 1,
  maxLength: 8,
});
const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });

/** Records of each form, of some 4,000. */
const leastOfForm = 40;

describe("counts of any records", () => {
  for (const format of ["ndjson", "telemetry"]) {
    it(`are those of JSON.parse and a map, in any pieces, of ${format}`, () => {
      const byPath = new Map<string, number>();
      const parsed = new Map<string, number>();
      fc.assert(
        fc.property(made, sizes, (made, sizes) => {
          const records = made.map(({ bytes }) => bytes);
          assert.deepEqual(counted(format, cut(streamOf(format, records), sizes)), naive(records));
          const reader = new PathReader(paths);
          for (const { form, bytes } of made) {
            let by = byPath;
            reader.read({ bytes, json: () => ((by = parsed), null) });
            by.set(form, (by.get(form) ?? 0) + 1);
          }
        }),
        { numRuns: 1_000 },
      );
      for (const form of formNames) {
        assert.ok((byPath.get(form) ?? 0) >= leastOfForm, `${form}: ${byPath.get(form) ?? 0} were read by their paths`);
        assert.equal(parsed.get(form) ?? 0, 0, form);
      }
      for (const form of oddNames)
        assert.ok((parsed.get(form) ?? 0) >= leastOfForm, `${form}: ${parsed.get(form) ?? 0}`);
    }).timeout(60_000);

    it(`are the same wherever the stream is cut, of ${format}`, () => {
      const texts = [
        '{"a":-12.5e-3,"b":[0,{"c":[1,[2,{}],[]]}]}',
        ' {"b":[ 0 , {"c" :"\xff\xc3"}],"a":"\xc3\xa9\\u0041"} ',
        String.raw`{"\u0061":1,"a":-0,"b":[null,{"c":123456789012345678901234567890}]}`,
        '{"a":1,"a":{"a":2},"b":[[],{"c":1,"c":null}]}',
        '{"a":01}',
        '{"a":"cut off',
        "null",
        '{"a":"same","b":[0,{"c":"same"}]}',
        '{"a":"same","b":[0,{"c":"same"}]}',
      ];
      const records = texts.map((text) => Buffer.from(text, "latin1"));
      const expected = naive(records);
      assert.deepEqual(expected.rejected, { "invalid-json": 2 });
      const stream = streamOf(format, records);
      for (let at = 0; at <= stream.length; at++) {
        const pieces = [stream.subarray(0, at), stream.subarray(at)];
        assert.deepEqual(counted(format, pieces), expected, `cut at ${at}`);
      }
      for (const size of [1, 2, 3, 7]) assert.deepEqual(counted(format, cut(stream, [size])), expected);
    });
  }
});
