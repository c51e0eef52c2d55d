/**
 * Walks a folder store's keys in byte order, one level of folders in memory at a time.
 *
 * Entries of a folder are ordered as they stand in a key, a folder as `name/`: so `a-b/x` comes before `a/x`, and walking
 * depth first gives all keys in order. A folder here is one or two on disk, the own one and the one beside (places.ts);
 * their entries are merged. Names are taken as they are. What is left out: our hidden area; what is neither file nor folder;
 * symbolic links that lead nowhere; a link to a folder that contains it (its keys would have no end). A name that is not
 * UTF-8 is an error that shows it: no key can name it, and dropping it would lose data silently.
 */
import { isUtf8 } from "node:buffer";
import { statSync } from "node:fs";
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { SpotfoldError } from "../../errors.ts";
import { compareKeys } from "../../keys.ts";
import { meansAbsent } from "../system-errors.ts";
import { besideFolder, hiddenName, isPath, nameBeside } from "./places.ts";
import type { Places } from "./places.ts";

/** Stands in for every byte sequence that is no UTF-8, and for itself. */
const replacementCharacter = "\uFFFD";

export type Found =
  | { readonly kind: "file"; readonly key: string; readonly path: string }
  | { readonly kind: "prefix"; readonly prefix: string };

export interface WalkOptions {
  readonly places: Places;
  readonly prefix: string;
  /** Only keys after this one; empty for all. */
  readonly after: string;
  readonly shallow: boolean;
  /** Whether the tree beside is there. */
  readonly beside: boolean;
}

/** A folder as a key sees it. */
interface Folder {
  /** What its keys begin with: empty, or ending in `/`. */
  readonly prefix: string;
  readonly paths: readonly FolderPath[];
  /** The folders that lead here, by `dev:ino`; filled where links are met. */
  readonly above: readonly string[];
}

interface FolderPath {
  readonly path: string;
  readonly isBeside: boolean;
}

interface Entry {
  readonly name: string;
  /** Orders the entry among its siblings. */
  readonly order: string;
  readonly file: string | undefined;
  readonly folders: readonly FolderPath[];
}

/** Files, and with `shallow` prefixes instead of what is below the first `/`, in byte order. */
export async function* walk(options: WalkOptions): AsyncGenerator<Found> {
  const { places, prefix } = options;
  const slash = prefix.lastIndexOf("/");
  const base = slash < 0 ? "" : prefix.slice(0, slash);
  if (slash >= 0 && !isPath(base)) return;
  if (base === hiddenName || base.startsWith(`${hiddenName}/`)) {
    // Such keys have no own place.
    yield* walkFolder({ prefix: `${base}/`, paths: besidePaths(options, base), above: [] }, prefix, options);
    return;
  }
  const own: FolderPath = { path: base === "" ? places.root : `${places.root}/${base}`, isBeside: false };
  const folder = { prefix: slash < 0 ? "" : `${base}/`, paths: [own, ...besidePaths(options, base)], above: [] };
  yield* walkFolder(folder, prefix, options);
}

function besidePaths({ places, beside }: WalkOptions, base: string): FolderPath[] {
  return beside ? [{ path: besideFolder(places, base), isBeside: true }] : [];
}

async function* walkFolder(folder: Folder, prefix: string, options: WalkOptions): AsyncGenerator<Found> {
  const { after, shallow } = options;
  const above = [...folder.above, ...identitiesOf(folder)];
  for (const entry of await entriesOf(folder, prefix, options)) {
    const key = folder.prefix + entry.name;
    if (entry.file !== undefined) {
      if (compareKeys(key, after) > 0) yield { kind: "file", key, path: entry.file };
      continue;
    }
    const below = `${key}/`;
    // All its keys are before `after`, or all behind, or `after` is among them.
    if (compareKeys(below, after) < 0 && !after.startsWith(below)) continue;
    const inner = { prefix: below, paths: withoutCycles(entry.folders, above), above };
    if (!shallow) yield* walkFolder(inner, below, options);
    else if (await holdsAny(inner, options)) yield { kind: "prefix", prefix: below };
  }
}

/** An empty folder is nothing that a store knows of. */
async function holdsAny(folder: Folder, options: WalkOptions): Promise<boolean> {
  for await (const _ of walkFolder(folder, folder.prefix, { ...options, shallow: false })) return true;
  return false;
}

async function entriesOf(folder: Folder, prefix: string, { places, after }: WalkOptions): Promise<Entry[]> {
  const rest = prefix.slice(folder.prefix.length);
  // Names of which nothing comes after `after` need not be sorted: who goes on where he stopped, goes on near the end.
  const passed = after.startsWith(folder.prefix) ? after.slice(folder.prefix.length) : "";
  const files = new Map<string, string>();
  const folders = new Map<string, FolderPath[]>();
  for (const { path, isBeside } of folder.paths) {
    for (const dirent of await readFolder(path)) {
      const here = `${path}/${dirent.name}`;
      if (here === places.hidden) continue;
      const kind = kindOf(dirent, here);
      if (kind === undefined) continue;
      const name = isBeside ? nameBeside(dirent.name, kind === "folder") : dirent.name;
      if (name === undefined || !name.startsWith(rest)) continue;
      if (passed !== "" && isPassed(name, kind, passed)) continue;
      if (kind === "file") {
        if (!files.has(name)) files.set(name, here);
      } else {
        const paths = folders.get(name);
        if (paths === undefined) folders.set(name, [{ path: here, isBeside }]);
        else paths.push({ path: here, isBeside });
      }
    }
  }
  const entries: Entry[] = [];
  for (const [name, file] of files) entries.push({ name, order: name, file, folders: [] });
  for (const [name, paths] of folders) entries.push({ name, order: `${name}/`, file: undefined, folders: paths });
  return entries.toSorted((a, b) => compareKeys(a.order, b.order));
}

/** Whether the file, or everything in the folder, is not after `passed`; both are relative to the folder that it is in. */
function isPassed(name: string, kind: "file" | "folder", passed: string): boolean {
  if (kind === "file") return compareKeys(name, passed) <= 0;
  return compareKeys(`${name}/`, passed) < 0 && !passed.startsWith(`${name}/`);
}

async function readFolder(path: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    for (const { name } of entries) {
      if (name.includes(replacementCharacter)) {
        await checkNames(path);
        break;
      }
    }
    return entries;
  } catch (error) {
    // Removed since it was seen, or never there.
    if (meansAbsent(error)) return [];
    throw error;
  }
}

async function checkNames(path: string): Promise<void> {
  for (const name of await readdir(path, { encoding: "buffer" })) {
    if (isUtf8(name)) continue;
    const shown = name
      .toString("latin1")
      .replaceAll(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
    throw new SpotfoldError("invalid-key", `A file name in ${path} is not UTF-8: ${shown}`, {
      hint: "Rename the file, or move it out of the folder.",
      context: { folder: path, nameHex: name.toString("hex") },
    });
  }
}

function kindOf(dirent: Dirent, path: string): "file" | "folder" | undefined {
  if (dirent.isFile()) return "file";
  if (dirent.isDirectory()) return "folder";
  if (dirent.isFIFO() || dirent.isSocket() || dirent.isBlockDevice() || dirent.isCharacterDevice()) return undefined;
  // A symbolic link, or a file system that does not say.
  try {
    const stats = statSync(path);
    if (stats.isFile()) return "file";
    return stats.isDirectory() ? "folder" : undefined;
  } catch (error) {
    if (meansAbsent(error)) return undefined;
    throw error;
  }
}

function identitiesOf(folder: Folder): string[] {
  return folder.paths.map(({ path }) => identityAt(path)).filter((identity) => identity !== undefined);
}

function identityAt(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

function withoutCycles(paths: readonly FolderPath[], above: readonly string[]): FolderPath[] {
  return paths.filter(({ path }) => {
    const identity = identityAt(path);
    return identity === undefined || !above.includes(identity);
  });
}
