/** What is known of a measure: the `measures` of a unit's `site.json`. */
import { isNumbers, isObject, isText, memberOf, type Json } from "./shapes.ts";
import { unexpected } from "./site-fault.ts";
import type { Scale } from "./statistics.ts";

const kinds = ["exponential", "linear", "enumerated", "boolean", "flag", "count", "counter", "unknown"] as const;

/** `counter`: one number, no buckets. `unknown`: buckets whose bounds nobody knows; they are numbered. */
export type MeasureKind = (typeof kinds)[number];

export interface Measure {
  readonly name: string;
  readonly kind: MeasureKind;
  /** "" where there is none. */
  readonly description: string;
  /** Lower bounds of the buckets, ascending; none of a counter. */
  readonly bounds: readonly number[];
  readonly scale: Scale;
}

const scales: Readonly<Record<MeasureKind, Scale>> = {
  exponential: "exponential",
  linear: "linear",
  enumerated: "categories",
  boolean: "categories",
  flag: "categories",
  count: "linear",
  counter: "categories",
  unknown: "categories",
};

/** In the order of the file. Throws a SiteFault. */
export function parseMeasures(file: string, json: Json): ReadonlyMap<string, Measure> {
  const all = memberOf(json, "measures");
  if (!isObject(all)) throw unexpected(file, "has no measures");
  return new Map(Object.entries(all).map(([name, value]) => [name, parseMeasure(file, name, value)]));
}

function parseMeasure(file: string, name: string, json: unknown): Measure {
  const known = isObject(json) ? kinds.find((kind) => kind === memberOf(json, "kind")) : undefined;
  if (!isObject(json) || known === undefined) throw unexpected(file, `says no known kind of ${JSON.stringify(name)}`);
  const description = memberOf(json, "description") ?? "";
  const bounds = memberOf(json, "bounds") ?? [];
  if (!isText(description)) throw unexpected(file, `has no text as the description of ${JSON.stringify(name)}`);
  const ascending = isNumbers(bounds) && bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? NaN));
  if (!ascending || (bounds.length === 0) !== (known === "counter")) {
    throw unexpected(file, `has no ascending bounds for the buckets of ${JSON.stringify(name)}`);
  }
  return { name, kind: known, description, bounds, scale: scales[known] };
}
