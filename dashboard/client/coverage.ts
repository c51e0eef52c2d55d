/** `coverage.json`: what the published numbers are of. Members that this page does not know are left alone. */
import { isFileName, isCount, isObject, isText, type Json, memberOf, requireFormat } from "./shapes.ts";
import { unexpected } from "./site-fault.ts";

export const coverageFileName = "coverage.json";

export interface MissingBlock {
  readonly dataset: string;
  readonly key: string;
  readonly reason: string;
  /** What was found, in words; "" where nothing more is known. */
  readonly detail: string;
}

export interface Coverage {
  readonly aggregate: string;
  /** The pointer's file name. */
  readonly pointer: string;
  readonly snapshot: number;
  /** ISO 8601, UTC: what was in the aggregate then. */
  readonly asOf: string;
  /** Records that were accepted. */
  readonly accepted: number;
  readonly read: number;
  /** Of `read`, by reason. */
  readonly rejected: ReadonlyMap<string, number>;
  readonly blocks: { readonly covered: number; readonly missing: number; readonly open: number };
  readonly missing: readonly MissingBlock[];
  /** By a unit's label: what the analysis noted of it; null where that is no object. */
  readonly notes: ReadonlyMap<string, Json | null>;
}

/** Throws a SiteFault. */
export function parseCoverage(json: unknown): Coverage {
  const file = coverageFileName;
  requireFormat(file, json, 1);
  const [aggregate, pointer, asOf] = ["aggregate", "pointer", "asOf"].map((name) => memberOf(json, name));
  const [snapshot, accepted] = [memberOf(json, "snapshot"), memberOf(json, "pings")];
  const [records, blocks] = [objectOf(json, "records"), objectOf(json, "blocks")];
  if (!isText(aggregate) || !isText(asOf) || !isCount(snapshot) || !isCount(accepted)) {
    throw unexpected(file, "lacks aggregate, asOf, snapshot or pings");
  }
  if (!isText(pointer) || !isFileName(pointer)) throw unexpected(file, "names no pointer that is a file beside it");
  const read = memberOf(records, "read");
  const [covered, missing, open] = ["covered", "missing", "open"].map((name) => memberOf(blocks, name));
  if (!isCount(read) || !isCount(covered) || !isCount(missing) || !isCount(open)) {
    throw unexpected(file, "does not count records and blocks");
  }
  return {
    aggregate,
    pointer,
    snapshot,
    asOf,
    accepted,
    read,
    rejected: new Map(
      Object.entries(objectOf(records, "rejected")).filter((entry): entry is [string, number] => isCount(entry[1])),
    ),
    blocks: { covered, missing, open },
    missing: missingOf(file, memberOf(json, "missing")),
    notes: new Map(
      Object.entries(objectOf(json, "units")).map(([label, unit]) => [label, isObject(unit) ? notesOf(unit) : null]),
    ),
  };
}

function objectOf(json: Json, name: string): Json {
  const value = memberOf(json, name);
  return isObject(value) ? value : {};
}

function notesOf(unit: Json): Json | null {
  const notes = memberOf(unit, "notes") ?? {};
  return isObject(notes) ? notes : null;
}

function missingOf(file: string, json: unknown): MissingBlock[] {
  if (!Array.isArray(json)) throw unexpected(file, "does not list the missing blocks");
  return json.map((block: unknown) => {
    const { dataset, key, reason, detail } = isObject(block) ? block : {};
    if (!isText(dataset) || !isText(key) || !isText(reason)) {
      throw unexpected(file, "lists a missing block without dataset, key or reason");
    }
    return { dataset, key, reason, detail: isText(detail) ? detail : "" };
  });
}
