/**
 * Writes the text of synthetic pings: pieces of a template are copied, their counts get other digits, and the statistics behind
 * them are summed up of these counts. Numbers are written digit by digit: several hundred MB/s a core.
 */
import type { Buffer } from "node:buffer";
import type { Random } from "./random.ts";
import { LOGARITHM_UNIT, WEIGHTS_A_NUMBER, type Template } from "./template.ts";

/** By four bits of chance. */
const FIRST_DIGITS = Uint8Array.from("1234567891234512", Number);
const OTHER_DIGITS = Uint8Array.from("0123456789012345", Number);
const BITS_A_DIGIT = 4;

const ZERO = 0x30;
const MINUS = 0x2d;
const COMMA = 0x2c;
const POINT = 0x2e;
/** What a whole number is split by, for whole numbers below it are quick to divide. */
const HALF = 1e8;
const HALF_DIGITS = 8;
const LOGARITHM_DIGITS = 9;
/** The published sum of squares is lo + hi * 2^32. */
const HI_UNIT = 2 ** 32;

/** Where the template's record ends. The chunk has room for `template.bytesMax`. */
export function writeMeasurements(chunk: Buffer, at: number, template: Template, random: Random): number {
  const { pieces, places, digits, weights } = template;
  let end = at;
  let number = 0;
  for (const { bytes, statistics, numbersEnd } of pieces) {
    chunk.set(bytes, end);
    let sum = 0;
    let second = 0;
    let third = 0;
    for (; number < numbersEnd; number++) {
      const count = writeCount(chunk, end + (places[number] as number), digits[number] as number, random.bits());
      const weight = number * WEIGHTS_A_NUMBER;
      sum += count * (weights[weight] as number);
      second += count * (weights[weight + 1] as number);
      third += count * (weights[weight + 2] as number);
    }
    end += bytes.length;
    if (statistics === "logarithms") end = writeLogarithms(chunk, end, sum, second, third);
    else if (statistics === "squares") end = writeSquares(chunk, end, sum, second);
  }
  return end;
}

/** A number of at most 8 digits, which it gives. */
function writeCount(chunk: Buffer, at: number, digits: number, bits: number): number {
  let digit = FIRST_DIGITS[bits & 15] as number;
  let count = digit;
  chunk[at] = ZERO + digit;
  for (let i = 1, left = bits >>> BITS_A_DIGIT; i < digits; i++, left >>>= BITS_A_DIGIT) {
    digit = OTHER_DIGITS[left & 15] as number;
    count = count * 10 + digit;
    chunk[at + i] = ZERO + digit;
  }
  return count;
}

/** Of an exponential histogram: sum, log_sum, log_sum_squares, and no squares. */
function writeLogarithms(chunk: Buffer, at: number, sum: number, logarithms: number, squares: number): number {
  const second = writeByte(chunk, writeWhole(chunk, at, sum), COMMA);
  const third = writeByte(chunk, writeBillionths(chunk, second, logarithms), COMMA);
  return writeUnknown(chunk, writeByte(chunk, writeBillionths(chunk, third, squares), COMMA));
}

/** Of others: sum, no logarithms, sum_squares_lo, sum_squares_hi. */
function writeSquares(chunk: Buffer, at: number, sum: number, squares: number): number {
  const unknown = writeByte(chunk, writeWhole(chunk, at, sum), COMMA);
  const lo = writeByte(chunk, writeUnknown(chunk, unknown), COMMA);
  const hi = Math.floor(squares / HI_UNIT);
  return writeWhole(chunk, writeByte(chunk, writeWhole(chunk, lo, squares - hi * HI_UNIT), COMMA), hi);
}

function writeByte(chunk: Buffer, at: number, byte: number): number {
  chunk[at] = byte;
  return at + 1;
}

/** `-1,-1`: two statistics that the kind does not have. */
function writeUnknown(chunk: Buffer, at: number): number {
  chunk[at] = MINUS;
  chunk[at + 1] = ZERO + 1;
  chunk[at + 2] = COMMA;
  chunk[at + 3] = MINUS;
  chunk[at + 4] = ZERO + 1;
  return at + 5;
}

/** A whole number from 0 that is exact. */
function writeWhole(chunk: Buffer, at: number, number: number): number {
  if (number < HALF) return writeSmall(chunk, at, number, 1);
  const high = Math.floor(number / HALF);
  return writeSmall(chunk, writeWhole(chunk, at, high), number - high * HALF, HALF_DIGITS);
}

/** A number below 2^31, with zeros before it up to `digitsMin`. */
function writeSmall(chunk: Buffer, at: number, number: number, digitsMin: number): number {
  let length = 1;
  for (let rest = (number / 10) | 0; rest > 0; rest = (rest / 10) | 0) length++;
  const end = at + Math.max(length, digitsMin);
  let rest = number | 0;
  for (let i = end - 1; i >= at; i--) {
    const tens = (rest / 10) | 0;
    chunk[i] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}

/** With as many decimals as it needs. */
function writeBillionths(chunk: Buffer, at: number, billionths: number): number {
  const whole = Math.floor(billionths / LOGARITHM_UNIT);
  const point = writeWhole(chunk, at, whole);
  const fraction = billionths - whole * LOGARITHM_UNIT;
  if (fraction === 0) return point;
  let end = writeSmall(chunk, writeByte(chunk, point, POINT), fraction, LOGARITHM_DIGITS);
  while (chunk[end - 1] === ZERO) end--;
  return end;
}
