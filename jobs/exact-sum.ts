/**
 * Exact sums of doubles in one canonical form, so that results do not depend on the order of addition.
 *
 *   sum -> the double nearest to it (ties to even), then the double nearest to the rest, ... until nothing is left
 *   stored as one plain number where one suffices (all sums of integers up to 2^53), else as an array of numbers
 *
 * The form depends on the mathematical sum alone: adding is associative and commutative to the byte. The first number is
 * the sum as exactly as one double can tell it.
 *
 * Two ways lead there. Errors of floating additions are kept as further doubles (`ExactSum`, after Shewchuk 1997, rounded as
 * Python's fsum does); where such an addition could overflow, the sum is kept as a whole number of 2^-1074.
 *
 * Defined, too: -0 counts as 0. A sum of finite numbers never becomes infinite: beyond the greatest double the form starts with
 * that one, and goes on with what is left. NaN and the infinities go the way of IEEE 754 (no form of JSON, so not for storing).
 */

/** An exact sum in its canonical form. JSON writes it and reads it back unchanged, as long as what was added is finite. */
export type Exact = number | readonly number[];

/** Below this, sums of up to 2^64 numbers cannot overflow. */
const MAGNITUDE_SAFE = 2 ** 959;

/** a + b. */
export function addExact(a: Exact, b: Exact): Exact {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum) && Number.isSafeInteger(a) && Number.isSafeInteger(b)) return sum + 0;
    if (isSafe(a) && isSafe(b)) {
      const error = sumError(a, b, sum);
      return error === 0 ? sum + 0 : [sum, error];
    }
  }
  const total = new ExactSum();
  total.addAll(a);
  total.addAll(b);
  return total.value();
}

/** The double nearest to the sum. */
export function nearest(sum: Exact): number {
  return typeof sum === "number" ? sum : (sum[0] ?? 0);
}

/** A sum that is being made, number by number. */
export class ExactSum {
  /** Doubles that do not overlap, by growing magnitude, whose sum is exact. */
  readonly #partials: number[] = [];
  /** What is too large for partials, as a multiple of 2^-1074. */
  #huge = 0n;
  /** The infinities and NaN that were added. */
  #special = 0;

  add(number: number): void {
    if (isSafe(number)) this.#grow(number);
    else if (Number.isFinite(number)) this.#huge += multipleOfLeast(number);
    else this.#special += number;
  }

  addAll(sum: Exact): void {
    if (typeof sum === "number") this.add(sum);
    else for (const part of sum) this.add(part);
  }

  /** The canonical form. Leaves the sum as it is. */
  value(): Exact {
    if (this.#special !== 0) return this.#special;
    return fromParts(this.#huge === 0n ? this.#roundedParts() : this.#hugeParts());
  }

  #grow(number: number): void {
    const partials = this.#partials;
    let rest = number;
    let kept = 0;
    for (const partial of partials) {
      const sum = rest + partial;
      const error = sumError(rest, partial, sum);
      if (error !== 0) partials[kept++] = error;
      rest = sum;
    }
    partials.length = kept;
    if (rest !== 0) partials.push(rest);
  }

  #roundedParts(): number[] {
    const rest = new ExactSum();
    rest.#partials.push(...this.#partials);
    const parts: number[] = [];
    while (rest.#partials.length > 0) {
      const part = roundedSum(rest.#partials);
      parts.push(part);
      rest.#grow(-part);
    }
    return parts;
  }

  #hugeParts(): number[] {
    let rest = this.#huge;
    for (const partial of this.#partials) rest += multipleOfLeast(partial);
    const parts: number[] = [];
    while (rest !== 0n) {
      const part = nearestDouble(rest);
      parts.push(part);
      rest -= multipleOfLeast(part);
    }
    return parts;
  }
}

function isSafe(number: number): boolean {
  return number < MAGNITUDE_SAFE && number > -MAGNITUDE_SAFE;
}

/** What `sum`, the rounded a + b, lacks: exact whenever the sum does not overflow (Knuth's two-sum). */
export function sumError(a: number, b: number, sum: number): number {
  const bRounded = sum - a;
  return a - (sum - bRounded) + (b - bRounded);
}

/** The double nearest to the sum of partials that do not overlap, ties to even. */
function roundedSum(partials: readonly number[]): number {
  let at = partials.length - 1;
  let high = partials[at] as number;
  let low = 0;
  while (at > 0 && low === 0) {
    at--;
    const partial = partials[at] as number;
    const sum = high + partial;
    low = partial - (sum - high);
    high = sum;
  }
  // Half way between two doubles, as far as was looked: what lies below decides.
  const below = at > 0 ? (partials[at - 1] as number) : 0;
  if ((low < 0 && below < 0) || (low > 0 && below > 0)) {
    const twice = low * 2;
    const other = high + twice;
    if (other - high === twice) return other;
  }
  return high;
}

function fromParts(parts: number[]): Exact {
  return parts.length > 1 ? parts : (parts[0] ?? 0);
}

const bits = new DataView(new ArrayBuffer(8));
const FRACTION_BITS = 52n;
const FRACTION_MASK = (1n << FRACTION_BITS) - 1n;
const EXPONENT_MASK = 0x7ffn;

/** A finite double as a whole number of 2^-1074, the least double above zero. */
function multipleOfLeast(number: number): bigint {
  bits.setFloat64(0, number);
  const pattern = bits.getBigUint64(0);
  const exponent = (pattern >> FRACTION_BITS) & EXPONENT_MASK;
  const fraction = pattern & FRACTION_MASK;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << FRACTION_BITS)) << (exponent - 1n);
  return number < 0 ? -magnitude : magnitude;
}

/** The finite double nearest to a multiple of 2^-1074, ties to even. */
function nearestDouble(multiple: bigint): number {
  const magnitude = multiple < 0n ? -multiple : multiple;
  const shift = BigInt(Math.max(0, magnitude.toString(2).length - Number(FRACTION_BITS) - 1));
  const half = shift === 0n ? 0n : 1n << (shift - 1n);
  let fraction = magnitude >> shift;
  const rest = magnitude - (fraction << shift);
  if (rest > half || (half !== 0n && rest === half && (fraction & 1n) === 1n)) fraction += 1n;
  // Two factors, as a power of two beyond the greatest double is infinite though the product may be finite.
  const exponent = Number(shift) - 1074;
  const firstFactor = Math.floor(exponent / 2);
  const double = Number(fraction) * 2 ** firstFactor * 2 ** (exponent - firstFactor);
  const clamped = Math.min(double, Number.MAX_VALUE);
  return multiple < 0n ? -clamped : clamped;
}
