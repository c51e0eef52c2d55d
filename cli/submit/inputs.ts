/** `--definitions`: a file for every revision, or a folder of `<12 hex>.Histograms.json` by revision, as a run's inputs. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";

export interface InputFile {
  /** `definitions/<file>`. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

const everyRevision = "definitions/Histograms.json";
const revisionPattern = /^[0-9a-f]{12}\.Histograms\.json$/;

/** Nothing without a path. Throws `usage` for one that holds no definitions. */
export async function definitionInputs(path: string | undefined, folder: string): Promise<readonly InputFile[]> {
  if (path === undefined) return [];
  const absolute = resolve(folder, path);
  try {
    if (!(await stat(absolute)).isDirectory()) return [await inputOf(everyRevision, absolute)];
    const names = (await readdir(absolute)).filter((name) => revisionPattern.test(name)).toSorted();
    if (names.length > 0) {
      return await Promise.all(names.map(async (name) => await inputOf(`definitions/${name}`, join(absolute, name))));
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new SpotfoldError("usage", `--definitions ${path} cannot be read: ${messageOf(error)}`, {
      hint: "Name a Histograms.json, or a folder of <12 hex>.Histograms.json.",
    });
  }
  throw new SpotfoldError("usage", `--definitions ${path} holds no <12 hex>.Histograms.json`, {
    hint: "Name the file itself when it is for every revision.",
  });
}

async function inputOf(name: string, path: string): Promise<InputFile> {
  const bytes = await readFile(path);
  return { name, path, sha256: createHash("sha256").update(bytes).digest("hex"), bytes };
}
