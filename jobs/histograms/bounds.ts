/**
 * Lower bounds of a histogram's buckets from its definition, as the client that filled them computed them:
 *
 *   boolean, flag, count   0, 1, 2
 *   enumerated             0, 1, ..., n_values
 *   linear                 0, then n_buckets - 1 bounds evenly from low to high
 *   exponential            0, low, then growing by a factor that is chosen anew at each bound, so that the last one is high
 */
import { evaluate } from "./arithmetic.ts";

/** More than any real definition has (about 1,000); a typing error must not take the memory. */
export const BUCKETS_MAX = 10_000;

/** Undefined when they cannot be computed: unknown kind, a parameter that is missing, symbolic or senseless. */
export function boundsOf(definition: Readonly<Record<string, unknown>>): readonly number[] | undefined {
  switch (definition["kind"]) {
    case "boolean":
    case "flag":
    case "count":
      return linear(1, 2, 3);
    case "enumerated": {
      const values = evaluate(definition["n_values"]);
      return values === undefined ? undefined : linear(1, values, values + 1);
    }
    case "linear":
      return ranged(definition, linear);
    case "exponential":
      return ranged(definition, exponential);
    default:
      return undefined;
  }
}

type Scale = (low: number, high: number, buckets: number) => readonly number[] | undefined;

function ranged(definition: Readonly<Record<string, unknown>>, scale: Scale): readonly number[] | undefined {
  const low = evaluate(definition["low"] ?? 1);
  const high = evaluate(definition["high"]);
  const buckets = evaluate(definition["n_buckets"]);
  return low === undefined || high === undefined || buckets === undefined ? undefined : scale(low, high, buckets);
}

function isCount(buckets: number): boolean {
  return Number.isInteger(buckets) && buckets >= 2 && buckets <= BUCKETS_MAX;
}

function linear(low: number, high: number, buckets: number): readonly number[] | undefined {
  if (!isCount(buckets)) return undefined;
  const bounds = [0];
  // With two buckets there is nothing between low and high.
  if (buckets === 2) return [0, Math.trunc(low + 0.5)];
  for (let i = 1; i < buckets; i++) {
    bounds.push(Math.trunc((low * (buckets - 1 - i) + high * (i - 1)) / (buckets - 2) + 0.5));
  }
  return bounds;
}

function exponential(low: number, high: number, buckets: number): readonly number[] | undefined {
  if (!isCount(buckets) || low <= 0 || high <= 0) return undefined;
  const logHigh = Math.log(high);
  const bounds = [0, low];
  let current = low;
  for (let i = 2; i < buckets; i++) {
    const logCurrent = Math.log(current);
    const next = Math.floor(Math.exp(logCurrent + (logHigh - logCurrent) / (buckets - i)) + 0.5);
    current = next > current ? next : current + 1;
    bounds.push(current);
  }
  return bounds;
}
