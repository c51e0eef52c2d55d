/**
 * The folders of one attempt or task, on local disk:
 *
 *   <root>/<name>/code/bundle.mjs, input-<n>    what it runs and reads, under names that say nothing; it may only read them
 *   <root>/<name>/work/                         the one folder that the executor may write
 */
import { copyFile, link, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolders as makeAll } from "../../shared/local/make-folders.ts";
import type { BundleRef } from "../types.ts";

/** What there is before it is known what is to be run. */
export interface AttemptFolders {
  readonly code: string;
  readonly work: string;
}

/** A bundle and its inputs where a child may read them. */
export interface PlacedBundle {
  readonly path: string;
  readonly params: unknown;
  readonly inputs: readonly { readonly name: string; readonly path: string }[];
}

export async function makeFolders(root: string, name: string): Promise<AttemptFolders> {
  makeAll(root);
  // Node compares paths as they are written: symbolic links on the way would be refused.
  const base = join(await realpath(root), name);
  const folders = { code: join(base, "code"), work: join(base, "work") };
  makeAll(folders.code);
  makeAll(folders.work);
  return folders;
}

/** Puts a bundle and its inputs into the code folder, the bundle under a name that Node takes for an ES module. */
export async function placeBundle({ code }: AttemptFolders, bundle: BundleRef): Promise<PlacedBundle> {
  const path = join(code, "bundle.mjs");
  const inputs = bundle.inputs.map(({ name, path: from }, n) => ({ name, from, path: join(code, `input-${n}`) }));
  await Promise.all([
    copyFile(bundle.path, path),
    ...inputs.map(async (input) => await placeInput(await realpath(input.from), input.path)),
  ]);
  return { path, params: bundle.params, inputs: inputs.map(({ name, path: placed }) => ({ name, path: placed })) };
}

/** Inputs may be large: the same file under another name, where the file system has that. The executor may not write it. */
async function placeInput(from: string, to: string): Promise<void> {
  await link(from, to).catch(async () => await copyFile(from, to));
}

export async function removeFolders(root: string, name: string): Promise<void> {
  await rm(join(root, name), { recursive: true, force: true });
}
