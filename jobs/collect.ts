/** Lists as values: for what cannot be added up, such as examples of each key. */
import { compareTexts } from "../shared/segment/order.ts";

/**
 * A `merge` for lists: both lists' elements in the order of their JSON text, duplicates kept; of more than `max` the first
 * `max` stay. Which ones stay depends on the elements alone, so the result does not depend on the order of merging.
 *
 *     map(record, emit) { emit([os], [record.id]); },
 *     merge: collect({ max: 10 }),
 *
 * `max` bounds the value: a value may have 16 MiB, and is read whole whenever it is merged.
 */
export function collect<T>({ max }: { readonly max: number }): (a: readonly T[], b: readonly T[]) => T[] {
  if (!Number.isSafeInteger(max) || max < 1)
    throw new Error(`Expected \`max\` to be an integer of at least 1, got ${max}`);
  return (a, b) =>
    [...a, ...b]
      .map((element) => ({ element, text: JSON.stringify(element).toWellFormed() }))
      .toSorted((left, right) => compareTexts(left.text, right.text))
      .slice(0, max)
      .map(({ element }) => element);
}
