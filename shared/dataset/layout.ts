/**
 * Key layouts: what a block's key says about it. A layout is a pattern with named dimensions, `telemetry` or one of the
 * user's (docs/formats/layouts.md). It answers two questions that must agree: which dimensions has this key, and may
 * anything below this prefix pass a filter. If a key passes, every prefix of it is allowed.
 */
import { allows, allowsRange } from "./filter.ts";
import { rangeOf } from "./calendar.ts";
import type { DateParts } from "./calendar.ts";
import { parsePattern } from "./layout-pattern.ts";
import { compileSegment } from "./layout-segment.ts";
import type { Found, Matcher } from "./layout-segment.ts";
import { telemetryName, telemetryPattern, telemetryFile } from "./layout-telemetry.ts";
import type { Filter } from "./types.ts";

/** What a prefix shows of the blocks below it. */
export interface PrefixDimensions {
  /** The dimensions that are spelled in full. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** The date as far as it is spelled, `2013` or `201310`, while its day is open. */
  readonly datePart?: string;
}

export interface Layout {
  /** As in `DatasetSpec.layout`. */
  readonly name: string;
  /** In the order in which the key spells them. */
  readonly dimensions: readonly string[];
  /** Its values are days, YYYYMMDD in UTC; the first of the month for a layout without days. It is the partition of a block. */
  readonly dateDimension?: string;
  /** What one value of the date covers. */
  readonly dateUnit: "day" | "month";
  /** The date, or a part of it, stands in the folders: a listing can be narrowed by it. */
  readonly dateInFolders: boolean;
  /** The dimension that takes the end of the key, `/` included: as many values as blocks. */
  readonly restDimension?: string;
  /** How a value given by a person is written in keys; the same for every layout but telemetry. */
  readonly spell: (value: string) => string;
  /** Folders that the pattern spells: so deep a listing can be narrowed by a filter. */
  readonly depth: number;
  /** The dimensions of a block's key, or null when it is not laid out like this. A key ending in `/` is no block. */
  match(key: string): Record<string, string> | null;
  /** What `prefix` (empty, or ending in `/`) shows, or null when no key below it can match. */
  matchPrefix(prefix: string): PrefixDimensions | null;
  /** Whether a key below `prefix` may match and pass the filter. */
  allowsPrefix(prefix: string, filter: Filter): boolean;
}

interface Parts {
  readonly name: string;
  readonly folders: readonly Matcher[];
  /** `all`: everything below the folders; `rest`: a last piece that takes all that is left; `file`: one name. */
  readonly end: { readonly kind: "all" } | { readonly kind: "rest" | "file"; readonly match: Matcher };
  readonly dimensions: readonly string[];
  readonly dateDimension: string | undefined;
  readonly dateUnit: "day" | "month";
  readonly dateInFolders: boolean;
  readonly restDimension: string | undefined;
  readonly spell: (value: string) => string;
}

/** `telemetry`, or a pattern. Throws `invalid-config` saying where the pattern is wrong. */
export function compileLayout(text: string): Layout {
  if (text === telemetryName) return layoutOf(telemetryParts());
  const { pieces, dimensions, dateDimension } = parsePattern(text);
  const last = pieces.at(-1) ?? [];
  const lastItem = last.at(-1);
  const rest = lastItem?.kind === "free" ? lastItem.name : undefined;
  const hasDays = pieces.some((piece) => piece.some((item) => item.kind === "date" && item.token === "dd"));
  return layoutOf({
    name: text,
    folders: pieces.slice(0, -1).map(compileSegment),
    end:
      last.length === 0 ? { kind: "all" } : { kind: rest === undefined ? "file" : "rest", match: compileSegment(last) },
    dimensions,
    dateDimension,
    dateUnit: dateDimension === undefined || hasDays ? "day" : "month",
    dateInFolders: pieces.slice(0, -1).some((piece) => piece.some((item) => item.kind === "date")),
    restDimension: rest,
    spell: (value) => value,
  });
}

function telemetryParts(): Parts {
  const { pieces, dimensions, dateDimension } = parsePattern(telemetryPattern);
  return {
    name: telemetryName,
    folders: pieces.slice(0, -1).map(compileSegment),
    end: { kind: "file", match: telemetryFile },
    dimensions,
    dateDimension,
    dateUnit: "day",
    dateInFolders: false,
    restDimension: undefined,
    spell: (value) => value.replaceAll(/[^a-zA-Z0-9_/.]/gu, "_"),
  };
}

function layoutOf(parts: Parts): Layout {
  const { folders, end, dateDimension } = parts;

  /** Matches whole levels; the rest of the text, or null. */
  function matchFolders(text: string, found: Found): string | null {
    let at = 0;
    for (const match of folders) {
      const slash = text.indexOf("/", at);
      if (slash === -1) return text.slice(at);
      if (!match(text.slice(at, slash), found)) return null;
      at = slash + 1;
    }
    return text.slice(at);
  }

  function match(key: string): Record<string, string> | null {
    if (key.endsWith("/") || levelsIn(key, folders.length) < folders.length) return null;
    const found: Found = { values: {}, date: {} };
    const left = matchFolders(key, found);
    if (left === null || left === "" || (end.kind === "file" && left.includes("/"))) return null;
    if (end.kind !== "all" && !end.match(left, found)) return null;
    if (dateDimension !== undefined) {
      const { year = "", month = "", day = "01" } = found.date;
      found.values[dateDimension] = year + month + day;
    }
    return found.values;
  }

  function matchPrefix(prefix: string): PrefixDimensions | null {
    const found: Found = { values: {}, date: {} };
    const left = matchFolders(prefix, found);
    if (left === null || (left !== "" && end.kind === "file")) return null;
    return shown(found, dateDimension, parts.dateUnit);
  }

  return {
    name: parts.name,
    dimensions: parts.dimensions,
    ...(dateDimension === undefined ? {} : { dateDimension }),
    dateUnit: parts.dateUnit,
    dateInFolders: parts.dateInFolders,
    ...(parts.restDimension === undefined ? {} : { restDimension: parts.restDimension }),
    spell: parts.spell,
    depth: folders.length,
    match,
    matchPrefix,
    allowsPrefix(prefix, filter) {
      const known = matchPrefix(prefix);
      return known !== null && allowsKnown(known, dateDimension, filter);
    },
  };
}

/** Slashes in the text, counted up to `enough`. */
function levelsIn(text: string, enough: number): number {
  let count = 0;
  for (let at = text.indexOf("/"); at !== -1 && count < enough; at = text.indexOf("/", at + 1)) count++;
  return count;
}

function shown(found: Found, dateDimension: string | undefined, unit: "day" | "month"): PrefixDimensions {
  const { year, month, day }: DateParts = found.date;
  if (dateDimension === undefined || year === undefined) return { dimensions: found.values };
  if (month === undefined) return { dimensions: found.values, datePart: year };
  const date = unit === "month" ? `${year}${month}01` : day === undefined ? undefined : year + month + day;
  if (date === undefined) return { dimensions: found.values, datePart: year + month };
  found.values[dateDimension] = date;
  return { dimensions: found.values };
}

/** Whether blocks of which this is known may pass the filter. */
export function allowsKnown(known: PrefixDimensions, dateDimension: string | undefined, filter: Filter): boolean {
  for (const [name, value] of Object.entries(known.dimensions)) {
    const allowed = Object.hasOwn(filter, name) ? filter[name] : undefined;
    if (allowed !== undefined && !allows(allowed, value)) return false;
  }
  if (known.datePart === undefined || dateDimension === undefined) return true;
  const allowed = Object.hasOwn(filter, dateDimension) ? filter[dateDimension] : undefined;
  const range = rangeOf({ year: known.datePart.slice(0, 4), ...monthIn(known.datePart) });
  return allowed === undefined || range === null || allowsRange(allowed, range.min, range.max);
}

function monthIn(datePart: string): DateParts {
  return datePart.length > 4 ? { month: datePart.slice(4, 6) } : {};
}

/** The partition of a block: its date, else "". */
export function partitionOf(layout: Layout, dimensions: Readonly<Record<string, string>>): string {
  return layout.dateDimension === undefined ? "" : (dimensions[layout.dateDimension] ?? "");
}
