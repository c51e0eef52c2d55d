/**
 * The folders of one attempt or task, on local disk:
 *
 *   <root>/<name>/code/bundle.mjs    a copy under a name that Node takes for an ES module; children may only read it
 *   <root>/<name>/work/              the one folder that the executor may write
 */
import { copyFile, mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolders as makeAll } from "../../shared/local/make-folders.ts";
import type { BundleRef } from "../types.ts";

export interface AttemptFolders {
  readonly code: string;
  readonly bundle: string;
  readonly work: string;
  readonly inputs: readonly { readonly name: string; readonly path: string }[];
}

export async function makeFolders(root: string, name: string, bundle: BundleRef): Promise<AttemptFolders> {
  makeAll(root);
  // Node compares paths as they are written: symbolic links on the way would be refused.
  const base = join(await realpath(root), name);
  const [code, work] = [join(base, "code"), join(base, "work")];
  makeAll(code);
  await mkdir(work);
  const copy = join(code, "bundle.mjs");
  await copyFile(bundle.path, copy);
  const inputs = await Promise.all(bundle.inputs.map(async ({ name, path }) => ({ name, path: await realpath(path) })));
  return { code, bundle: copy, work, inputs };
}

export async function removeFolders(root: string, name: string): Promise<void> {
  await rm(join(root, name), { recursive: true, force: true });
}
