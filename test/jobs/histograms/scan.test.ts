/** That pings read from their bytes give what pings read by `JSON.parse` give: the same pairs, the same rejections, always. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Execution } from "../../../executor/core/execution.ts";
import { loadAnalysis } from "../../../executor/core/load.ts";
import type { RecordView } from "../../../jobs/analysis.ts";
import { HistogramAccumulator } from "../../../jobs/histograms/accumulator.ts";
import histograms from "../../../jobs/histograms/index.ts";
import { PingScan } from "../../../jobs/histograms/ping-scan.ts";
import { keyOf, valueOf } from "../../../shared/segment/entry.ts";
import { damaged, jsonText, numberText, stringText } from "../../shared/records/json-texts.ts";
import { DIMENSIONS } from "./dimensions.ts";
import { NOTHING, NO_INPUTS, outcome, plainly } from "./plainly.ts";

function same(records: readonly Uint8Array[], hashMask = -1): void {
  const plain = outcome(records, new HistogramAccumulator(NO_INPUTS), true);
  assert.deepEqual(outcome(records, new HistogramAccumulator(NO_INPUTS, hashMask), false), plain);
}

const name = fc.constantFrom(
  "A",
  "B",
  "C",
  "GC_REASON_2",
  "GC_REASON_3",
  "x.y-z",
  "a/b",
  "Ä",
  "",
  "__proto__",
  "a_b",
  "y".repeat(151),
);
const key = fc
  .tuple(
    name,
    fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
  )
  .map((parts) => stringText(...parts));
const blank = fc.constantFrom("", "", "", "", "", " ", "\n", "\t");
const zeros = fc.constantFrom("0", "0,0,0", "0,0,0,0,0,0,0,0,0", "0, 0, 0, 0");
const numbers = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: zeros },
      fc.nat(99).map(String),
      fc.constantFrom("-1", "3.141592653589793"),
      numberText,
    ),
    {
      minLength: 4,
      maxLength: 9,
    },
  )
  .map((items) => `[${items.join(",")}]`);
const odd = fc.oneof(
  fc.constantFrom("[]", "null", "-0", "[[1,2,3,4,5,6]]", "[1,2,3,4,null]", "{}", '"x"', "[1e999,0,0,0,0,0]"),
  jsonText,
);
const histogram = fc.oneof({ weight: 9, arbitrary: numbers }, odd);
const sub = fc.oneof(numberText, fc.constantFrom('"x"', "{}", "null"), odd);

function object(member: fc.Arbitrary<readonly [string, string]>, maxLength: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(fc.tuple(blank, member, blank), { maxLength }), blank)
    .map(([members, last]) => `{${members.map(([a, [k, v], b]) => `${a}${k}${b}:${b}${v}${a}`).join(",")}${last}}`);
}

const text = fc.oneof(fc.constantFrom("WINNT", "Linux", "3.11.0-12", "\ud800", "é"), fc.string({ maxLength: 5 }));
const infoValue = fc.oneof(
  fc.tuple(text, fc.constant(false)).map((parts) => stringText(...parts)),
  fc.tuple(text, fc.boolean()).map((parts) => stringText(...parts)),
  fc.constantFrom("6.1", "null", "5", '"http://h.example/a/rev/0123456789ab"'),
);
const goodInfo = fc
  .tuple(
    fc.constantFrom('"WINNT"', '"Linux"'),
    fc.constantFrom('"6.1"', "6.5", '"3.2.0"'),
    fc.constantFrom("x86", "arm"),
  )
  .map(([os, version, arch]) => `{"OS":${os},"version":${version},"more":[1],"arch":"${arch}"}`);
const infoKey = fc.constantFrom("OS", "version", "arch", "revision", "\\u004fS", "other").map((name) => `"${name}"`);
const info = fc.oneof({ weight: 8, arbitrary: goodInfo }, object(fc.tuple(infoKey, infoValue), 7), odd);
const simple = object(fc.tuple(key, fc.oneof(numberText, sub, object(fc.tuple(key, sub), 3))), 5);
const section = fc.oneof(
  fc.tuple(fc.constant('"histograms"'), fc.oneof({ weight: 9, arbitrary: object(fc.tuple(key, histogram), 8) }, odd)),
  fc.tuple(fc.constant('"simpleMeasurements"'), fc.oneof({ weight: 9, arbitrary: simple }, odd)),
  fc.tuple(fc.constantFrom('"ver"', '"more"', '"h\\u0069stograms"', '"info"'), fc.oneof(jsonText, numberText)),
);
const ping = fc
  .tuple(info, fc.array(section, { maxLength: 4 }), fc.nat(4), fc.option(damaged, { freq: 4 }))
  .map(([info, sections, place, damage]) => {
    const members = sections.map(([name, value]) => `${name}:${value}`);
    members.splice(place, 0, `"info":${info}`);
    const bytes = Buffer.from(`{${members.join(",")}}`);
    return damage === null ? bytes : damage(bytes);
  });
const pings = fc.array(ping, { minLength: 1, maxLength: 5 });

function record(histograms: string, more = ""): Buffer {
  return Buffer.from(`{"info":{"OS":"WINNT","version":"6.1","arch":"x86"},"histograms":${histograms}${more}}`);
}

describe("pings read from their bytes", () => {
  it("give what they give by JSON.parse", () => {
    fc.assert(
      fc.property(pings, (records) => same(records)),
      { numRuns: 1000 },
    );
  });

  it("give it however names collide", () => {
    fc.assert(
      fc.property(pings, fc.constantFrom(0, 1, 4), (records, hashMask) => same(records, hashMask)),
      { numRuns: 500 },
    );
    const many = Array.from({ length: 200 }, (_, i) => `"M${i}":[${i},0,0,0,0,1]`);
    same([record(`{${many.join(",")}}`), record(`{${many.toReversed().join(",")}}`)], 0);
  });

  it("are nearly all read so", () => {
    const scan = new PingScan(-1);
    const good = fc.array(
      fc.tuple(
        fc.constantFrom("A", "B", "C", "D"),
        fc.array(fc.oneof(fc.nat(), fc.double({ noNaN: true })), { minLength: 5 }),
      ),
    );
    fc.assert(
      fc.property(good, (histograms) => {
        const json = {
          info: { OS: "WINNT" },
          histograms: Object.fromEntries(histograms),
          simpleMeasurements: { a: 1, b: { c: -0.5 } },
        };
        const small = JSON.stringify(json, (_, value: unknown) =>
          typeof value === "number" && Math.abs(value) > 1e300 ? 1 : value,
        );
        assert.equal(scan.read(Buffer.from(small)), true, small);
        assert.equal(scan.histograms, Object.keys(json.histograms).length);
        assert.equal(scan.simples, 2);
      }),
    );
  });

  it("are left alone when they are long, before there is room for their numbers", () => {
    const scan = new PingScan(-1);
    const room = scan.numbers.bytes;
    const short = record('{"A":[1,0,0,0,0,1]}');
    const padded = (bytes: number): Buffer => Buffer.concat([short, Buffer.alloc(bytes - short.length, " ")]);
    assert.equal(scan.read(padded(32 * 1024 * 1024)), false);
    assert.equal(scan.read(padded(4 * 1024 * 1024 + 1)), false);
    assert.equal(scan.numbers.bytes, room);
    assert.equal(scan.read(short), true);
    assert.equal(scan.read(padded(4 * 1024 * 1024)), true);
    assert.ok(scan.numbers.bytes <= 25 * 1024 * 1024);
    same([padded(4 * 1024 * 1024 + 1), short]);
  });

  it("are as they are in every case that was thought of", () => {
    const cases: readonly (Buffer | string)[] = [
      record('{"A":[1,0,0,0,0,0],"\\u0041":[2,0,0,0,0,0]}'),
      record('{"A":[1,0,0,0,0,0],"A":[2,0,0,0,0,0]}'),
      record('{"A":[[1],0,0,0,0,0],"B":[1,0,0,0,0,0]}'),
      record(
        '{"A":[1.5,1e3,-2E-3,0.1,1e22,123456789.123456789],"B":[-5,-9007199254740993,123456789012345678901234567890,1,1,1]}',
      ),
      record('{"A":[ 1 ,\t0,0 , 0,0,0 ]\r}', '\n,"x" : [ ] '),
      record('{"A":null,"B":[],"C":[null,0,0,0,0,0],"D":[-0,-0,-0,-0,-0,-0]}'),
      record('{"A":[1,2,3,4],"B":[1,2,3,4,5],"C":5,"":[1,2,3,4,5],"a/b":[1,2,3,4,5]}'),
      record(`{"A":[${"0,".repeat(10_005)}0]}`),
      record("null"),
      record("[]"),
      record("{}", ',"histograms":{"A":[1,0,0,0,0,0]}'),
      record("{}", ',"info":{}'),
      record("{}", ',"simpleMeasurements":{"js":{"a":1},"js":5}'),
      record("{}", ',"simpleMeasurements":{"js":{"a":1},"js":{"b":2}}'),
      record("{}", ',"simpleMeasurements":{"a":1,"a":"x"}'),
      record("{}", ',"simpleMeasurements":{"a_b":1,"a":{"b":2}}'),
      record("{}", ',"simpleMeasurements":{"a":{"b":2,"b":null},"a/":7,"b":1e301,"c":-1,"d":-0,"é":1}'),
      record("{}", ',"deep":' + "[".repeat(300) + "]".repeat(300)),
      record("{}", ',"bad":[1,]'),
      record("{}", "}"),
      record('{"A":[1,0,0,0,0,0]}').subarray(0, -1),
      Buffer.concat([Buffer.from('{"'), Buffer.from([0xff]), Buffer.from('":1,'), record("{}").subarray(1)]),
      Buffer.concat([
        record("{}", ',"x":"').subarray(0, -1),
        Buffer.from([0xff, 0xc0, 0xed, 0xa0, 0x80]),
        Buffer.from('"}'),
      ]),
      '{"info":{"OS":"WI\\u004eNT","version":"6.1","arch":"x86"},"histograms":{"A":[1,0,0,0,0,0]}}',
      '{"info":{"OS":"WINNT","version":"6.1","arch":"x86","OS":"Linux"},"histograms":{"A":[1,0,0,0,0,0]}}',
      '{"info":{"OS":{"a":1},"version":"6.1","arch":"x86"}}',
      '{"info":{"OS":"WINNT","version":"6.1","arch":"x86","revision":null}}',
      `{"info":{"OS":"WINNT","version":"6.1","arch":"${"x".repeat(3000)}"}}`,
      '{"histograms":{"A":[1,0,0,0,0,0]}}',
      "",
      " ",
      "null",
      "[]",
      "5",
      '"x"',
      "{",
      "{}",
      "\ufeff{}",
    ];
    const good = record('{"A":[1,0,0,0,0,0],"B":[0,2,0,0,0,1]}', ',"simpleMeasurements":{"a":1,"js":{"a":2}}');
    for (const one of cases) same([good, Buffer.from(one), good, Buffer.from(one)]);
    same([good, ...cases.map((one) => Buffer.from(one)), good]);
  });

  it("give the same to a worker, wherever the stream is cut", () => {
    const records = [
      record('{"A":[1,0,0,0,0,12,-1,3.25,7],"B":[0,0,0,0,0,0]}', ',"simpleMeasurements":{"up":42}'),
      record('{"B":[0,0,0,0,0,5]}').subarray(0, -1),
      record('{"A":[1,0,0,0,0,12,-1,3.25,7],"A":[0,0,0,0,0,0]}'),
      record('{"C":[0,0,0,0,9,1]}'),
    ];
    const stream = Buffer.from(records.map((bytes, i) => `id-${i}\t${bytes.toString()}\n`).join(""));
    const plain = {
      ...histograms,
      accumulator: () => {
        const accumulator = new HistogramAccumulator(NO_INPUTS);
        return {
          add: (view: RecordView) => accumulator.add(plainly(view)),
          bytes: () => accumulator.bytes(),
          drain: () => accumulator.drain(),
        };
      },
    };
    const run = (analysis: typeof histograms, cut: number, overwrite: boolean): unknown => {
      const log: string[] = [];
      const pairs: string[] = [];
      const execution = new Execution({
        loaded: loadAnalysis({ default: analysis }, {}, [], () => NOTHING),
        records: "telemetry",
        leftOut: [],
        log: (line) => log.push(line),
        overwrite,
        checkpointStateBytes: 2 ** 20,
      });
      execution.beginBlock({ index: 0, key: "k", size: 1, etag: "e", dimensions: DIMENSIONS, partition: "p" });
      // What follows in memory must not matter.
      const pieces = [stream.subarray(0, cut), stream.subarray(cut)].map((part) =>
        Buffer.concat([part, Buffer.from("0,0,0]}")]),
      );
      for (const piece of pieces) execution.chunk(piece.subarray(0, piece.length - 7));
      const report = execution.endBlock();
      execution.drain({
        addText: (key, value) => void pairs.push(`${key}=${value}`),
        addFrom: (entry) => void pairs.push([keyOf(entry), valueOf(entry)].map((part) => Buffer.from(part)).join("=")),
      });
      return { report, log, pairs };
    };
    const expected = run(plain, 0, false);
    assert.equal((expected as { report: { records: number } }).report.records, 4);
    for (let cut = 0; cut <= stream.length; cut++) {
      assert.deepEqual(run(histograms, cut, cut % 2 === 1), expected, `cut at ${cut}`);
    }
  });
});
