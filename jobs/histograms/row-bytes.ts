/**
 * The text of published files as bytes, in one buffer that is used again: from a row's sums, or from their encoded bytes, which
 * are nearly the row already.
 *
 *   [1,0,[0.6,2.7e-17],null,3]  and filter id 5  ->  [1,0,0.6,-1,3,5]
 *
 * Numbers are taken over as they are written, four bytes at a time: `encodeValue` writes a double as `String` does. Of an exact sum
 * the first number is the double nearest to it.
 */
import { Buffer } from "node:buffer";
import { INTEGER_BYTES_MAX, writeInteger } from "../encoded-integers.ts";
import type { Sums } from "./value.ts";
import { MISSING, rowOf } from "./value.ts";

export const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const E = 0x65;
/** From `+` to `9`: what numbers without an exponent are made of, and the comma. */
const PLAIN_FIRST = 0x2b;
const PLAIN_LAST = 0x39;
const EACH_BYTE = 0x01010101;
const HIGH_BIT = 0x80;
const WORD_BYTES = 4;
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
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  /** What was read last. */
  #from: Uint8Array = new Uint8Array(0);
  #fromView = new DataView(this.#from.buffer);
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
    // Nothing becomes longer.
    this.#reserve(end - start + ID_BYTES_MAX);
    const to = this.#bytes;
    let at = this.length;
    // A list without elements is none.
    if (from[start] !== OPEN || end - start <= 2) return false;
    to[at++] = OPEN;
    const last = end - 1;
    for (let position = start + 1; position < last;) {
      const plain = this.#plain(from, position, last, at);
      at += plain;
      position += plain;
      if (position === last) break;
      const byte = from[position] as number;
      if (byte === E) to[at++] = from[position++] as number;
      else {
        const written = byte === OPEN ? this.#first(from, position, last, at) : this.#missing(from, position, at);
        if (written === NONE) return false;
        position = this.#read;
        at = written;
      }
    }
    if (from[last] !== CLOSE) return false;
    to[at++] = COMMA;
    at = writeInteger(to, at, id);
    to[at++] = CLOSE;
    this.length = at;
    return true;
  }

  /** Takes digits, signs, points and commas over; answers how many. */
  #plain(from: Uint8Array, start: number, end: number, to: number): number {
    if (from !== this.#from) {
      this.#from = from;
      this.#fromView = new DataView(from.buffer, from.byteOffset, from.length);
    }
    const [view, toView, bytes] = [this.#fromView, this.#view, this.#bytes];
    let length = 0;
    for (const words = end - WORD_BYTES; start + length <= words; length += WORD_BYTES) {
      const word = view.getInt32(start + length);
      if (!isPlainWord(word)) break;
      toView.setInt32(to + length, word);
    }
    for (; start + length < end; length++) {
      const byte = from[start + length] as number;
      if (byte < PLAIN_FIRST || byte > PLAIN_LAST) break;
      bytes[to + length] = byte;
    }
    return length;
  }

  /** Of an exact sum of several the first. Answers where the next byte goes, or `NONE`. */
  #first(from: Uint8Array, start: number, end: number, to: number): number {
    let at = to;
    let position = start + 1;
    for (; position < end && from[position] !== COMMA && from[position] !== CLOSE; position++)
      this.#bytes[at++] = from[position] as number;
    while (position < end && isNumeral(from[position] as number)) position++;
    this.#read = position + 1;
    return at > to && from[position] === CLOSE && position < end && areNumerals(this.#bytes, to, at) ? at : NONE;
  }

  #missing(from: Uint8Array, start: number, to: number): number {
    for (let i = 0; i < NULL.length; i++) if (from[start + i] !== NULL[i]) return NONE;
    for (let i = 0; i < MISSING_BYTES.length; i++) this.#bytes[to + i] = MISSING_BYTES[i] as number;
    this.#read = start + NULL.length;
    return to + MISSING_BYTES.length;
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (this.length + bytes));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Whether each of the four bytes is plain. Of bytes in between none carries or borrows, so that the first that is not shows. */
function isPlainWord(word: number): boolean {
  const above = word + (HIGH_BIT - PLAIN_LAST - 1) * EACH_BYTE;
  return ((above | (word - PLAIN_FIRST * EACH_BYTE) | word) & (HIGH_BIT * EACH_BYTE)) === 0;
}

function isNumeral(byte: number): boolean {
  return (byte >= PLAIN_FIRST && byte <= PLAIN_LAST) || byte === E;
}

function areNumerals(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isNumeral(bytes[i] as number)) return false;
  return true;
}
