/**
 * One record as the histogram analysis needs it: what is checked, and why a record is rejected. This is the plain way, for
 * every record that the fast one (ping-scan.ts) leaves. Throws `InvalidRecord` and changes nothing.
 */
import type { RecordView } from "../analysis.ts";
import { InvalidRecord } from "../analysis.ts";
import { isObject } from "./definitions.ts";

/** They become part of keys, which may be 4 KiB: eight such columns fit, escaped. Real values are below 50. */
export const COLUMN_LENGTH_MAX = 100;

/** Longer than the URL of any revision; it is stored with each measure. */
const REVISION_LENGTH_MAX = 500;
/** Digits after the point of a version that is a number. */
const VERSION_DECIMALS = 9;

/** Of the versions of Linux: the rest is the distributor's. */
const LINUX_VERSION_LENGTH = 3;

/** What a ping's `info` says of where it comes from. */
export interface Origin {
  readonly os: string;
  readonly osVersion: string;
  readonly arch: string;
  /** The URL of the revision it was built from; "" when the ping has none. */
  readonly revision: string;
}

export interface Ping extends Origin {
  /** As they are: name -> array, unless the ping is odd. */
  readonly histograms: unknown;
  readonly simpleMeasurements: unknown;
}

export function readPing(record: RecordView): Ping {
  const json: unknown = record.json();
  if (!isObject(json)) throw new InvalidRecord("json-not-an-object");
  const origin = readOrigin(json["info"]);
  return { ...origin, histograms: json["histograms"], simpleMeasurements: json["simpleMeasurements"] };
}

export function readOrigin(info: unknown): Origin {
  if (!isObject(info)) throw new InvalidRecord("info-not-an-object");
  const os = textOf(info["OS"], "os");
  const osVersion = versionOf(info["version"], os);
  const arch = textOf(info["arch"], "arch");
  const revision = info["revision"] ?? "";
  if (typeof revision !== "string" || info["revision"] === null) throw invalid("revision", "not-a-string");
  if (revision.length > REVISION_LENGTH_MAX) throw invalid("revision", "too-long");
  return { os, osVersion, arch, revision: revision.toWellFormed() };
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== "string") throw invalid(name, "not-a-string");
  if (value.length > COLUMN_LENGTH_MAX) throw invalid(name, "too-long");
  // A lone surrogate has no bytes; keys are bytes.
  return value.toWellFormed();
}

function versionOf(value: unknown, os: string): string {
  if (typeof value === "number") {
    const text = value
      .toFixed(VERSION_DECIMALS)
      .replace(/\.0+$/, "")
      .replace(/(\.\d*[1-9])0+$/, "$1");
    return os === "Linux" ? text.slice(0, LINUX_VERSION_LENGTH) : text;
  }
  if (typeof value !== "string") throw new InvalidRecord("version-not-a-string-or-number");
  return textOf(os === "Linux" ? value.slice(0, LINUX_VERSION_LENGTH) : value, "version");
}

function invalid(name: string, problem: string): InvalidRecord {
  return new InvalidRecord(`${name}-${problem}`);
}
