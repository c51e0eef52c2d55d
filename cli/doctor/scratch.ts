/**
 * Places for trying things out that leave nothing behind: a folder with a random name on the disk in question, removed
 * afterwards. What does not exist yet is not made: its disk is that of the nearest folder above it that does.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import { translated } from "../../shared/local/system-errors.ts";

/** What is at this path, or the nearest above it that is there: a folder, if all is well. */
export function nearestEntry(path: string): string {
  for (let entry = path; ; entry = dirname(entry)) {
    if (statSync(entry, { throwIfNoEntry: false }) !== undefined || dirname(entry) === entry) return entry;
  }
}

/** `path`: of a folder that is there or not. Fails with what the system says, translated. */
export async function withScratch<Result>(path: string, use: (scratch: string) => Promise<Result>): Promise<Result> {
  let above = path;
  let scratch: string;
  try {
    above = nearestEntry(path);
    scratch = await mkdtemp(join(above, ".spotfold-doctor-"));
  } catch (error) {
    throw named(translated(error, { store: `file:${path}` }), above);
  }
  try {
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The message of the system names a folder that nobody knows. */
function named(error: unknown, folder: string): unknown {
  if (!(error instanceof SpotfoldError)) return error;
  const { code, hint, context, cause } = error;
  return new SpotfoldError(code, `Nothing can be written in ${folder} (${codeOf(cause) ?? code})`, {
    ...(hint === undefined ? {} : { hint }),
    context,
    cause,
  });
}
