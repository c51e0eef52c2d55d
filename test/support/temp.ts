/** Temporary folders that are gone when the test is. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./cleanup.ts";

/** A folder that a process is still writing to may need a second look before it is empty. */
const REMOVE_RETRIES = 5;

/**
 * Makes an empty folder under the system's temporary folder and gives its real path (no symbolic links in it). Removed with
 * all its contents at the end of the test; made in a `before` hook, at the end of the run.
 */
export function tempDir(name = "test"): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `spotfold-${name}-`)));
  atEnd(() => removeTemp(path));
  return path;
}

/** Removes a folder of `tempDir` early, for instance in a suite's `after`. */
export function removeTemp(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });
}
