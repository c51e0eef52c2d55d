/**
 * Turns values as people write them into values as keys spell them, for one layout: names of dimensions are checked, dates
 * become YYYYMMDD (rounded down to the month where keys hold no day, so that a range takes in the months that it touches).
 */
import { SpotfoldError } from "../errors.ts";
import { isDate } from "./calendar.ts";
import type { Layout } from "./layout.ts";

export function invalidFilter(
  message: string,
  hint: string,
  context?: Readonly<Record<string, unknown>>,
): SpotfoldError {
  return new SpotfoldError("invalid-filter", message, context === undefined ? { hint } : { hint, context });
}

/** Throws `invalid-filter`, listing the known dimensions, unless the layout has this one. */
export function checkDimension(layout: Layout, name: string): void {
  if (layout.dimensions.includes(name)) return;
  const known = layout.dimensions.length === 0 ? "none" : layout.dimensions.join(", ");
  throw invalidFilter(
    `There is no dimension ${JSON.stringify(name)} in the layout ${JSON.stringify(layout.name)}.`,
    `Its dimensions: ${known}.`,
    { dimension: name, known: layout.dimensions },
  );
}

/** A day, written YYYYMMDD or YYYY-MM-DD. */
export function readDate(layout: Layout, text: string, where: string): string {
  const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? text.replaceAll("-", "") : text;
  if (!isDate(date)) {
    throw invalidFilter(
      `${where}: ${JSON.stringify(text)} is no date.`,
      "Write a day that exists as YYYYMMDD, in UTC.",
    );
  }
  return toUnit(layout, date);
}

export function toUnit(layout: Layout, date: string): string {
  return layout.dateUnit === "month" ? `${date.slice(0, 6)}01` : date;
}
