/** What we write ourselves must not lie among the blocks that are read: the next listing would take it for data. */
import { relative, sep } from "node:path";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";

/** A listing leaves this one out, at the top of a folder: the defaults are in it. */
const leftOut = ".spotfold";

export interface OwnPlaces extends Pick<Settings, "store" | "queue" | "catalog" | "web" | "work"> {
  /** Of `run --out`. */
  readonly out?: string;
}

const scheme = "file:";

/** Throws `usage` when one of our places is the folder of the data, or below it. Places are normalised; paths are absolute. */
export function refuseOwnPlaces(data: string, places: OwnPlaces): void {
  if (!data.startsWith(scheme)) return;
  const folder = data.slice(scheme.length);
  for (const [name, place] of Object.entries(places) as [string, string | undefined][]) {
    if (place === undefined) continue;
    const path = place.startsWith(scheme) ? place.slice(scheme.length) : place;
    const [first = ""] = relative(folder, path).split(sep);
    if (first === ".." || first === leftOut) continue;
    throw new SpotfoldError("usage", `--${name} ${path} lies in the folder of the data, ${folder}`, {
      hint: "Name a place outside of it: what is written there would be counted as data.",
    });
  }
}
