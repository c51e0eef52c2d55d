/**
 * Merging values of the histogram aggregate as bytes: sums are added element by element into two doubles, and what these do not
 * hold into exact sums, whose canonical form depends on the mathematical sum alone. So the order of adding does not show, and the
 * result is to the byte what `mergeValues` gives. What is neither an array of sums nor a count is left to it.
 */
import { Buffer } from "node:buffer";
import type { EncodedValues } from "../analysis.ts";
import { EXACT_DIGITS_MAX, INTEGER_BYTES_MAX, mergeIntegers, writeInteger } from "../encoded-integers.ts";
import type { Exact } from "../exact-sum.ts";
import { ExactSum, addExact, sumError } from "../exact-sum.ts";
import { DecimalReader } from "./decimal.ts";

const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const BRACE = 0x7b;
const NULL = Buffer.from("null");

/** Sums of numbers below this are far from overflow. */
const PLAIN_MAX = 2 ** 900;

/** Room for an array of usual size; it grows. */
const FIRST_ELEMENTS = 1_024;
const FIRST_BYTES = 16 * 1_024;

/** As `Analysis.mergeEncoded`. */
export function mergeEncoded(values: EncodedValues): Uint8Array | null {
  const first = values.bytes(0)[values.start(0)];
  if (first === OPEN) return sums.merge(values);
  return first === BRACE ? sameOf(values) : mergeIntegers(values);
}

/** Of builds that are all the same one, that one; null when they differ. */
function sameOf(values: EncodedValues): Uint8Array | null {
  const bytes = values.bytes(0);
  const start = values.start(0);
  const length = values.end(0) - start;
  for (let i = 1; i < values.count; i++) {
    const other = values.bytes(i);
    const otherStart = values.start(i);
    if (values.end(i) - otherStart !== length) return null;
    for (let at = 0; at < length; at++) if (bytes[start + at] !== other[otherStart + at]) return null;
  }
  return bytes.subarray(start, start + length);
}

/** The state of one merge; used again for the next. */
class EncodedSums {
  /** Of each element the sum as exactly as a double tells it, and what that one lacks. */
  #high = new Float64Array(FIRST_ELEMENTS);
  #low = new Float64Array(FIRST_ELEMENTS);
  /** What both lack. */
  readonly #rest: (ExactSum | undefined)[] = Array.from({ length: FIRST_ELEMENTS }, () => undefined);
  /** How many values had null there. */
  #nulls = new Int32Array(FIRST_ELEMENTS);
  /** Elements from here on are as they were made. */
  #used = 0;
  /** Where the last number that was read ends. */
  #position = 0;
  readonly #decimals = new DecimalReader();
  #out = Buffer.allocUnsafe(FIRST_BYTES);

  merge(values: EncodedValues): Uint8Array | null {
    this.#high.fill(0, 0, this.#used);
    this.#low.fill(0, 0, this.#used);
    this.#rest.fill(undefined, 0, this.#used);
    this.#nulls.fill(0, 0, this.#used);
    this.#used = 0;
    let length = -1;
    for (let i = 0; i < values.count; i++) {
      const elements = this.#add(values.bytes(i), values.start(i), values.end(i));
      if (elements < 0 || (i > 0 && elements !== length)) return null;
      length = elements;
    }
    return this.#written(length, values.count);
  }

  /** Adds one array; answers how many elements it has, or -1 when it is not what sums look like. */
  #add(bytes: Uint8Array, start: number, end: number): number {
    if (bytes[start] !== OPEN) return -1;
    // An element has a byte, and one behind it.
    this.#makeRoom((end - start) >> 1);
    const highs = this.#high;
    let element = 0;
    for (let position = start + 1; ; position++) {
      // Most elements are 0.
      while (bytes[position] === ZERO && bytes[position + 1] === COMMA) {
        position += 2;
        element += 1;
      }
      const begin = position;
      let byte = bytes[position] as number;
      let number = 0;
      while (byte >= ZERO && byte <= NINE) {
        number = number * 10 + (byte - ZERO);
        byte = bytes[++position] as number;
      }
      const digits = position - begin;
      if (digits > 0 && digits <= EXACT_DIGITS_MAX && (byte === COMMA || byte === CLOSE)) {
        const high = highs[element] as number;
        const sum = high + number;
        highs[element] = sum;
        const error = sumError(high, number, sum);
        if (error !== 0) this.#addLow(element, error);
      } else if (!this.#addOther(element, bytes, begin)) return -1;
      else {
        position = this.#position;
        byte = bytes[position] as number;
      }
      element += 1;
      if (byte === COMMA) continue;
      this.#used = Math.max(this.#used, element);
      return byte === CLOSE && position === end - 1 ? element : -1;
    }
  }

  /** Null, a number with a fraction or a sign, an exact sum of several; false for anything else. */
  #addOther(element: number, bytes: Uint8Array, start: number): boolean {
    this.#used = Math.max(this.#used, element + 1);
    let position = start;
    if (bytes[position] === NULL[0]) {
      for (const byte of NULL) if (bytes[position++] !== byte) return false;
      (this.#nulls[element] as number) += 1;
      this.#position = position;
      return true;
    }
    if (bytes[position] !== OPEN) return this.#addNumber(element, bytes, position);
    do {
      if (!this.#addNumber(element, bytes, position + 1)) return false;
      position = this.#position;
    } while (bytes[position] === COMMA);
    this.#position = position + 1;
    return bytes[position] === CLOSE;
  }

  #addNumber(element: number, bytes: Uint8Array, start: number): boolean {
    let number = this.#decimals.read(bytes, start);
    let { end } = this.#decimals;
    if (Number.isNaN(number)) {
      end = start;
      for (let byte = bytes[end]; byte !== COMMA && byte !== CLOSE; byte = bytes[++end])
        if (byte === undefined) return false;
      number = numberOf(bytes, start, end);
    }
    this.#position = end;
    // Far from overflow, or the errors of additions are not exact. What is larger is no measurement.
    if (!(number < PLAIN_MAX && number > -PLAIN_MAX)) return false;
    const high = this.#high[element] as number;
    const sum = high + number;
    this.#high[element] = sum;
    const error = sumError(high, number, sum);
    if (error !== 0) this.#addLow(element, error);
    return true;
  }

  #addLow(element: number, number: number): void {
    const low = this.#low[element] as number;
    const sum = low + number;
    this.#low[element] = sum;
    const error = sumError(low, number, sum);
    if (error !== 0) (this.#rest[element] ??= new ExactSum()).add(error);
  }

  #written(length: number, values: number): Uint8Array {
    let at = 0;
    for (let element = 0; element < length; element++) {
      this.#reserve(at + INTEGER_BYTES_MAX + 2);
      this.#out[at++] = element === 0 ? OPEN : COMMA;
      const high = this.#high[element] as number;
      const isWhole = this.#low[element] === 0 && Number.isSafeInteger(high);
      if (this.#nulls[element] === values) at = this.#writeJson(at, null);
      else if (isWhole && this.#rest[element] === undefined) at = writeInteger(this.#out, at, high);
      else at = this.#writeJson(at, this.#sumOf(element));
    }
    this.#out[at++] = CLOSE;
    return this.#out.subarray(0, at);
  }

  #sumOf(element: number): Exact {
    const sum = this.#rest[element];
    // Of two numbers the form is known at once.
    if (sum === undefined) return addExact(this.#high[element] as number, this.#low[element] as number);
    sum.add(this.#high[element] as number);
    sum.add(this.#low[element] as number);
    return sum.value();
  }

  #writeJson(at: number, value: Exact | null): number {
    const text = JSON.stringify(value);
    this.#reserve(at + text.length + 1);
    return at + this.#out.write(text, at, "latin1");
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#out.length) return;
    const grown = Buffer.allocUnsafe(2 * bytes);
    this.#out.copy(grown);
    this.#out = grown;
  }

  #makeRoom(elements: number): void {
    const before = this.#high.length;
    if (elements <= before) return;
    const [high, low, nulls] = [this.#high, this.#low, this.#nulls];
    this.#high = new Float64Array(2 * elements);
    this.#high.set(high);
    this.#low = new Float64Array(2 * elements);
    this.#low.set(low);
    this.#nulls = new Int32Array(2 * elements);
    this.#nulls.set(nulls);
    for (let element = before; element < 2 * elements; element++) this.#rest.push(undefined);
  }
}

/** By way of a text; NaN when it is no number. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", start, end);
  return text === "" ? NaN : Number(text);
}

const sums = new EncodedSums();
