/**
 * Keys of the histogram aggregate. All of one channel and major version is one unit of publication; in it, in byte order:
 *
 *   (counters)  <name>                                           -> number    pings, and what of them was dropped
 *   (paths)     ""  ""  reason appName os osVersion arch         -> number    pings with at least one measure
 *   <MEASURE>   (newest)                                         -> Newest    which definition is the newest build's
 *   <MEASURE>   by-build-date|by-submission-date  <date>  reason appName os osVersion arch  <definition>  -> sums
 *
 * So a reader of a unit knows its filter paths before its first measure, and a measure's definition before its first array.
 * Parentheses cannot occur in a measure's name.
 */
import type { Key } from "../analysis.ts";

export const KEY_COLUMNS = [
  "channel",
  "version",
  "measure",
  "dateType",
  "date",
  "reason",
  "appName",
  "os",
  "osVersion",
  "arch",
  "definition",
] as const;

/** The first columns: the unit of publication. */
export const UNIT_COLUMNS = 2;

export const COUNTERS = "(counters)";
export const PATHS = "(paths)";
export const NEWEST = "(newest)";
/** The counter of all pings; the others count what was dropped of them. */
export const PINGS = "pings";

export const BY_BUILD_DATE = "by-build-date";
export const BY_SUBMISSION_DATE = "by-submission-date";
export type DateType = typeof BY_BUILD_DATE | typeof BY_SUBMISSION_DATE;

/** The levels of a filter path, as the filter tree names them. */
export const PATH_LEVELS = ["reason", "appName", "OS", "osVersion", "arch"] as const;

/** reason, appName, OS, osVersion, arch. */
export type FilterPath = readonly [string, string, string, string, string];

export interface KeyParts {
  readonly channel: string;
  readonly version: string;
  readonly measure: string;
  readonly dateType: string;
  readonly date: string;
  readonly path: FilterPath;
  readonly definition: string;
}

export function counterKey(channel: string, version: string, name: string): Key {
  return [channel, version, COUNTERS, name, "", "", "", "", "", "", ""];
}

export function pathKey(channel: string, version: string, path: FilterPath): Key {
  return [channel, version, PATHS, "", "", ...path, ""];
}

export function newestKey(channel: string, version: string, measure: string): Key {
  return [channel, version, measure, NEWEST, "", "", "", "", "", "", ""];
}

export function sumsKey(parts: KeyParts): Key {
  return [parts.channel, parts.version, parts.measure, parts.dateType, parts.date, ...parts.path, parts.definition];
}

export function keyParts(key: Key): KeyParts {
  const [channel = "", version = "", measure = "", dateType = "", date = "", ...rest] = key;
  const [reason = "", appName = "", os = "", osVersion = "", arch = "", definition = ""] = rest;
  return { channel, version, measure, dateType, date, path: [reason, appName, os, osVersion, arch], definition };
}
