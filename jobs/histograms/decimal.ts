/**
 * Decimal numbers as JSON has them, from bytes, to the double that is nearest: what `JSON.parse` gives, without a text in between.
 * What cannot be told so is NaN, and the caller asks for a text.
 */
import { DIGITS_MAX, nearestDouble, SCALE_MAX } from "../../shared/records/decimal.ts";

const DOT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_E = 0x65;

/** Exponents have no more digits. */
const EXPONENT_MAX = 1_000;
/** Reads numbers; keeps where the last one ended. */
export class DecimalReader {
  /** Behind the last number. */
  end = 0;

  /** The number that begins at `start`, or NaN when it is none, or cannot be told. */
  read(bytes: Uint8Array, start: number): number {
    let position = start;
    const isNegative = bytes[position] === MINUS;
    if (isNegative) position += 1;
    let high = 0;
    let low = 0;
    let digits = 0;
    let lowDigits = 0;
    let scale = 0;
    const first = position;
    let dot = -1;
    for (; ; position++) {
      const byte = bytes[position] as number;
      if (byte >= ZERO && byte <= NINE) {
        if (digits < DIGITS_MAX) high = high * 10 + (byte - ZERO);
        else {
          low = low * 10 + (byte - ZERO);
          lowDigits += 1;
        }
        if (digits > 0 || byte !== ZERO) digits += 1;
      } else if (byte === DOT && dot < 0 && position > first) dot = position;
      else break;
    }
    const isNumber = position > first && position !== dot + 1 && lowDigits <= DIGITS_MAX;
    if (dot >= 0) scale = position - dot - 1;
    if (bytes[position] === LETTER_E) {
      const isSmall = bytes[position + 1] === MINUS;
      position += isSmall || bytes[position + 1] === PLUS ? 2 : 1;
      let exponent = 0;
      const begin = position;
      for (let byte = bytes[position] as number; byte >= ZERO && byte <= NINE; byte = bytes[++position] as number) {
        if (exponent < EXPONENT_MAX) exponent = exponent * 10 + (byte - ZERO);
      }
      if (position === begin) return NaN;
      scale += isSmall ? exponent : -exponent;
    }
    this.end = position;
    if (!isNumber || scale < 0 || scale > SCALE_MAX) return NaN;
    const number = nearestDouble(high, low, lowDigits, scale);
    return isNegative ? -number : number;
  }
}
