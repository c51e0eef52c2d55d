/**
 * Places for trying things out that leave nothing behind: a folder with a random name on the disk in question, removed
 * afterwards. What does not exist yet is not made: its disk is that of the nearest folder above it that does.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { translated } from "../../shared/local/folder-store/errors.ts";

/** The folder at this path, or the nearest one above it that is there. */
export function nearestFolder(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    if (statSync(folder, { throwIfNoEntry: false }) !== undefined || dirname(folder) === folder) return folder;
  }
}

/** `path`: of a folder that is there or not. Fails with what the system says, translated. */
export async function withScratch<Result>(path: string, use: (scratch: string) => Promise<Result>): Promise<Result> {
  const above = nearestFolder(path);
  let scratch: string;
  try {
    scratch = await mkdtemp(join(above, ".spotfold-doctor-"));
  } catch (error) {
    throw translated(error, { store: `file:${path}`, path: above });
  }
  try {
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
