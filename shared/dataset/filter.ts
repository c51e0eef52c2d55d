/**
 * Filters: which values of each dimension are allowed. Pure set algebra on them; how people write them is in
 * filter-where.ts and filter-document.ts. Values compare by their bytes; bounds are inclusive.
 */
import { compareKeys } from "../keys.ts";
import type { Allowed, Filter } from "./types.ts";

interface Range {
  readonly min?: string;
  readonly max?: string;
}

/** A list, as opposed to "*" and a range. */
export function isList(allowed: Allowed): allowed is readonly string[] {
  return Array.isArray(allowed);
}

export function allows(allowed: Allowed, value: string): boolean {
  if (allowed === "*") return true;
  if (isList(allowed)) return allowed.includes(value);
  return (
    (allowed.min === undefined || compareKeys(value, allowed.min) >= 0) &&
    (allowed.max === undefined || compareKeys(value, allowed.max) <= 0)
  );
}

/** Whether any value from `min` to `max` may be allowed. */
export function allowsRange(allowed: Allowed, min: string, max: string): boolean {
  if (allowed === "*") return true;
  if (isList(allowed)) return allowed.some((value) => compareKeys(value, min) >= 0 && compareKeys(value, max) <= 0);
  return (
    (allowed.min === undefined || compareKeys(allowed.min, max) <= 0) &&
    (allowed.max === undefined || compareKeys(allowed.max, min) >= 0)
  );
}

/** Whether a block with these dimensions is selected. A dimension that the block lacks is allowed by "*" only. */
export function matches(filter: Filter, dimensions: Readonly<Record<string, string>>): boolean {
  for (const [name, allowed] of Object.entries(filter)) {
    if (allowed === "*") continue;
    const value = Object.hasOwn(dimensions, name) ? dimensions[name] : undefined;
    if (value === undefined || !allows(allowed, value)) return false;
  }
  return true;
}

/** What both allow; an empty list when nothing is left. */
export function intersectAllowed(a: Allowed, b: Allowed): Allowed {
  if (a === "*") return b;
  if (b === "*") return a;
  if (isList(a)) return a.filter((value) => allows(b, value));
  if (isList(b)) return b.filter((value) => allows(a, value));
  const min = later(a.min, b.min, 1);
  const max = later(a.max, b.max, -1);
  if (min !== undefined && max !== undefined && compareKeys(min, max) > 0) return [];
  return range(min, max);
}

function later(a: string | undefined, b: string | undefined, sign: 1 | -1): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareKeys(a, b) * sign > 0 ? a : b;
}

function range(min: string | undefined, max: string | undefined): Range {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** What all of them allow. */
export function intersect(...filters: readonly Filter[]): Filter {
  const result = new Map<string, Allowed>();
  for (const filter of filters) {
    for (const [name, allowed] of Object.entries(filter)) {
      result.set(name, intersectAllowed(result.get(name) ?? "*", allowed));
    }
  }
  return Object.fromEntries(result);
}

/** True for a filter that no block whatever can pass. */
export function allowsNothing(filter: Filter): boolean {
  return Object.values(filter).some((allowed) => isList(allowed) && allowed.length === 0);
}

/** Whether everything that passes `inner` passes `outer`, as far as the filters alone tell. */
export function isWithin(inner: Filter, outer: Filter): boolean {
  if (allowsNothing(inner)) return true;
  return Object.entries(outer).every(([name, allowed]) =>
    isAllowedWithin(Object.hasOwn(inner, name) ? (inner[name] ?? "*") : "*", allowed),
  );
}

function isAllowedWithin(inner: Allowed, outer: Allowed): boolean {
  const canonical = canonicalAllowed(outer);
  if (canonical === "*") return true;
  if (inner === "*") return false;
  if (isList(inner)) return inner.every((value) => allows(canonical, value));
  if (isList(canonical)) return false;
  return (
    (canonical.min === undefined || (inner.min !== undefined && compareKeys(inner.min, canonical.min) >= 0)) &&
    (canonical.max === undefined || (inner.max !== undefined && compareKeys(inner.max, canonical.max) <= 0))
  );
}

function canonicalAllowed(allowed: Allowed): Allowed {
  if (allowed === "*") return "*";
  if (isList(allowed)) return [...new Set(allowed)].toSorted(compareKeys);
  return allowed.min === undefined && allowed.max === undefined ? "*" : range(allowed.min, allowed.max);
}

/** The same selection without what says nothing: dimensions and list items in byte order, once each, no "*". */
export function canonicalFilter(filter: Filter): Filter {
  return Object.fromEntries(
    Object.entries(filter)
      .map(([name, allowed]) => [name, canonicalAllowed(allowed)] as const)
      .filter(([, allowed]) => allowed !== "*")
      .toSorted(([a], [b]) => compareKeys(a, b)),
  );
}

/** One text for one selection, for hashing and comparing: the JSON of the canonical filter. */
export function filterText(filter: Filter): string {
  return JSON.stringify(canonicalFilter(filter));
}

/** For people: `appUpdateChannel=nightly,beta submission_date=20131001..20131031`. */
export function describeAllowed(allowed: Allowed): string {
  if (allowed === "*") return "*";
  if (isList(allowed)) return allowed.length === 0 ? "(nothing)" : allowed.join(",");
  return `${allowed.min ?? ""}..${allowed.max ?? ""}`;
}
