/** The pointer: which folder each unit is published in. Either `{"<label>": "<folder>", …}`, or `latest.json`'s one folder. */
import { isFileName, isObject, isText, memberOf, requireFormat } from "./shapes.ts";
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
