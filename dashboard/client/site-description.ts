/**
 * `site.json`, in each unit's folder: what the unit can be shown by, and its measures. docs/formats/site.md has it. It lies in the folder
 * and not beside the pointer, so that it fits the files which it describes, whatever was published since.
 */
import { parseMeasures, type Measure } from "./measure.ts";
import { isFileName, isObject, isText, isTexts, memberOf, requireFormat } from "./shapes.ts";
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
  /** What the parts of a unit's label, between slashes, are called; none where there is one unit. */
  readonly unit: readonly string[];
  /** In the order of the filter tree. */
  readonly dimensions: readonly string[];
  /** At least one; the first is shown first. */
  readonly dates: readonly DateKind[];
  /** What one submission is called, in the plural: "pings", "requests". */
  readonly submissions: string;
  /** In the order of the file. */
  readonly measures: ReadonlyMap<string, Measure>;
}

/** Throws a SiteFault. */
export function parseSite(file: string, json: unknown): SiteDescription {
  requireFormat(file, json, 1);
  const [title, submissions] = ["title", "submissions"].map((name) => memberOf(json, name));
  const [unit, dimensions] = ["unit", "dimensions"].map((name) => memberOf(json, name));
  const dates = memberOf(json, "dates");
  if (!isText(title) || !isText(submissions)) throw unexpected(file, "lacks title or submissions");
  if (!isTexts(unit) || !isTexts(dimensions))
    throw unexpected(file, "does not say what units and dimensions are called");
  if (!Array.isArray(dates) || dates.length === 0 || !dates.every(isDateKind)) {
    throw unexpected(file, "does not say by which dates there are files");
  }
  return { format: 1, title, unit, dimensions, dates, submissions, measures: parseMeasures(file, json) };
}

function isDateKind(value: unknown): value is DateKind {
  return isObject(value) && isText(value["name"]) && isFileName(value["name"]) && isText(value["title"]);
}
