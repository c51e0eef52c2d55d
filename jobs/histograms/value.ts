/**
 * Values of the histogram aggregate, by kind of key (see keys.ts):
 *
 *   Sums     [b0, ..., bN-1, sum, log_sum, log_sum_squares, sum_squares_lo, sum_squares_hi, count], each an exact sum; a
 *            statistic that no ping had is null, and neutral. (In pings and published files it is -1: a real sum of -1 looks
 *            the same there, but not here.)
 *   Newest   the greatest of all builds, by (build id, revision, length, definition)
 *   number   a count
 */
import type { Key } from "../analysis.ts";
import type { Exact } from "../exact-sum.ts";
import { addExact, nearest } from "../exact-sum.ts";

/** sum, log_sum, log_sum_squares, sum_squares_lo, sum_squares_hi. */
export const STATISTICS = 5;
/** The statistics and the number of pings behind a row's buckets. */
export const TRAILER = STATISTICS + 1;
/** What pings and published files say for a statistic that is not there. */
export const MISSING = -1;

export type Sums = readonly (Exact | null)[];

export interface Newest {
  readonly buildId: string;
  /** As the ping has it, "" when it has none. */
  readonly revision: string;
  /** Number of buckets. */
  readonly length: number;
  /** The definition column of arrays like the newest build's. */
  readonly definition: string;
}

export type Value = Sums | Newest | number;

export function isSums(value: Value): value is Sums {
  return Array.isArray(value);
}

export function isNewest(value: Value): value is Newest {
  return typeof value === "object" && !Array.isArray(value);
}

/** Associative and commutative, exactly. */
export function mergeValues(a: Value, b: Value, key: Key): Value {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (isSums(a) && isSums(b) && a.length === b.length) return addSums(a, b);
  if (isNewest(a) && isNewest(b)) return newerOf(a, b);
  throw new Error(`values of two kinds under one key: ${key.join(" ")}`);
}

/** Of arrays of one length. */
export function addSums(a: Sums, b: Sums): Sums {
  return a.map((sum, i) => addPresent(sum, b[i] ?? null));
}

/** The total order of builds; ties in all four are equal. */
export function newerOf(a: Newest, b: Newest): Newest {
  if (a.buildId !== b.buildId) return a.buildId > b.buildId ? a : b;
  if (a.revision !== b.revision) return a.revision > b.revision ? a : b;
  if (a.length !== b.length) return a.length > b.length ? a : b;
  return a.definition >= b.definition ? a : b;
}

/** As it is published: plain doubles, nearest to the exact sums; -1 for what is missing. */
export function rowOf(sums: Sums): number[] {
  return sums.map((sum) => (sum === null ? MISSING : nearest(sum)));
}

/** The number of pings behind these sums. */
export function countOf(sums: Sums): number {
  return nearest(sums.at(-1) ?? 0);
}

/** Exact sums are doubles: JSON writes each with the digits that read back as itself, beyond 2^53, too. */
export function encodeValue(value: Value): string {
  return JSON.stringify(value);
}

export function decodeValue(text: string): Value {
  return JSON.parse(text) as Value;
}

/** Throws when it is another value. */
export function sumsOf(value: Value): Sums {
  if (!isSums(value)) throw new Error("a value that is no list of sums");
  return value;
}

function addPresent(a: Exact | null, b: Exact | null): Exact | null {
  if (a === null) return b;
  return b === null ? a : addExact(a, b);
}
