/**
 * A folder with all that is missing above it, one by one: asked for all at once, Node says of a read-only file system that the
 * folder is not there (`ENOENT` for `EROFS`), and people look for the wrong thing.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../errors.ts";

/** Throws the system's error. Nothing happens when it is there. */
export function makeFolders(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    const isThere = codeOf(error) === "EEXIST" && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) throw error;
  }
}
