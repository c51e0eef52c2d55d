/**
 * What is done to names in the folder while its lock is held: find a key's file, choose the place of a new one, make and
 * remove folders. All synchronous (see lock.ts). Each change is one system call that is there or not after a kill; a folder
 * that was made for a file that never came is empty, and no key.
 *
 * Nothing is written through a symbolic link: the folder that a new file goes into must be where its path says. The same
 * check finds, on disks that fold case or compose characters (macOS), a folder whose name only looks like the key's.
 */
import { lstatSync, realpathSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { dirname } from "node:path";
import { codeOf, SpotfoldError } from "../../errors.ts";
import type { FolderDisk } from "./disk.ts";
import { meansAbsent } from "../system-errors.ts";
import type { FolderLock } from "./lock.ts";
import type { Places } from "./places.ts";

export interface Located {
  readonly path: string;
  readonly size: number;
}

export interface FolderEntriesOptions {
  readonly places: Places;
  readonly disk: FolderDisk;
  readonly foldsCase: boolean;
  /** The one under which all this is called. */
  readonly lock: Pick<FolderLock, "number">;
}

export class FolderEntries {
  readonly #places: Places;
  readonly #disk: FolderDisk;
  readonly #foldsCase: boolean;
  readonly #lock: Pick<FolderLock, "number">;
  /** Folders that were found to be where their path says, under this hold of the lock. */
  readonly #found = new Set<string>();
  #foundUnder = 0;

  constructor(options: FolderEntriesOptions) {
    this.#lock = options.lock;
    this.#places = options.places;
    this.#disk = options.disk;
    this.#foldsCase = options.foldsCase;
  }

  /** The file of this key, or a symbolic link to one. */
  locate(key: string): Located | undefined {
    for (const path of this.#places.of(key)) {
      const stats = statsAt(path);
      if (stats === undefined || stats.isDirectory()) continue;
      if (stats.isSymbolicLink() && statSync(path, { throwIfNoEntry: false }) === undefined) throw linked(key, path);
      if (this.#foldsCase && realpathSync.native(path) !== path) throw looksAlike(key, realpathSync.native(path));
      return { path, size: stats.size };
    }
    return undefined;
  }

  /** Where the file of a key that has none goes. Its folder is there afterwards. */
  placeFor(key: string): string {
    for (const path of this.#places.of(key)) {
      // A folder in the way: some key goes on behind this one.
      if (statsAt(path) === undefined && this.#makeFolder(dirname(path), key)) return path;
    }
    throw new SpotfoldError("store-unfit", `There is no place for the key ${key}: something else is in its way.`, {
      hint: `Only Spotfold may write below ${this.#places.hidden}.`,
      context: { key },
    });
  }

  /** Removes a folder that became empty, and those above that did so by it. Answers the deepest that is left. */
  prune(folder: string): string {
    this.#found.clear();
    let path = folder;
    for (; path !== this.#places.root && path !== this.#places.hidden; path = dirname(path)) {
      try {
        this.#disk.rmdir(path);
      } catch (error) {
        if (codeOf(error) === "ENOTEMPTY" || codeOf(error) === "EEXIST") return path;
        // A symbolic link to a folder is somebody else's.
        if (!meansAbsent(error)) throw error;
        if (statsAt(path) !== undefined) return path;
      }
    }
    return path;
  }

  /** False when a file stands where this folder or one above would have to be. */
  #makeFolder(path: string, key: string): boolean {
    if (this.#lock.number !== this.#foundUnder) this.#found.clear();
    this.#foundUnder = this.#lock.number;
    if (this.#found.has(path)) return true;
    const stats = statsAt(path);
    if (stats?.isDirectory() === true) {
      const real = realpathSync.native(path);
      if (real === path) {
        this.#found.add(path);
        return true;
      }
      throw this.#foldsCase ? looksAlike(key, real) : linked(key, path);
    }
    if (stats?.isSymbolicLink() === true) throw linked(key, path);
    if (stats !== undefined || !this.#makeFolder(dirname(path), key)) return false;
    this.#disk.mkdir(path);
    return true;
  }
}

function statsAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === "ENOTDIR" || codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function linked(key: string, path: string): SpotfoldError {
  return new SpotfoldError(
    "store-unfit",
    `The key ${key} leads through a symbolic link, which is not written through.`,
    {
      hint: "Name the folder itself, without links below it.",
      context: { key, path },
    },
  );
}

function looksAlike(key: string, found: string): SpotfoldError {
  return new SpotfoldError("invalid-key", `The disk takes the key ${key} and another name for the same.`, {
    hint: "This disk does not tell upper from lower case (or composed characters apart): use one that does.",
    context: { key, found },
  });
}
