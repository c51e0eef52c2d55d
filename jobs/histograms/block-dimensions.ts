/**
 * What a block's key (telemetry layout) says of all its pings. The key counts, not the ping: it is what was sorted by.
 * Pings of a block whose key lacks something are rejected.
 */
import { InvalidRecord } from "../analysis.ts";
import { COLUMN_LENGTH_MAX } from "./ping.ts";

/** Names of the telemetry layout's dimensions. */
const NAMES = ["reason", "appName", "appUpdateChannel", "appVersion", "appBuildID", "submission_date"] as const;

export interface BlockDimensions {
  readonly reason: string;
  readonly appName: string;
  readonly channel: string;
  /** Of the version what stands before its first dot. */
  readonly major: string;
  readonly buildId: string;
  readonly buildDate: string;
  readonly submissionDate: string;
  /** Whether the pings came so soon after the build that they count by submission date, too. */
  readonly countsBySubmission: boolean;
  /** As they were given. */
  readonly raw: Readonly<Record<string, string>>;
}

const BUILD_DATE_LENGTH = 8;
const SUBMISSION_DAYS_MAX = 60;
const DAY_MS = 86_400_000;

export function blockDimensions(given: Readonly<Record<string, string>>): BlockDimensions {
  const raw: Record<string, string> = {};
  for (const name of NAMES) raw[name] = dimension(given, name);
  const [reason = "", appName = "", channel = "", version = "", buildId = "", submissionDate = ""] = NAMES.map(
    (name) => raw[name],
  );
  if (buildId.length < BUILD_DATE_LENGTH) throw new InvalidRecord("build-id-too-short", `build id "${buildId}"`);
  const buildDate = buildId.slice(0, BUILD_DATE_LENGTH).toWellFormed();
  const days = (utcDay(submissionDate) - utcDay(buildDate)) / DAY_MS;
  return {
    reason,
    appName,
    channel,
    major: version.split(".", 1)[0] ?? version,
    buildId,
    buildDate,
    submissionDate,
    countsBySubmission: days <= SUBMISSION_DAYS_MAX,
    raw,
  };
}

/** Whether these give the same `BlockDimensions`. */
export function sameBlock(known: BlockDimensions, given: Readonly<Record<string, string>>): boolean {
  for (const name of NAMES) {
    if (known.raw[name] !== given[name]) return false;
  }
  return true;
}

function dimension(given: Readonly<Record<string, string>>, name: string): string {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined || value === "")
    throw new InvalidRecord("dimension-missing", `no dimension "${name}" in the key`);
  if (value.length > COLUMN_LENGTH_MAX) throw new InvalidRecord("dimension-too-long", `dimension "${name}"`);
  if (!value.isWellFormed()) throw new InvalidRecord("dimension-not-utf-8", `dimension "${name}"`);
  return value;
}

/** Midnight UTC of a YYYYMMDD; NaN when there is no such day, and so neither is a difference to it. */
function utcDay(date: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)$/.exec(date);
  if (match === null) return NaN;
  const iso = `${match[1]}-${match[2]}-${match[3]}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso) ? time : NaN;
}
