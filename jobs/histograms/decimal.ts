/**
 * Decimal numbers as JSON has them, from bytes, to the double that is nearest: what `JSON.parse` gives, without a text in between.
 *
 *   the digits as a whole number w, two doubles without loss     number = w / p, p = 10^scale, two doubles without loss
 *   q = w / p roughly    r = w - q * p, exact but for its last bits    number = q + r / p
 *
 * The last addition rounds once. It is right unless the number lies so near to the middle between two doubles that the error of
 * r / p (below 2^-100 of q) could decide: then the answer is NaN, as for what is not known here, and the caller asks for a text.
 */

const DOT = 0x2e;
const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_E = 0x65;

/** Of each half of w: high * 10^9 has no more than 53 bits then, since 10^9 = 5^9 * 2^9. */
const HALF_DIGITS = 9;
/** 5^45 has 105 bits: two doubles hold 10^45 without loss. */
const SCALE_MAX = 45;
/** Whole numbers below are doubles. What is rounded to it may have been one more. */
const WHOLE_MAX = 2 ** 53;
/** Powers of ten up to here are doubles. */
const EXACT_SCALE_MAX = 22;
/** Exponents have no more digits. */
const EXPONENT_MAX = 1_000;
/** Veltkamp's splitting: halves of 26 bits, whose products are exact. */
const SPLITTER = 2 ** 27 + 1;
/** Far above what r / p can be wrong by, far below half of a last bit (2^-54). */
const DOUBT = 2 ** -90;

const POWERS = Float64Array.from({ length: SCALE_MAX + 1 }, (_, scale) => Number(`1e${scale}`));
/** What the doubles lack of the powers. */
const REST_OF_POWERS = POWERS.map((power, scale) => Number(10n ** BigInt(scale) - BigInt(power)));

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
        if (digits < HALF_DIGITS) high = high * 10 + (byte - ZERO);
        else {
          low = low * 10 + (byte - ZERO);
          lowDigits += 1;
        }
        if (digits > 0 || byte !== ZERO) digits += 1;
      } else if (byte === DOT && dot < 0 && position > first) dot = position;
      else break;
    }
    const isNumber = position > first && position !== dot + 1 && lowDigits <= HALF_DIGITS;
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
    const number = quotient(high, low, POWERS[lowDigits] as number, scale);
    return isNegative ? -number : number;
  }
}

/** The double nearest to (high * lowPower + low) / 10^scale, or NaN. */
function quotient(high: number, low: number, lowPower: number, scale: number): number {
  const shifted = high * lowPower;
  const w = shifted + low;
  const power = POWERS[scale] as number;
  if (w < WHOLE_MAX && scale <= EXACT_SCALE_MAX) return w / power;
  if (w === 0) return 0;
  const wRest = low - (w - shifted);
  const q = w / power;
  const qHigh = upperHalf(q);
  const qLow = q - qHigh;
  const powerHigh = upperHalf(power);
  const powerLow = power - powerHigh;
  const product = q * power;
  const productRest = qHigh * powerHigh - product + qHigh * powerLow + qLow * powerHigh + qLow * powerLow;
  const r = w - product - productRest - q * (REST_OF_POWERS[scale] as number) + wRest;
  const correction = r / power;
  const doubt = q * DOUBT;
  const nearest = q + (correction + doubt);
  return nearest === q + (correction - doubt) ? nearest : NaN;
}

function upperHalf(number: number): number {
  const shifted = SPLITTER * number;
  return shifted - (shifted - number);
}
