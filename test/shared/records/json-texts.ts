/** JSON as text, written in every way that is allowed and in some that are not: what fast readers are held against. */
import * as fc from "fast-check";

/** Numbers as JSON may write them, and as it may not. */
export const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.nat(30).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((number) => number.toPrecision(17)),
  fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 19n }), fc.nat(24)).map(([digits, scale]) => {
    const text = String(digits).padStart(scale + 1, "0");
    return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
  }),
  fc.tuple(fc.integer(), fc.constantFrom("e", "E", "e+", "e-"), fc.nat(330)).map((parts) => parts.join("")),
  fc.constantFrom(
    "-0",
    "-1",
    "9007199254740993",
    "-9007199254740993",
    "123456789012345678901234567890",
    "1e999",
    "-1e301",
  ),
  fc.constantFrom(
    "0.1",
    "5e-324",
    "2.2250738585072011e-308",
    "1.7976931348623159e308",
    "0.000000",
    "-0.0",
    "1e23",
    "1E400",
  ),
  fc.constantFrom("999999999", "9999999999", "999999999999999999", "9999999999999999999", "9007199254740992.5"),
  fc.constantFrom("01", "1.", ".5", "+1", "1e", "-", "0x1", "--1", "00", "-01", "1 2"),
);

const blank = fc.constantFrom("", "", "", "", " ", "\t", "  ", "\r");
const goodNumber = numberText.filter((text) => {
  try {
    return typeof JSON.parse(text) === "number";
  } catch {
    return false;
  }
});

/** A string as it may be written: plain, or with escapes that need not be. */
export function stringText(text: string, escapeFirst: boolean): string {
  const plain = JSON.stringify(text);
  if (!escapeFirst || text === "") return plain;
  const code = text.charCodeAt(0).toString(16).padStart(4, "0");
  return `"\\u${code}${JSON.stringify(text.slice(1)).slice(1)}`;
}

const string = fc
  .tuple(fc.oneof(fc.string(), fc.string({ unit: "binary" })), fc.boolean())
  .map((parts) => stringText(...parts));

/** Objects and lists, nested, with blanks anywhere and names that may be there twice. */
export const jsonText: fc.Arbitrary<string> = fc
  .letrec<{ value: string; list: string; object: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthIdentifier: "json" },
      goodNumber,
      string,
      fc.constantFrom("true", "false", "null", "[]", "{}", "[0,0,0,0,0,0,0,0,1]"),
      tie("list"),
      tie("object"),
    ),
    list: fc
      .array(fc.tuple(blank, tie("value"), blank), { maxLength: 6 })
      .map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
    object: fc
      .array(fc.tuple(blank, string, blank, fc.constant(":"), blank, tie("value"), blank), { maxLength: 6 })
      .map((members) => `{${members.map((member) => member.join("")).join(",")}}`),
  }))
  .value.filter((text) => text.startsWith("[") || text.startsWith("{"));

/** One byte changed, left out or put in. */
export const damaged: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .tuple(
    fc.nat(),
    fc.constantFrom("change", "remove", "insert"),
    fc.oneof(fc.nat(255), fc.constantFrom(...'",:[]{}0-.e\\'.split("").map((c) => c.charCodeAt(0)))),
  )
  .map(([place, what, byte]) => (bytes) => {
    const at = place % (bytes.length + 1);
    const rest = bytes.subarray(what === "insert" ? at : at + 1);
    return Buffer.concat([bytes.subarray(0, at), what === "remove" ? Buffer.alloc(0) : Buffer.from([byte]), rest]);
  });
