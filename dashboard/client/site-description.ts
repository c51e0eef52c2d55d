/** `site.json`: which files a published aggregate has, and what its dimensions and dates are called. docs/formats/site.md has it. */
import { isObject, isText, isTexts, memberOf, requireFormat } from "./shapes.ts";
import { unexpected } from "./site-fault.ts";

export const siteFileName = "site.json";

export interface DateKind {
  /** As in the files' names: `<MEASURE>-by-<name>.json`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
}

export interface SiteDescription {
  readonly format: 1;
  readonly title: string;
  /** The pointer's file name. */
  readonly pointer: string;
  /** What the parts of a unit's label, between slashes, are called; none where there is one unit. */
  readonly unit: readonly string[];
  /** In the order of the filter tree. */
  readonly dimensions: readonly string[];
  /** At least one; the first is shown first. */
  readonly dates: readonly DateKind[];
  /** What one submission is called, in the plural: "pings", "requests". */
  readonly submissions: string;
}

/** Throws a SiteFault. */
export function parseSite(json: unknown): SiteDescription {
  const file = siteFileName;
  requireFormat(file, json, 1);
  const [title, pointer, submissions] = ["title", "pointer", "submissions"].map((name) => memberOf(json, name));
  const [unit, dimensions] = ["unit", "dimensions"].map((name) => memberOf(json, name));
  const dates = memberOf(json, "dates");
  if (!isText(title) || !isText(pointer) || !isText(submissions)) {
    throw unexpected(file, "lacks title, pointer or submissions");
  }
  if (!isFileName(pointer))
    throw unexpected(file, `names a pointer that is no file beside it: ${JSON.stringify(pointer)}`);
  if (!isTexts(unit) || !isTexts(dimensions))
    throw unexpected(file, "does not say what units and dimensions are called");
  if (!Array.isArray(dates) || dates.length === 0 || !dates.every(isDateKind)) {
    throw unexpected(file, "does not say by which dates there are files");
  }
  return { format: 1, title, pointer, unit, dimensions, dates, submissions };
}

function isDateKind(value: unknown): value is DateKind {
  return isObject(value) && isText(value["name"]) && isFileName(value["name"]) && isText(value["title"]);
}

/** A name that leads nowhere else. */
export function isFileName(name: string): boolean {
  return /^[\w][\w.-]*$/.test(name);
}
