/**
 * That each form which JSON may take in a ping is read as `JSON.parse` reads it, and that the pings which show it do go the way
 * that is looked at: most are right but for the one oddity that they hold, and it is counted how often the scan took each form
 * itself, and how often it left an oddity to the plain way. (Damaged pings are in scan.test.ts.)
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { HistogramAccumulator } from "../../../jobs/histograms/accumulator.ts";
import { PingScan } from "../../../jobs/histograms/ping-scan.ts";
import { jsonText, stringText } from "../../shared/records/json-texts.ts";
import { NO_INPUTS, outcome } from "./plainly.ts";

/** Bytes that are no UTF-8, as Latin-1: a lone continuation, a cut sequence, a surrogate, an overlong one. */
const notUtf8 = fc.constantFrom("\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf0\x9f\x98");
const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

const digits = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.nat(9), { minLength: length, maxLength: length })
    .map((list) => `${1 + ((list[0] ?? 0) % 9)}${list.slice(1).join("")}`);

/** Numbers that a histogram may hold: name of the form -> its texts. */
const numberForms = {
  zeros: fc.constantFrom("0,0", "0,0,0,0", "0,0,0,0,0", "0,0,0,0,0,0,0,0,0"),
  whole: fc.oneof(fc.nat(1e9).map(String), fc.integer({ min: 9, max: 16 }).chain(digits)),
  negative: fc.oneof(fc.constant("-1"), fc.integer({ min: -1e9, max: -1 }).map(String)),
  "minus zero": fc.constantFrom("-0", "-0.0", "-0e5"),
  float: fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }).map((number) => number.toFixed(9)),
    fc.double({ min: 1, max: 30, noNaN: true }).map((number) => number.toPrecision(17)),
    fc.tuple(digits(18), fc.nat(18)).map(([text, at]) => `${text.slice(0, at) || "0"}.${text.slice(at) || "0"}`),
  ),
  exponent: fc
    .tuple(fc.nat(999), fc.constantFrom("", ".5", ".125"), fc.constantFrom("e", "E", "e+", "e-", "E-"), fc.nat(290))
    .map((parts) => parts.join("")),
  huge: fc.oneof(
    fc.integer({ min: 16, max: 60 }).chain(digits),
    fc.constantFrom("-9007199254740993", "9007199254740993", "123456789012345678901234567890", "-1e300"),
  ),
} as const;
type NumberForm = keyof typeof numberForms;
const numberNames = Object.keys(numberForms) as NumberForm[];

/** Alike at their beginnings, at their ends, in their length; as short and as long as names are. */
const names = [
  "A",
  "B",
  "C",
  "GC_REASON_2",
  "GC_REASON_3",
  "GC_REASON_2_LONG",
  "ab-c.d",
  "EIGHTCHR",
  "EIGHTCHS",
  "x".repeat(90),
  `${"x".repeat(89)}y`,
];

interface Part {
  readonly text: string;
  readonly forms: readonly string[];
}

const blank = fc.constantFrom("", "", "", " ", "\t", "\r\n", "  ");
const number: fc.Arbitrary<Part> = fc
  .constantFrom(...numberNames)
  .chain((form) => numberForms[form].map((text) => ({ text, forms: [form] })));
const list: fc.Arbitrary<Part> = fc
  .array(fc.tuple(blank, number, blank), { minLength: 5, maxLength: 9 })
  .map((items) => ({
    text: `[${items.map(([a, { text }, b]) => a + text + b).join(",")}]`,
    forms: items.flatMap(([a, { forms }, b]) => (a + b === "" ? forms : [...forms, "whitespace"])),
  }));

/** What the scan passes over: any JSON, and strings that are no UTF-8. */
const beside: fc.Arbitrary<Part> = fc.oneof(
  jsonText.map((text) => ({ text: latin1(text), forms: ["anything beside"] })),
  notUtf8.map((bytes) => ({ text: `"a${bytes}b"`, forms: ["invalid UTF-8 beside"] })),
  fc
    .constantFrom("null", "[]", "[[],[[null,-0]]]", "{}")
    .map((text) => ({ text, forms: ["null, empty, nested beside"] })),
);

/** One thing that the scan leaves to the plain way: members of `histograms`, put among the good ones. */
const oddities: Readonly<Record<string, readonly string[]>> = {
  "escaped name": [String.raw`"\u0041":[1,0,0,0,0,7]`, String.raw`"GC\u005fREASON_2":[1,0,0,0,0,7]`],
  "duplicate name": ['"A":[1,0,0,0,0,7],"A":[2,0,0,0,0,7]', '"GC_REASON_2":[1,0,0,0,0,7],"GC_REASON_2":null'],
  "nested array": ['"N":[[1],0,0,0,0,0]', '"N":[[1,2,3,4,5,6]]', '"N":[0,0,0,0,0,[]]'],
  null: ['"N":null', '"N":[null,0,0,0,0,0]', '"N":[0,0,0,0,0,null]'],
  "empty array": ['"N":[]', '"N":[ ]'],
  "too short": ['"N":[1,2,3,4]'],
  "too large": ['"N":[1e301,0,0,0,0,0]', '"N":[1e999,0,0,0,0,0]', `"N":[${"9".repeat(310)},0,0,0,0,0]`],
  "no list": ['"N":5', '"N":"x"', '"N":{"0":1}', '"N":true'],
  "name that is no ASCII": [latin1('"Ä":[1,0,0,0,0,7]'), '"A\xff":[1,0,0,0,0,7]', '"\xed\xa0\x80":[1,0,0,0,0,7]'],
  "no measure's name": ['"":[1,0,0,0,0,7]', '"a/b":[1,0,0,0,0,7]', `"${"y".repeat(151)}":[1,0,0,0,0,7]`],
};
const oddNames = Object.keys(oddities);
const odd: fc.Arbitrary<Part> = fc
  .constantFrom(...oddNames)
  .chain((form) => fc.constantFrom(...(oddities[form] ?? [])).map((text) => ({ text, forms: [form] })));

interface Ping {
  readonly bytes: Buffer;
  readonly forms: ReadonlySet<string>;
}

const info = fc
  .tuple(fc.constantFrom("WINNT", "Linux", "é\\\\"), fc.nat(9), fc.constantFrom('"6.1"', "6.5"))
  .map(([os, n, version]) => `{"OS":${latin1(stringText(os, n === 0))},"version":${version},"more":[1],"arch":"x86"}`);
const simple = fc
  .uniqueArray(fc.tuple(fc.constantFrom("up", "main", "UP"), number), { selector: ([name]) => name })
  .map((members) =>
    members.map(([name, { text, forms }]) => ({ text: `"${name}":${text.split(",")[0] ?? ""}`, forms })),
  );
const measured = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), list, blank), {
  minLength: 1,
  maxLength: 5,
  selector: ([name]) => name,
});
const ping: fc.Arbitrary<Ping> = fc
  .tuple(info, measured, fc.option(odd, { freq: 3 }), simple, beside, blank, fc.nat(6))
  .map(([info, measured, odd, simple, beside, space, order]) => {
    const good = measured.map(([name, { text, forms }, blank]) => ({
      text: `"${name}"${blank}:${blank}${text}`,
      forms,
    }));
    const members = odd === null ? good : good.toSpliced(order % (good.length + 1), 0, odd);
    const sections = [
      `"info":${info}`,
      `"histograms":{${members.map(({ text }) => text).join(",")}}`,
      `"simpleMeasurements":{${simple.map(({ text }) => text).join(",")}}`,
      `"beside":${beside.text}`,
    ];
    const turned = [...sections.slice(order % 4), ...sections.slice(0, order % 4)];
    return {
      bytes: Buffer.from(`${space}{${turned.join(`,${space}`)}}${space}`, "latin1"),
      forms: new Set([...members, ...simple, beside].flatMap(({ forms }) => forms)),
    };
  });

/** Pings of each form, of 1,500 runs; a fifth of what comes on average. */
const leastOfForm = 40;

describe("each form of a ping", () => {
  it("gives what it gives by JSON.parse, and is read by the scan, or left to the plain way", () => {
    const scanned = new Map<string, number>();
    const left = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(ping, { minLength: 1, maxLength: 4 }), fc.constantFrom(-1, -1, 0, 5), (pings, hashMask) => {
        const records = pings.map(({ bytes }) => bytes);
        const expected = outcome(records, new HistogramAccumulator(NO_INPUTS, hashMask), true);
        assert.deepEqual(outcome(records, new HistogramAccumulator(NO_INPUTS, hashMask), false), expected);
        const scan = new PingScan(hashMask);
        for (const { bytes, forms } of pings) {
          const by = scan.read(bytes) ? scanned : left;
          for (const form of hashMask === -1 ? forms : [...forms, "colliding names"])
            by.set(form, (by.get(form) ?? 0) + 1);
        }
      }),
      { numRuns: 1_500 },
    );
    const besides = ["anything beside", "invalid UTF-8 beside", "null, empty, nested beside"];
    for (const form of [...numberNames, ...besides, "whitespace", "colliding names"])
      assert.ok((scanned.get(form) ?? 0) >= leastOfForm, `${form}: the scan read ${scanned.get(form) ?? 0}`);
    for (const form of oddNames) {
      assert.ok((left.get(form) ?? 0) >= leastOfForm, `${form}: ${left.get(form) ?? 0} went the plain way`);
      assert.equal(scanned.get(form) ?? 0, 0, `${form} is not the scan's`);
    }
  }).timeout(60_000);
});
