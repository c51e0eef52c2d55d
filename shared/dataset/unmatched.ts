/**
 * Values of a filter's lists that no selected block has, beside others that some have: most often a slip, which a selection that is not
 * empty would hide. What a filter that selects nothing at all is told is in explain.ts.
 */
import { nearestOf, valueOf } from "./explain.ts";
import { isList } from "./filter.ts";
import { allowsKnown, type Layout, type PrefixDimensions } from "./layout.ts";
import type { Filter } from "./types.ts";

/** A filter may list hundreds of values: the first say enough. */
const unmatchedMax = 10;
/** Beyond this many values to choose from, none is compared: nobody waits for that before a run begins. For long values it takes half a second. */
const comparedMax = 2_000;

export interface UnmatchedValue {
  readonly dimension: string;
  readonly value: string;
  /**
   * Values that blocks have there which the rest of the filter selects, nearest first. Null where they were not looked for: of the
   * first value of each dimension only, and of no dimension that has very many.
   */
  readonly nearest: readonly string[] | null;
}

/** `known` as for `explainEmpty`; read once, and once more for each dimension that has such values. */
export function unmatchedValues(
  layout: Layout,
  filter: Filter,
  known: () => Iterable<PrefixDimensions>,
): readonly UnmatchedValue[] {
  const left = new Map<string, Set<string>>();
  for (const [name, allowed] of Object.entries(filter)) {
    // Of one value that no block has, the selection is empty, and that is explained.
    if (isList(allowed) && allowed.length > 1) left.set(name, new Set(allowed));
  }
  for (const entry of left.size === 0 ? [] : known()) {
    if (!allowsKnown(entry, layout.dateDimension, filter)) continue;
    for (const [name, values] of left) {
      const value = valueOf(layout, entry, name);
      if (value !== undefined) values.delete(value);
    }
  }
  const unmatched: UnmatchedValue[] = [];
  for (const [dimension, values] of left) {
    if (values.size === 0 || unmatched.length >= unmatchedMax) continue;
    for (const [index, value] of [...values].slice(0, unmatchedMax - unmatched.length).entries()) {
      const there = index === 0 ? valuesWithout(layout, filter, dimension, known()) : null;
      unmatched.push({ dimension, value, nearest: there && nearestOf(layout, dimension, [value], there) });
    }
  }
  return unmatched;
}

/** Of blocks that the filter selects but for this dimension; null: too many to compare. */
function valuesWithout(
  layout: Layout,
  filter: Filter,
  dimension: string,
  known: Iterable<PrefixDimensions>,
): ReadonlySet<string> | null {
  const rest: Filter = Object.fromEntries(Object.entries(filter).filter(([name]) => name !== dimension));
  const values = new Set<string>();
  for (const entry of known) {
    const value = valueOf(layout, entry, dimension);
    if (value === undefined || !allowsKnown(entry, layout.dateDimension, rest)) continue;
    values.add(value);
    if (values.size > comparedMax) return null;
  }
  return values;
}

export function unmatchedText({ dimension, value, nearest }: UnmatchedValue): string {
  const what = `no selected block has ${dimension}=${value}`;
  if (nearest === null) return what;
  return `${what}; ${nearest.length === 0 ? "no value at all is known there" : `the nearest are ${nearest.join(", ")}`}`;
}
