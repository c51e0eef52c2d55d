/**
 * Code that the store has: a bundle by its id, as `bundle:<first digits of its SHA-256>` in the place of an ANALYSIS, and the
 * side files of a run that is there (`--inputs-of RUN`). Both are read whole and checked against their names.
 */
import { createHash } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle } from "../../executor/bundle.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { bundleKey, inputKey, isId } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll } from "../../shared/read-all.ts";
import { readRun } from "../compose/master.ts";
import type { InputFile } from "./inputs.ts";

const prefix = "bundle:";
const bundlesPrefix = bundleKey("");
/** Digits that are enough: with fewer, two bundles of a large store may well begin alike. */
export const bundleDigitsMin = 8;

const hint = "spotfold bundles lists those that there are.";

/** The first digits of the bundle that an ANALYSIS names; null when it names none. Throws `usage` for what are no digits. */
export function bundleDigitsOf(analysis: string): string | null {
  if (!analysis.startsWith(prefix)) return null;
  const digits = analysis.slice(prefix.length);
  if (/^[0-9a-f]+$/.test(digits) && digits.length >= bundleDigitsMin) return digits;
  const rule = `${bundleDigitsMin} or more hex digits of its SHA-256 are expected`;
  throw new SpotfoldError("usage", `${JSON.stringify(analysis)} is no bundle: ${rule}`, { hint });
}

/** By its first digits. Throws `usage` for what is no bundle of this store, `corrupt` for one that was changed. */
export async function storedBundle(store: BlobStore, digits: string): Promise<Bundle> {
  const found: string[] = [];
  for await (const page of store.list(bundlesPrefix + digits)) found.push(...page.blobs.map(({ key }) => key));
  const [key, other] = found;
  if (key === undefined) throw new SpotfoldError("usage", `there is no bundle ${digits} in ${store.name}`, { hint });
  if (other !== undefined) {
    throw new SpotfoldError("usage", `several bundles of ${store.name} begin with ${digits}`, {
      hint: "Give more digits.",
    });
  }
  const sha256 = key.slice(bundlesPrefix.length);
  return { bytes: await verified(store, key, sha256), sha256, sources: [] };
}

/** As files in a folder below `scratch`. Throws `usage` for what is no run, `absent` and `corrupt`. */
export async function storedInputs(store: BlobStore, run: string, scratch: string): Promise<readonly InputFile[]> {
  if (!isId(run))
    throw new SpotfoldError("usage", `--inputs-of ${JSON.stringify(run)} is no run`, { hint: "Name a run." });
  const { inputs } = await readRun(store, run);
  const folder = await mkdtemp(join(scratch, "inputs-"));
  return await Promise.all(
    inputs.map(async ({ name, sha256 }) => {
      const bytes = await verified(store, inputKey(sha256), sha256);
      const path = join(folder, sha256);
      await writeFile(path, bytes);
      return { name, path, sha256, bytes };
    }),
  );
}

async function verified(store: BlobStore, key: string, sha256: string): Promise<Uint8Array> {
  const blob = await readAll(store, key);
  if (blob === null) {
    throw new SpotfoldError("absent", `${key} is no longer in ${store.name}`, { hint: "Submit the analysis itself." });
  }
  if (createHash("sha256").update(blob.bytes).digest("hex") === sha256) return blob.bytes;
  throw new SpotfoldError("corrupt", `${key} in ${store.name} is not what its name says`, {
    hint: "Something outside Spotfold changed it: delete it, and submit the analysis itself.",
  });
}
