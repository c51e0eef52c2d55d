/** Bytes of text that is put together piece by piece, in room that grows and is used again. */
import { Buffer } from "node:buffer";

const FIRST_BYTES = 4096;

/** UTF-8 takes at most this many bytes for one UTF-16 unit. */
const UTF8_BYTES_PER_UNIT_MAX = 3;
/** A number takes at most this: `-1.7976931348623157e+308`. */
const NUMBER_BYTES_MAX = 24;
/** Whole numbers from 0 to below this are written digit by digit: nine of them at a time are what 32 bits hold. */
const PLAIN_END = 1e15;
const NINE_DIGITS_END = 1e9;
const NINE_DIGITS = 9;

const COMMA = 0x2c;
const ZERO = 0x30;

export class Line {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  /** What it holds lies before. May be set to less. */
  length = 0;

  byte(byte: number): void {
    this.#room(1);
    this.bytes[this.length++] = byte;
  }

  text(text: string): void {
    this.#room(text.length * UTF8_BYTES_PER_UNIT_MAX);
    this.length += this.bytes.write(text, this.length);
  }

  copy(bytes: Uint8Array): void {
    this.#room(bytes.length);
    const to = this.bytes;
    let at = this.length;
    for (let i = 0; i < bytes.length; i++) to[at++] = bytes[i] as number;
    this.length = at;
  }

  /** A finite number, as `JSON.stringify` writes it. */
  number(number: number): void {
    this.#room(NUMBER_BYTES_MAX);
    this.length = written(this.bytes, this.length, number);
  }

  /** Whole numbers from `start` to `end` of a list, with a comma behind each. */
  integers(list: Float64Array, start: number, end: number): void {
    this.#room((end - start) * (NUMBER_BYTES_MAX + 1));
    const bytes = this.bytes;
    let at = this.length;
    for (let i = start; i < end; i++) {
      const number = list[i] as number;
      if (number < 10 && number >= 0) bytes[at++] = ZERO + number;
      else at = written(bytes, at, number);
      bytes[at++] = COMMA;
    }
    this.length = at;
  }

  #room(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.length + more));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** Where the number ends. */
function written(bytes: Uint8Array, at: number, number: number): number {
  if (number >= 0 && number < PLAIN_END && Math.floor(number) === number) {
    if (number < NINE_DIGITS_END) return digits(bytes, at, number, digitsOf(number));
    const high = Math.floor(number / NINE_DIGITS_END);
    const middle = digits(bytes, at, high, digitsOf(high));
    return digits(bytes, middle, number - high * NINE_DIGITS_END, NINE_DIGITS);
  }
  const text = String(number);
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  return at;
}

function digitsOf(number: number): number {
  let count = 1;
  for (let end = 10; number >= end; end *= 10) count++;
  return count;
}

/** So many digits of a whole number below 10^9, with zeros in front. Where they end. */
function digits(bytes: Uint8Array, at: number, number: number, count: number): number {
  let rest = number | 0;
  for (let i = at + count - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    bytes[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + count;
}
