/**
 * Values as JSON, in one form: equal values are equal bytes, whoever made them and in whatever order.
 *
 *   objects: own enumerable string keys, sorted by UTF-16 units; no spaces; numbers and strings as JSON.stringify writes them
 *   (RFC 8785, but for lone surrogates, which stay as `\udXXX` escapes); -0 is 0
 *
 * What JSON would change silently is refused with the place where it is: NaN, infinities, undefined, functions, symbols,
 * bigints, holes, instances of classes (dates, maps, typed arrays), and integers beyond 2^53, which may have been rounded.
 */
import { Buffer } from "node:buffer";
import { messageOf, SpotfoldError } from "../errors.ts";
import { VALUE_BYTES_MAX } from "./format.ts";

/** Deeper values are a mistake (or a cycle), and would overflow the stack somewhere. */
const DEPTH_MAX = 200;

export interface EncodeOptions {
  /**
   * `refuse` (default): an integer beyond 2^53 was counted wrong, and is refused. `keep`: numbers are doubles that mean what
   * they say, however large; for values that do their own exact arithmetic.
   */
  readonly largeIntegers?: "refuse" | "keep";
}

/** The value as one line without TAB and LF. Throws `analysis-failed` (says where) or `limit` (16 MiB). */
export function encodeValue(value: unknown, { largeIntegers = "refuse" }: EncodeOptions = {}): string {
  const text = encode(value, largeIntegers === "keep", []);
  // A UTF-16 unit takes at most three bytes, so that short texts need not be counted.
  const bytes = text.length * 3 > VALUE_BYTES_MAX ? Buffer.byteLength(text) : 0;
  if (bytes > VALUE_BYTES_MAX) {
    throw new SpotfoldError("limit", `a value has ${bytes} bytes; at most ${VALUE_BYTES_MAX} are allowed`, {
      hint: "Use more keys with smaller values.",
    });
  }
  return text;
}

/** Throws `corrupt` for what is no JSON. */
export function decodeValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SpotfoldError("corrupt", `a value is not JSON: ${messageOf(error)}`, {
      context: { value: text.slice(0, 200) },
      cause: error,
    });
  }
}

type Path = (string | number)[];

/** `path` leads to `value`; it is the same array all the way, so that only errors pay for it. */
function encode(value: unknown, keepLarge: boolean, path: Path): string {
  if (typeof value === "number") return encodeNumber(value, keepLarge, path);
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value !== "object") throw refusal(`is ${typeof value}`, path);
  if (path.length >= DEPTH_MAX) throw refusal(`lies deeper than ${DEPTH_MAX} levels`, path.slice(0, 3));
  return Array.isArray(value) ? encodeArray(value, keepLarge, path) : encodeObject(value, keepLarge, path);
}

function encodeNumber(value: number, keepLarge: boolean, path: Path): string {
  if (!Number.isFinite(value)) throw refusal(`is ${value}`, path);
  if (!keepLarge && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw refusal(`is ${value}, an integer beyond 2^53`, path);
  }
  // Of -0 this makes 0.
  return String(value + 0);
}

function encodeArray(value: readonly unknown[], keepLarge: boolean, path: Path): string {
  // Most values are counts. JSON.stringify is twice as fast on these, and has nothing to change in them.
  if (isCounts(value)) return JSON.stringify(value);
  let text = "[";
  for (let i = 0; i < value.length; i++) {
    path.push(i);
    text += i === 0 ? encode(value[i], keepLarge, path) : `,${encode(value[i], keepLarge, path)}`;
    path.pop();
  }
  return `${text}]`;
}

/** By index: `every` would not see holes. */
function isCounts(value: readonly unknown[]): boolean {
  for (let i = 0; i < value.length; i++) if (!Number.isSafeInteger(value[i])) return false;
  return true;
}

function encodeObject(value: object, keepLarge: boolean, path: Path): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw refusal("is an instance of a class", path);
  const parts = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => {
      path.push(name);
      const text = `${JSON.stringify(name)}:${encode(member, keepLarge, path)}`;
      path.pop();
      return text;
    });
  return `{${parts.join(",")}}`;
}

function refusal(what: string, path: Path): SpotfoldError {
  const where = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
  const place = where === "" ? "the value itself" : `the value's ${where}`;
  return new SpotfoldError("analysis-failed", `a value cannot be stored as JSON: ${place} ${what}`, {
    hint: "Give plain arrays, objects, strings and finite numbers, or let the analysis bring `encode` and `decode`.",
    context: { at: where },
  });
}
