/**
 * The layout of converted telemetry, under the name `telemetry`:
 *
 *   <reason>/<appName>/<channel>/<version>/<buildid>.<submission_date>.v<N>.log.<32 hex>[.lzma|.xz|.gz|.zst|.json]
 *
 * The build id is the first part of the name between dots, as readers of these keys always took it. Names of files that are
 * still being written or compressed (`.log`, `.compressme`, `.compressing`) do not match. Every character that keys of this
 * layout cannot have is written as `_`, so a reason `saved-session` lies under `saved_session`.
 */
import { isDate } from "./calendar.ts";
import type { Found } from "./layout-segment.ts";

export const telemetryName = "telemetry";

/** Names and order of the dimensions; of the file's name only what its dimensions need. */
export const telemetryPattern =
  "{reason}/{appName}/{appUpdateChannel}/{appVersion}/{appBuildID}.{submission_date:yyyyMMdd}.log";

const file = /^([^./]+)\.([0-9]{8})\.v[0-9]+\.log\.[0-9a-fA-F]{32}(?:\.(?:lzma|xz|gz|zst|json))?$/u;

export function telemetryFile(text: string, found: Found): boolean {
  const parts = file.exec(text);
  if (parts === null) return false;
  const [, build = "", date = ""] = parts;
  if (!isDate(date)) return false;
  found.values["appBuildID"] = build;
  found.date.year = date.slice(0, 4);
  found.date.month = date.slice(4, 6);
  found.date.day = date.slice(6);
  return true;
}
