/**
 * The text of published files as bytes, in one buffer that is used again: from a row's sums, or from their encoded bytes, which
 * are nearly the row already.
 *
 *   [1,0,[0.6,2.7e-17],null,3]  and filter id 5  ->  [1,0,0.6,-1,3,5]
 *
 * Numbers are taken over as they are written: `encodeValue` writes a double as `String` does. Of an exact sum the first number is
 * the double nearest to it.
 */
import { Buffer } from "node:buffer";
import { INTEGER_BYTES_MAX, writeInteger } from "../encoded-integers.ts";
import type { Sums } from "./value.ts";
import { MISSING, rowOf } from "./value.ts";

export const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const E = 0x65;
const PLUS = 0x2b;
const NULL = Buffer.from("null");
const MISSING_BYTES = Buffer.from(String(MISSING));

/** A file of usual size; it grows. */
const FIRST_BYTES = 64 * 1024;
/** Of a filter id with its comma and bracket. */
const ID_BYTES_MAX = INTEGER_BYTES_MAX + 2;
/** No UTF-16 unit has more bytes. */
const UNIT_BYTES_MAX = 3;
/** What `#element` answers when the bytes are none. */
const NONE = -1;

export class RowBytes {
  /** Bytes that are written. */
  length = 0;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  /** Where the element that was read last ends. */
  #read = 0;

  clear(): void {
    this.length = 0;
  }

  /** What lies between; valid until something else is written. */
  view(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = byte;
  }

  text(text: string): void {
    this.#reserve(text.length * UNIT_BYTES_MAX);
    this.length += this.#bytes.write(text, this.length, "utf8");
  }

  row(sums: Sums, id: number): void {
    this.text(`[${rowOf(sums).join(",")},${id}]`);
  }

  /** As `row`, of encoded sums; false, and nothing is written, when the bytes are not what sums look like. */
  encodedRow(from: Uint8Array, start: number, end: number, id: number): boolean {
    // No element becomes longer.
    this.#reserve(end - start + ID_BYTES_MAX);
    const to = this.#bytes;
    let at = this.length;
    if (from[start] !== OPEN) return false;
    to[at++] = OPEN;
    for (let position = start + 1; ; position++) {
      // Most elements are 0.
      while (from[position] === ZERO && from[position + 1] === COMMA) {
        to[at] = ZERO;
        to[at + 1] = COMMA;
        at += 2;
        position += 2;
      }
      const begin = position;
      let byte = from[position] as number;
      while (byte >= ZERO && byte <= NINE) {
        to[at++] = byte;
        byte = from[++position] as number;
      }
      const isCount = position > begin && (from[begin] !== ZERO || position === begin + 1);
      if (!isCount || (byte !== COMMA && byte !== CLOSE)) {
        at = this.#element(from, begin, at - (position - begin));
        if (at === NONE) return false;
        position = this.#read;
        byte = from[position] as number;
      }
      to[at++] = COMMA;
      if (byte === COMMA) continue;
      if (byte !== CLOSE || position !== end - 1) return false;
      break;
    }
    at = writeInteger(to, at, id);
    to[at++] = CLOSE;
    this.length = at;
    return true;
  }

  /** Null, a number that is no count, an exact sum of several. Answers where the next byte goes, or `NONE`. */
  #element(from: Uint8Array, start: number, at: number): number {
    if (from[start] === NULL[0]) {
      for (let i = 0; i < NULL.length; i++) if (from[start + i] !== NULL[i]) return NONE;
      for (let i = 0; i < MISSING_BYTES.length; i++) this.#bytes[at + i] = MISSING_BYTES[i] as number;
      this.#read = start + NULL.length;
      return at + MISSING_BYTES.length;
    }
    if (from[start] !== OPEN) return this.#number(from, start, at);
    const written = this.#number(from, start + 1, at);
    if (written === NONE) return NONE;
    let position = this.#read;
    while (from[position] === COMMA) {
      // It is overwritten by what follows.
      if (this.#number(from, position + 1, written) === NONE) return NONE;
      position = this.#read;
    }
    this.#read = position + 1;
    return from[position] === CLOSE ? written : NONE;
  }

  /** A number as JSON has it. */
  #number(from: Uint8Array, start: number, at: number): number {
    let position = from[start] === MINUS ? start + 1 : start;
    const whole = digitsEnd(from, position);
    // -0, and figures behind a zero: nobody writes them so.
    if (from[position] === ZERO && (whole > position + 1 || (position > start && from[whole] !== POINT))) return NONE;
    if (whole === position) return NONE;
    position = whole;
    if (from[position] === POINT) {
      position = digitsEnd(from, whole + 1);
      if (position === whole + 1) return NONE;
    }
    if (from[position] === E) {
      const sign = from[position + 1];
      const digits = sign === MINUS || sign === PLUS ? position + 2 : position + 1;
      position = digitsEnd(from, digits);
      if (position === digits) return NONE;
    }
    const to = this.#bytes;
    for (let i = start; i < position; i++) to[at + i - start] = from[i] as number;
    this.#read = position;
    return at + position - start;
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.length + bytes));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let position = start;
  for (let byte = bytes[position] as number; byte >= ZERO && byte <= NINE; byte = bytes[position] as number) position++;
  return position;
}
