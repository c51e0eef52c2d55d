/**
 * The sequential reference: all blocks of a folder, one after the other, by the system's own decoders, into the published
 * folder of the telemetry dashboard (the original system as it was decided to be). It imports nothing
 * of the product, so that a bug there cannot be here, too.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { plainDashboard, type Dimensions, type PlainPing } from "../jobs/histograms/plain-dashboard.ts";

type Json = Record<string, unknown>;

/** Raw bytes of one test block. */
const rawBytesMax = 2 ** 30;

const decoders: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  lzma: ["xz", "--format=lzma", "-dc"],
  xz: ["xz", "-dc"],
  gz: ["gzip", "-dc"],
  zst: ["zstd", "-dcq"],
};

export interface ReferenceDashboard {
  /** Label (`<channel>/<version>`) -> file name -> text. */
  readonly units: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Label -> what coverage.json says of it. */
  readonly notes: ReadonlyMap<string, Json>;
  readonly blocks: number;
  readonly records: number;
  readonly rejected: number;
}

/** The blocks below a folder by their keys, sorted. */
export function blockKeys(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

/** The text of a block. Throws when the system's decoder refuses it. */
export function blockText(folder: string, key: string): string {
  const path = join(folder, key);
  const decoder = decoders[key.slice(key.lastIndexOf(".") + 1)];
  if (decoder === undefined) return readFileSync(path, "utf8");
  const [command, ...args] = decoder;
  return execFileSync(command, [...args, path], { maxBuffer: rawBytesMax }).toString();
}

/** `<reason>/<appName>/<channel>/<version>/<buildid>.<submission date>.…` */
function dimensionsOf(key: string): Dimensions {
  const [reason = "", appName = "", appUpdateChannel = "", appVersion = "", file = ""] = key.split("/");
  const [appBuildID = "", submission = ""] = file.split(".");
  return { reason, appName, appUpdateChannel, appVersion, appBuildID, submission_date: submission };
}

/** One definition file serves every revision. */
export function referenceDashboard(folder: string, definitionsFile: string): ReferenceDashboard {
  const definitions = JSON.parse(readFileSync(definitionsFile, "utf8")) as Json;
  const pings: PlainPing[] = [];
  let records = 0;
  let unreadable = 0;
  const keys = blockKeys(folder);
  for (const key of keys) {
    const dimensions = dimensionsOf(key);
    for (const line of blockText(folder, key).split("\n")) {
      if (line === "") continue;
      records++;
      const json = parsed(line);
      if (json === undefined) unreadable++;
      else pings.push({ dimensions, json });
    }
  }
  const { units, rejected } = plainDashboard(pings, () => definitions);
  return {
    units: new Map([...units].map(([label, { files }]) => [label, textsOf(files)])),
    notes: new Map([...units].map(([label, { notes }]) => [label, notes])),
    blocks: keys.length,
    records,
    rejected: rejected + unreadable,
  };
}

/** Undefined for a line without a tab, or whose rest is not JSON. */
function parsed(line: string): unknown {
  const tab = line.indexOf("\t");
  if (tab < 0) return undefined;
  try {
    return JSON.parse(line.slice(tab + 1)) as unknown;
  } catch {
    return undefined;
  }
}

function textsOf(files: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> {
  return new Map([...files].map(([name, content]) => [name, JSON.stringify(content)]));
}
