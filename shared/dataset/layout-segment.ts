/**
 * Matching one piece of a key between two slashes (or, for the last piece, all that is left) against one piece of a layout.
 *
 * A piece alternates between *fixed* runs (literals and date parts: their width is known) and *free* dimensions (one
 * character or more). Each free dimension takes as little as lets the next fixed run match, the last one takes what is left
 * before the end. Taking the least never loses a match, since a later free dimension can take the rest; so there is no
 * backtracking, and a hostile key costs no more than an honest one.
 */
import { mayBeDate } from "./calendar.ts";
import type { DateParts } from "./calendar.ts";

export type DateToken = "yyyy" | "MM" | "dd" | "HH";

export type Item =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "date"; readonly name: string; readonly token: DateToken }
  | { readonly kind: "free"; readonly name: string };

/** What a key has shown so far: values of free dimensions, parts of the date. */
export interface Found {
  readonly values: Record<string, string>;
  readonly date: DateParts;
}

/** Matches the whole of `text` (with `/` in it only for a last piece, in its last dimension); adds what it finds. After false, `found` is not to be used. */
export type Matcher = (text: string, found: Found) => boolean;

type FixedItem = Exclude<Item, { kind: "free" }>;

interface Fixed {
  readonly items: readonly FixedItem[];
  readonly width: number;
}

const partOf = { yyyy: "year", MM: "month", dd: "day" } as const;

function widthOf(item: FixedItem): number {
  return item.kind === "literal" ? item.text.length : item.token.length;
}

function isDigits(text: string, from: number, count: number): boolean {
  if (from + count > text.length) return false;
  for (let i = from; i < from + count; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 48 || unit > 57) return false;
  }
  return true;
}

/** Literals equal, digits where digits belong, no number beyond its greatest; whether the date exists is asked once, at the end. */
function fits(run: Fixed, text: string, from: number): boolean {
  let at = from;
  for (const item of run.items) {
    if (item.kind === "literal") {
      if (!text.startsWith(item.text, at)) return false;
    } else {
      if (!isDigits(text, at, item.token.length)) return false;
      if (item.token === "HH" && Number(text.slice(at, at + 2)) > 23) return false;
    }
    at += widthOf(item);
  }
  return true;
}

/** False when a part was seen before with other digits. */
function take(run: Fixed, text: string, from: number, date: DateParts): boolean {
  let at = from;
  for (const item of run.items) {
    if (item.kind === "date" && item.token !== "HH") {
      const part = partOf[item.token];
      const digits = text.slice(at, at + item.token.length);
      if (date[part] !== undefined && date[part] !== digits) return false;
      date[part] = digits;
    }
    at += widthOf(item);
  }
  return true;
}

/** The runs around the free dimensions: one more than there are dimensions, some of them empty. */
function split(items: readonly Item[]): { readonly runs: readonly Fixed[]; readonly names: readonly string[] } {
  const runs: Fixed[] = [];
  const names: string[] = [];
  let current: FixedItem[] = [];
  const end = (): void => {
    runs.push({ items: current, width: current.reduce((sum, item) => sum + widthOf(item), 0) });
    current = [];
  };
  for (const item of items) {
    if (item.kind === "free") {
      end();
      names.push(item.name);
    } else current.push(item);
  }
  end();
  return { runs, names };
}

const noRun: Fixed = { items: [], width: 0 };

export function compileSegment(items: readonly Item[]): Matcher {
  const { runs, names } = split(items);
  const first = runs[0] ?? noRun;
  const last = runs.at(-1) ?? noRun;
  return (text, found) => {
    if (!fits(first, text, 0) || !take(first, text, 0, found.date)) return false;
    if (names.length === 0) return text.length === first.width && mayBeDate(found.date);
    let from = first.width;
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      const run = isLast ? last : (runs[index + 1] ?? noRun);
      const at = isLast ? text.length - run.width : firstFit(run, text, from + 1);
      if (at <= from || !fits(run, text, at) || !take(run, text, at, found.date)) return false;
      const value = text.slice(from, at);
      if (!isLast && value.includes("/")) return false;
      found.values[name] = value;
      from = at + run.width;
    }
    return mayBeDate(found.date);
  };
}

/** The first place at or after `from` where the run fits, or -1. */
function firstFit(run: Fixed, text: string, from: number): number {
  for (let at = from; at + run.width <= text.length; at++) if (fits(run, text, at)) return at;
  return -1;
}
