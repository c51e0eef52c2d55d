/** Paths as they are shown, and may be pasted into a command: short below the caller's folder, else whole. */
import { relative, sep } from "node:path";

/** Always with a `/`, so that nothing takes it for a name. */
export function shownPath(path: string, folder: string): string {
  const below = relative(folder, path);
  if (below === "") return ".";
  return below === ".." || below.startsWith(`..${sep}`) ? path : `./${below}`;
}
