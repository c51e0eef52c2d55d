/** What a bucket is called: its bounds or, of categories, the value that it counts. Pure. */
import type { Measure, MeasureKind } from "../client/measure.ts";
import * as words from "../parts/words.ts";

/** By value. Numbers that are not here stay numbers: such a measure has a bucket more than it has values. */
const names: ReadonlyMap<MeasureKind, readonly string[]> = new Map([
  ["boolean", ["false", "true"]],
  ["flag", ["not set", "set"]],
]);

/** In tables and files: `[3, 7)`, `false`. */
export function bucketName(measure: Measure, bucket: number): string {
  const from = measure.bounds[bucket] ?? bucket;
  if (measure.scale !== "categories") return words.bounds({ from, to: measure.bounds[bucket + 1] ?? null });
  return names.get(measure.kind)?.[from] ?? words.value(from);
}

/** At an axis: the lower bound, or the category. */
export function bucketTick(measure: Measure, bucket: number): string {
  const from = measure.bounds[bucket] ?? bucket;
  return names.get(measure.kind)?.[from] ?? words.compact(from);
}
