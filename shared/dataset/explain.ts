/**
 * Why a filter selects nothing: which dimension emptied it, and which values come nearest. Dimensions are looked at in the
 * order in which keys spell them; the first one that leaves nothing of what the ones before it left is the one.
 */
import { SpotfoldError } from "../errors.ts";
import { compareKeys } from "../keys.ts";
import { dayNumber, isDate, lastDayOfMonth } from "./calendar.ts";
import { allows, describeAllowed, isList } from "./filter.ts";
import { allowsKnown } from "./layout.ts";
import type { Layout, PrefixDimensions } from "./layout.ts";
import type { Allowed, DatasetSpec, Filter } from "./types.ts";

/** As many values as one line of a terminal shows. */
const nearestMax = 5;
/** Beyond this many distinct values of a dimension, further ones are not compared: an answer, not a search. */
const candidatesMax = 100_000;
/** Pairs of a value that is asked for and one that is there: seconds of computing. Of long lists the first values are compared. */
const comparisonsMax = 100_000;

export interface EmptyExplanation {
  /** The dimension that emptied the selection; undefined when no block at all is known. */
  readonly dimension?: string;
  /** What the filter asks of it. */
  readonly asked?: Allowed;
  /**
   * Values that blocks do have there, nearest first, as a filter takes them: of dates that are only known in part (a folder of
   * a year or a month that was not looked into) the range `20130101..20131231`.
   */
  readonly nearest: readonly string[];
}

/**
 * `known` is what is known of blocks, by block or by distinct dimensions, and of prefixes that were not listed (with the
 * dimensions that these show). It is read once for each dimension of the filter.
 */
export function explainEmpty(
  layout: Layout,
  filter: Filter,
  known: () => Iterable<PrefixDimensions>,
): EmptyExplanation {
  const asked: Record<string, Allowed> = {};
  for (const name of layout.dimensions) {
    const allowed = Object.hasOwn(filter, name) ? filter[name] : undefined;
    if (allowed === undefined || allowed === "*") continue;
    const before = { ...asked };
    asked[name] = allowed;
    const values = new Set<string>();
    let found = false;
    for (const entry of known()) {
      const value = valueOf(layout, entry, name);
      if (value === undefined || !allowsKnown(entry, layout.dateDimension, before)) continue;
      found ||= allowsKnown(entry, layout.dateDimension, asked);
      if (found) break;
      if (values.size < candidatesMax) values.add(value);
    }
    if (!found && (values.size > 0 || !isEmpty(known()))) {
      return { dimension: name, asked: allowed, nearest: nearestOf(layout, name, allowed, values) };
    }
  }
  return { nearest: [] };
}

/** The values of a dimension that come nearest to what is asked of it, as a filter takes them. */
export function nearestOf(
  { dateDimension }: Layout,
  dimension: string,
  asked: Allowed,
  values: ReadonlySet<string>,
): string[] {
  return dimension === dateDimension ? nearestDates(asked, values) : nearestTexts(asked, values);
}

function isEmpty(known: Iterable<PrefixDimensions>): boolean {
  for (const _ of known) return false;
  return true;
}

export function valueOf(layout: Layout, entry: PrefixDimensions, name: string): string | undefined {
  if (Object.hasOwn(entry.dimensions, name)) return entry.dimensions[name];
  return name === layout.dateDimension ? entry.datePart : undefined;
}

/** The dates closest to what was asked, whichever side they are on; ties go to the later one. */
function nearestDates(asked: Allowed, values: ReadonlySet<string>): string[] {
  const gap = (text: string, min: string | undefined, max: string | undefined): number => {
    const known = daysOf(text);
    const before = min === undefined ? 0 : dayNumber(min) - dayNumber(known.max);
    const after = max === undefined ? 0 : dayNumber(known.min) - dayNumber(max);
    return Math.max(before, after, 0);
  };
  const distance = (text: string): number => {
    if (asked === "*") return 0;
    return isList(asked) ? Math.min(...asked.map((one) => gap(text, one, one))) : gap(text, asked.min, asked.max);
  };
  return [...values]
    .toSorted((a, b) => distance(a) - distance(b) || compareKeys(b, a))
    .slice(0, nearestMax)
    .map((text) => {
      const { min, max } = daysOf(text);
      return min === max ? min : `${min}..${max}`;
    });
}

/** The first and last day of a date that may be known in part only: `2013`, `201310`. */
function daysOf(text: string): { readonly min: string; readonly max: string } {
  if (isDate(text)) return { min: text, max: text };
  const min = `${text}0101`.slice(0, 8);
  return { min, max: text.length < 6 ? `${text}1231` : lastDayOfMonth(min) };
}

/** For a list, the most alike; for a range, those next to its ends in order. */
function nearestTexts(asked: Allowed, values: ReadonlySet<string>): string[] {
  const sorted = [...values].toSorted(compareKeys);
  if (isList(asked)) {
    const compared = asked.slice(0, Math.max(1, Math.floor(comparisonsMax / sorted.length)));
    const scored = sorted.map((value) => ({
      value,
      distance: Math.min(...compared.map((one) => editDistance(one, value))),
    }));
    return scored
      .toSorted((a, b) => a.distance - b.distance || compareKeys(a.value, b.value))
      .slice(0, nearestMax)
      .map((entry) => entry.value);
  }
  if (asked === "*") return [];
  const { min, max } = asked;
  const below = min === undefined ? [] : sorted.filter((value) => !allows({ min }, value)).slice(-2);
  const above = max === undefined ? [] : sorted.filter((value) => !allows({ max }, value)).slice(0, 2);
  return [...below, ...above];
}

/** Longer values differ enough within these characters; the work is their square. */
const comparedCharsMax = 64;

/** Letters to change, add or leave out, upper and lower case being the same. */
export function editDistance(a: string, b: string): number {
  const [x, y] = [a.toLowerCase().slice(0, comparedCharsMax), b.toLowerCase().slice(0, comparedCharsMax)];
  let row = Array.from({ length: y.length + 1 }, (_, i) => i);
  for (let i = 1; i <= x.length; i++) {
    const next = [i];
    for (let j = 1; j <= y.length; j++) {
      const same = x[i - 1] === y[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[y.length] ?? 0;
}

/** What a listing saw that has just ended: what the layout knows, what it does not, and prefixes that were left out. */
export interface Looked {
  readonly mode: string;
  readonly listed: number;
  readonly skipped: number;
  readonly unmatched: { readonly keys: number };
}

function sawNothing({ mode, listed, skipped, unmatched }: Looked): boolean {
  return mode === "full" && listed + skipped + unmatched.keys === 0;
}

/** The error for a selection without blocks: `nothing-selected`, exit code 2. `looked`: where there was a listing before it. */
export function nothingSelected(dataset: DatasetSpec, explanation: EmptyExplanation, looked?: Looked): SpotfoldError {
  const { dimension, asked, nearest } = explanation;
  if (looked !== undefined && sawNothing(looked)) {
    return new SpotfoldError("nothing-selected", `There is no key at all in ${dataset.place}.`, {
      hint: "Check the place for a slip in its name.",
      context: { dataset: dataset.name, place: dataset.place },
    });
  }
  if (dimension === undefined || asked === undefined) {
    return new SpotfoldError(
      "nothing-selected",
      `No block of the dataset ${dataset.name} is known in ${dataset.place}.`,
      {
        hint: `Say how the keys are laid out, such as --layout '{file}' for a folder of files or --layout 'dt={date:yyyy-MM-dd}/'; spotfold catalog sync shows three keys that do not match ${dataset.layout}.`,
        context: { dataset: dataset.name, place: dataset.place, layout: dataset.layout },
      },
    );
  }
  const shown = nearest.length === 0 ? "no value at all is known there" : `the nearest are ${nearest.join(", ")}`;
  return new SpotfoldError(
    "nothing-selected",
    `No block of the dataset ${dataset.name} has ${dimension}=${describeAllowed(asked)}; ${shown}.`,
    {
      hint: `Change the condition on ${dimension}, or leave it out.`,
      context: { dataset: dataset.name, dimension, asked, nearest },
    },
  );
}
