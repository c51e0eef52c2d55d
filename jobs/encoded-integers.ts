/** Whole numbers as JSON writes them, read and written as bytes: what counts are merged with, without a text for each. */
import { Buffer } from "node:buffer";
import type { EncodedValues } from "./analysis.ts";

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** Every number of so many digits is a double without loss. */
export const EXACT_DIGITS_MAX = 15;

/** A safe integer has no more bytes than this. */
export const INTEGER_BYTES_MAX = 17;

const merged = Buffer.allocUnsafe(INTEGER_BYTES_MAX);

/** The sum of whole numbers, or null when a value is none, or too large. The bytes are used again. */
export function mergeIntegers(values: EncodedValues): Uint8Array | null {
  let sum = 0;
  for (let i = 0; i < values.count; i++) {
    const bytes = values.bytes(i);
    const end = values.end(i);
    let position = values.start(i);
    const isNegative = bytes[position] === MINUS;
    if (isNegative) position += 1;
    if (end <= position || end - position > EXACT_DIGITS_MAX) return null;
    let number = 0;
    for (; position < end; position++) {
      const byte = bytes[position] as number;
      if (byte < ZERO || byte > NINE) return null;
      number = number * 10 + (byte - ZERO);
    }
    sum += isNegative ? -number : number;
  }
  if (!Number.isSafeInteger(sum)) return null;
  return merged.subarray(0, writeInteger(merged, 0, sum));
}

/** Writes a safe integer's digits, and answers where they end. There must be room for `INTEGER_BYTES_MAX`. */
export function writeInteger(bytes: Uint8Array, at: number, number: number): number {
  let rest = number;
  let start = at;
  if (rest < 0) {
    bytes[start++] = MINUS;
    rest = -rest;
  }
  let end = start;
  for (let power = rest; power >= 10; power = Math.floor(power / 10)) end += 1;
  for (let position = end; position >= start; position--) {
    const tens = Math.floor(rest / 10);
    bytes[position] = ZERO + (rest - tens * 10);
    rest = tens;
  }
  return end + 1;
}
