/**
 * Filters as flags: `--where appUpdateChannel=nightly,beta`, `--where submission_date=20131001..20131031` (either end may be
 * open), `--where appName=*`, `--last 7d`. A result holds no "today": it selects the same blocks tomorrow.
 */
import { addDays, dateOf } from "./calendar.ts";
import { checkDimension, invalidFilter, readDate, toUnit } from "./filter-values.ts";
import type { Layout } from "./layout.ts";
import { compareKeys } from "../keys.ts";
import type { Allowed, Filter } from "./types.ts";

/** A century: more is a slip of the finger. */
const lastDaysMax = 36_500;

/** One `--where` for each dimension; throws `invalid-filter`. Values are spelled as keys of the layout spell them. */
export function parseWhere(layout: Layout, texts: readonly string[]): Filter {
  const result = new Map<string, Allowed>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals <= 0) {
      throw invalidFilter(
        `--where ${text}: a dimension, =, and its values are expected.`,
        `As in --where ${layout.dimensions[0] ?? "channel"}=a,b.`,
      );
    }
    const name = text.slice(0, equals);
    checkDimension(layout, name);
    if (result.has(name)) {
      throw invalidFilter(`--where ${name} is given twice.`, `Write all its values in one: --where ${name}=a,b.`);
    }
    result.set(name, parseValues(layout, name, text.slice(equals + 1)));
  }
  return Object.fromEntries(result);
}

function parseValues(layout: Layout, name: string, text: string): Allowed {
  const where = `--where ${name}=${text}`;
  const value = (part: string): string =>
    name === layout.dateDimension ? readDate(layout, part, where) : layout.spell(part);
  if (text === "*") return "*";
  const items = itemsOf(text);
  if (items.some((item) => item === "")) {
    throw invalidFilter(`${where}: a value is empty.`, "Write values with one comma between them, none at the end.");
  }
  const dots = text.indexOf("..");
  if (dots === -1) return items.map(value);
  if (items.length > 1) {
    throw invalidFilter(`${where}: a range stands alone.`, "Give either values or one range MIN..MAX.");
  }
  const [min, max] = [text.slice(0, dots), text.slice(dots + 2)];
  if ((min === "" && max === "") || max.includes("..")) {
    throw invalidFilter(`${where}: no range.`, "Write MIN..MAX, MIN.. or ..MAX; both ends are included.");
  }
  const range = { ...(min === "" ? {} : { min: value(min) }), ...(max === "" ? {} : { max: value(max) }) };
  if (range.min !== undefined && range.max !== undefined && compareKeys(range.min, range.max) > 0) {
    throw invalidFilter(`${where}: the range ends before it begins.`, `Write ${name}=${max}..${min}.`);
  }
  return range;
}

/** Blanks beside a comma are the writer's. A value that stands alone is as it is written. */
function itemsOf(text: string): string[] {
  const items = text.split(",");
  return items.length === 1 ? items : items.map((item) => item.trim());
}

/** `7d`: today, in UTC, and the six days before it. `nowMs` is the wall clock. */
export function parseLast(layout: Layout, text: string, nowMs: number): Filter {
  if (layout.dateDimension === undefined) {
    throw invalidFilter(
      `--last ${text}: the layout ${JSON.stringify(layout.name)} has no date.`,
      "Select by another dimension with --where, or give a layout with a date, such as dt={date:yyyy-MM-dd}/.",
    );
  }
  const days = /^([1-9][0-9]{0,5})d$/.exec(text)?.[1];
  if (days === undefined || Number(days) > lastDaysMax) {
    throw invalidFilter(
      `--last ${text}: a number of days is expected, 1d to ${lastDaysMax}d.`,
      "--last 7d is today (UTC) and the six days before it.",
    );
  }
  const today = dateOf(nowMs);
  const first = addDays(today, 1 - Number(days));
  return { [layout.dateDimension]: { min: toUnit(layout, first), max: toUnit(layout, today) } };
}
