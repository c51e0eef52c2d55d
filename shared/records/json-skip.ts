/**
 * Passing over JSON that nobody asked for. It is checked to the last byte all the same: a record that `JSON.parse` would
 * refuse must not count because the damage lies in a part that was not needed. Functions over a text's bytes up to `end`; each
 * answers where it goes on, or throws `surprise`. As in the cursor, the text's last byte is `}` or `]`.
 *
 * Any bytes from 0x80 are fine within strings: what is no UTF-8 becomes U+FFFD when it is read as text, and stays a string.
 */
import { Buffer } from "node:buffer";
import { surprise } from "./surprise.ts";

/** Deeper nesting is left to `JSON.parse`. */
const DEPTH_MAX = 256;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Makes E and e one. */
const LOWER_CASE = 0x20;
const LOWER_E = 0x65;

const ZEROS_BYTES = 8;
const ZEROS = Buffer.from("0,0,0,0,").readDoubleLE();

/** What may come after a backslash, besides u. */
const ESCAPES = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) ESCAPES[byte] = 1;
const HEX_DIGITS = new Uint8Array(256);
for (const byte of Buffer.from("0123456789abcdefABCDEF")) HEX_DIGITS[byte] = 1;

/** 1: an object is open at this depth, 0: a list. One text at a time is read, synchronously. */
const open = new Uint8Array(DEPTH_MAX);

export function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at] as number;
    if (byte > BLANK || (byte !== BLANK && byte !== LF && byte !== CR && byte !== TAB)) return at;
    at++;
  }
}

/** From within a string (behind its quote, or at an escape) to behind its end. */
export function skipString(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at++] as number;
    if (byte === QUOTE) return at;
    if (byte < BLANK) throw surprise;
    if (byte !== BACKSLASH) continue;
    // What the escape needs lies before the end, or there is no closing quote anyway.
    const escape = bytes[at++] as number;
    if (escape === LOWER_U) {
      if (at + 4 > end) throw surprise;
      const digits =
        (HEX_DIGITS[bytes[at] as number] as number) +
        (HEX_DIGITS[bytes[at + 1] as number] as number) +
        (HEX_DIGITS[bytes[at + 2] as number] as number) +
        (HEX_DIGITS[bytes[at + 3] as number] as number);
      if (digits !== 4) throw surprise;
      at += 4;
    } else if (ESCAPES[escape] !== 1) throw surprise;
  }
  throw surprise;
}

/** From the first byte of a value to behind its last one. `view` holds the bytes from `shift` on. */
export function skipValue(bytes: Uint8Array, from: number, end: number, view: DataView, shift: number): number {
  let at = from;
  let depth = 0;
  let inObject = false;
  const lastZeros = end - ZEROS_BYTES;
  for (;;) {
    // Before a value, without blanks.
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = skipString(bytes, at + 1, end);
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (depth === DEPTH_MAX) throw surprise;
      inObject = byte === OPEN_OBJECT;
      open[depth++] = inObject ? 1 : 0;
      at = skipBlanks(bytes, at + 1);
      if (bytes[at] !== (inObject ? CLOSE_OBJECT : CLOSE_LIST)) {
        if (inObject) at = skipName(bytes, at, end);
        else {
          while (at <= lastZeros && view.getFloat64(shift + at, true) === ZEROS) at += ZEROS_BYTES;
          if ((bytes[at] as number) <= BLANK) at = skipBlanks(bytes, at);
        }
        continue;
      }
      depth--;
      inObject = depth > 0 && open[depth - 1] === 1;
      at++;
    } else if (byte === MINUS || (byte - ZERO) >>> 0 <= 9) at = skipNumber(bytes, at);
    else at = skipLiteral(bytes, at, end);
    // Behind a value: behind as many ends as there are.
    for (;;) {
      if (depth === 0) return at;
      let next = bytes[at] as number;
      if (next <= BLANK) {
        at = skipBlanks(bytes, at);
        next = bytes[at] as number;
      }
      at++;
      if (next === COMMA) {
        if ((bytes[at] as number) <= BLANK) at = skipBlanks(bytes, at);
        if (inObject) at = skipName(bytes, at, end);
        else {
          while (at <= lastZeros && view.getFloat64(shift + at, true) === ZEROS) at += ZEROS_BYTES;
          if ((bytes[at] as number) <= BLANK) at = skipBlanks(bytes, at);
        }
        break;
      }
      if (next !== (inObject ? CLOSE_OBJECT : CLOSE_LIST)) throw surprise;
      depth--;
      inObject = depth > 0 && open[depth - 1] === 1;
    }
  }
}

/** From a name's quote to the member's value. */
function skipName(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] !== QUOTE) throw surprise;
  let at = skipBlanks(bytes, skipString(bytes, from + 1, end));
  if (bytes[at] !== COLON) throw surprise;
  at++;
  return (bytes[at] as number) <= BLANK ? skipBlanks(bytes, at) : at;
}

function skipNumber(bytes: Uint8Array, from: number): number {
  let at = from;
  if (bytes[at] === MINUS) at++;
  if (bytes[at] === ZERO) at++;
  else at = skipDigits(bytes, at);
  if (bytes[at] === POINT) at = skipDigits(bytes, at + 1);
  if (((bytes[at] as number) | LOWER_CASE) === LOWER_E) {
    at++;
    const sign = bytes[at] as number;
    at = skipDigits(bytes, sign === MINUS || sign === 0x2b ? at + 1 : at);
  }
  return at;
}

/** At least one. */
function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (((bytes[at] as number) - ZERO) >>> 0 <= 9) at++;
  if (at === from) throw surprise;
  return at;
}

const LITERALS = ["true", "false", "null"].map((text) => Buffer.from(text));

function skipLiteral(bytes: Uint8Array, from: number, end: number): number {
  for (const literal of LITERALS) {
    if (literal[0] !== bytes[from]) continue;
    if (from + literal.length > end) throw surprise;
    for (let i = 1; i < literal.length; i++) if (literal[i] !== bytes[from + i]) throw surprise;
    return from + literal.length;
  }
  throw surprise;
}
