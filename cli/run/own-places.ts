/** What we write ourselves must not lie among the blocks that are read: the next listing would take it for data. */
import { isAbsolute, relative, sep } from "node:path";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { folderOf, isFolder, shownPlace } from "../compose/ports.ts";

/** A listing leaves this one out, at the top of a folder: the defaults are in it. */
const leftOut = ".spotfold";

export interface OwnPlaces extends Pick<Settings, "store" | "queue" | "catalog" | "web" | "work"> {
  /** Of `run --out`. */
  readonly out?: string | undefined;
}

/**
 * Throws `usage` when one of our places is the folder of the data, or below it. Places are normalised, paths are absolute;
 * buckets and queues of a server lie in no folder.
 */
export function refuseOwnPlaces(data: string, places: OwnPlaces): void {
  if (!isFolder(data)) return;
  const folder = folderOf(data);
  for (const [name, place] of Object.entries(places) as [string, string | undefined][]) {
    const path = place === undefined ? "" : shownPlace(place);
    if (!isAbsolute(path)) continue;
    const [first = ""] = relative(folder, path).split(sep);
    if (first === ".." || first === leftOut) continue;
    throw new SpotfoldError("usage", `--${name} ${path} lies in the folder of the data, ${folder}`, {
      hint: "Name a place outside of it: what is written there would be counted as data.",
    });
  }
}
