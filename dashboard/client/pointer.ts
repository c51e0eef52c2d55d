/** The pointer: which folder each unit is published in. Either `{"<label>": "<folder>", …}`, or `latest.json`'s one folder. */
import { isFileName, isObject, isText } from "./shapes.ts";
import { unexpected } from "./site-fault.ts";

/** By label; "" is the one unit of `latest.json`. Throws a SiteFault. */
export function parsePointer(file: string, json: unknown): ReadonlyMap<string, string> {
  if (!isObject(json)) throw unexpected(file, "is not an object");
  const one = json["format"] === 1 && isText(json["folder"]);
  const entries = one ? [["", json["folder"]] as const] : Object.entries(json);
  return new Map(
    entries.map(([label, folder]) => {
      if (!isText(folder) || !isFileName(folder))
        throw unexpected(file, `names no folder for ${JSON.stringify(label)}`);
      return [label, folder];
    }),
  );
}
