/**
 * Decimal digits -> the double that is nearest, the same one that `JSON.parse` gives, without a text in between.
 *
 *   w = high * 10^lowDigits + low, two doubles without loss     q = w / p, p = 10^scale, two doubles without loss
 *   q0 = w / p roughly    r = w - q0 * p, exact but for its last bits    q = q0 + r / p
 *
 * The last addition rounds once. It is right unless q lies so near to the middle between two doubles that the error of r / p
 * (below 2^-100 of q) could decide: then NaN is the answer, and the caller asks for a text.
 */

/** Of `high` and of `low` each. With nine, high * 10^9 = (high * 5^9) * 2^9 has no more than 53 bits. */
export const DIGITS_MAX = 9;

/** 5^45 has 105 bits: two doubles hold 10^45 without loss. */
export const SCALE_MAX = 45;
/** Powers of ten up to here are doubles. */
const EXACT_SCALE_MAX = 22;

const POWERS = Float64Array.from({ length: SCALE_MAX + 1 }, (_, i) => Number(`1e${i}`));
/** What the doubles lack of the powers. */
const POWER_RESTS = POWERS.map((power, i) => Number(10n ** BigInt(i) - BigInt(power)));
/** Veltkamp's splitting: halves of 26 bits, whose products are exact. */
const SPLITTER = 2 ** 27 + 1;
const POWER_HIGHS = POWERS.map(upperHalf);
const POWER_LOWS = POWERS.map((power, i) => power - (POWER_HIGHS[i] as number));
/** Whole numbers below are doubles. What is rounded to it may have been one more. */
const INTEGER_MAX = 2 ** 53;
/** Far above what r / p can be wrong by, far below half of a last bit (2^-54). */
const DOUBT = 2 ** -90;

/**
 * The double nearest to (high * 10^lowDigits + low) / 10^scale, or NaN when it cannot tell. Whole numbers: `high` and `low` of
 * at most 9 digits, `low` of exactly `lowDigits` (leading zeros included), `scale` 0 to `SCALE_MAX`.
 */
export function nearestDouble(high: number, low: number, lowDigits: number, scale: number): number {
  const shifted = high * (POWERS[lowDigits] as number);
  const w = shifted + low;
  if (scale === 0 || w === 0) return w;
  const power = POWERS[scale] as number;
  if (w < INTEGER_MAX && scale <= EXACT_SCALE_MAX) return w / power;
  const wRest = low - (w - shifted);
  const q0 = w / power;
  const qHigh = upperHalf(q0);
  const qLow = q0 - qHigh;
  const powerHigh = POWER_HIGHS[scale] as number;
  const powerLow = POWER_LOWS[scale] as number;
  const product = q0 * power;
  const productRest = qHigh * powerHigh - product + qHigh * powerLow + qLow * powerHigh + qLow * powerLow;
  const r = w - product - productRest - q0 * (POWER_RESTS[scale] as number) + wRest;
  const correction = r / power;
  const doubt = q0 * DOUBT;
  const nearest = q0 + (correction + doubt);
  return nearest === q0 + (correction - doubt) ? nearest : NaN;
}

function upperHalf(number: number): number {
  const shifted = SPLITTER * number;
  return shifted - (shifted - number);
}
