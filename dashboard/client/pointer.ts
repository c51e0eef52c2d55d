/** The pointer: which folder each unit is published in. Either `{"<label>": "<folder>", …}`, or `latest.json`'s one folder. */
import { isCount, isFileName, isObject, isText, memberOf, requireFormat } from "./shapes.ts";
import { unexpected } from "./site-fault.ts";

/** By label; "" is the one unit of `latest.json`. Throws a SiteFault. */
export function parsePointer(file: string, json: unknown): ReadonlyMap<string, string> {
  if (!isObject(json)) throw unexpected(file, "is not an object");
  // A label's folder is a text: a number is the version of a pointer of its own.
  const isOne = typeof memberOf(json, "format") === "number";
  if (isOne) requireFormat(file, json, 1);
  const entries = isOne ? [["", memberOf(json, "folder")] as const] : Object.entries(json);
  return new Map(
    entries.map(([label, folder]) => {
      if (!isText(folder) || !isFileName(folder))
        throw unexpected(file, `names no folder for ${JSON.stringify(label)}`);
      return [label, folder];
    }),
  );
}

/**
 * Whether coverage of `snapshot` and the pointer are of one publication, as far as the pointer says: `latest.json` names its snapshot,
 * and no folder is of a later one than the pointer.
 */
export function isOfSnapshot(json: unknown, folders: ReadonlyMap<string, string>, snapshot: number): boolean {
  const own = isObject(json) ? memberOf(json, "snapshot") : undefined;
  if (isCount(own)) return own === snapshot;
  return [...folders.values()].every((folder) => Number(/-(\d+)-[\da-f]{8}$/.exec(folder)?.[1] ?? 0) <= snapshot);
}
