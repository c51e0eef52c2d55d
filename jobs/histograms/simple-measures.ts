/**
 * Simple measures (single numbers of a ping, such as `firstPaint`) as histograms: `SIMPLE_MEASURES_<NAME>`, and for an object
 * `SIMPLE_MEASURES_<NAME>_<SUB>` for each of its numbers. Anything else in them is ignored. Deeper objects, too.
 */
import { digestOf, isObject } from "./definitions.ts";
import type { Newest } from "./value.ts";

const SIMPLE = "SIMPLE_MEASURES";

/** Lower bounds of the 50 exponential buckets from 1 to 30000. */
export const SIMPLE_BOUNDS: readonly number[] = [
  0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 20, 24, 29, 35, 43, 52, 63, 77, 94, 115, 140, 171, 209, 255, 311, 379, 462,
  564, 688, 839, 1023, 1248, 1522, 1857, 2265, 2763, 3370, 4111, 5015, 6118, 7463, 9104, 11106, 13548, 16527, 20161,
  24593, 30000,
];

export const SIMPLE_DEFINITION = `${SIMPLE_BOUNDS.length}-${digestOf("exponential", SIMPLE_BOUNDS)}`;

/** They have one definition, older than any build's: it stands where no histogram of that name exists. */
export const SIMPLE_NEWEST: Newest = {
  buildId: "0",
  revision: "simple-measures-hack",
  length: SIMPLE_BOUNDS.length,
  definition: SIMPLE_DEFINITION,
};

export function isSimpleMeasure(measure: string): boolean {
  return measure.startsWith(`${SIMPLE}_`);
}

export function simpleMeasureName(name: string): string {
  return `${SIMPLE}_${name.toUpperCase()}`;
}

/** As published. The description's underscore is the original's, and clients may know it. */
export function simpleDefinition(measure: string): Readonly<Record<string, unknown>> {
  return {
    kind: "exponential",
    low: 1,
    high: 30000,
    n_buckets: SIMPLE_BOUNDS.length,
    extended_statistics_ok: true,
    description: `Histogram aggregation for simple measure: ${measure.slice(SIMPLE.length)}`,
  };
}

/** Calls back for each number, with its name in the ping (`name`, or `name_sub`). */
export function eachSimpleMeasure(section: unknown, found: (name: string, value: number) => void): void {
  if (!isObject(section)) return;
  for (const [name, value] of Object.entries(section)) {
    if (typeof value === "number") found(name, value);
    else if (isObject(value)) {
      for (const [sub, number] of Object.entries(value)) {
        if (typeof number === "number") found(`${name}_${sub}`, number);
      }
    }
  }
}

/** The highest bucket whose bound is at most the value; -1 for a negative one. */
export function simpleBucket(value: number): number {
  let low = 0;
  let high = SIMPLE_BOUNDS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((SIMPLE_BOUNDS[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
