/**
 * Before the first write into a folder: its hidden area, what earlier processes left there, and whether the file system can
 * do what is needed. A folder that is only read is never written to.
 */
import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, SpotfoldError } from "../../errors.ts";
import type { FolderDisk } from "./disk.ts";
import { meansAbsent } from "../system-errors.ts";
import { FolderLock } from "./lock.ts";
import { hiddenName } from "./places.ts";
import type { Places } from "./places.ts";

/**
 * A temporary file that was not written to for so long belongs to nobody: its process was killed, or fails when it wants to
 * give the file its name, and can try again.
 */
const abandonedAfterMs = 60 * 60_000;

/** Answers the store's lock. */
export async function prepare(places: Places, disk: FolderDisk): Promise<FolderLock> {
  for (const path of [places.hidden, places.temporary, places.notes]) makeFolder(path, disk);
  // Temporary files and the lock need not outlive a power loss, the tree beside is synced when it is used.
  sweep(places, disk);
  await tryLinks(places, disk);
  return new FolderLock(places.lock);
}

/** The root, and what is missing above it; synced, with the folder in which the first of them is new. */
export async function makeRoot(path: string, disk: FolderDisk): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(path);
  if (above !== path) await makeRoot(above, disk);
  makeFolder(path, disk);
  await disk.syncAt(above);
}

function makeFolder(path: string, disk: FolderDisk): void {
  try {
    disk.mkdir(path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

function sweep(places: Places, disk: FolderDisk): void {
  for (const name of readdirSync(places.temporary)) {
    const path = join(places.temporary, name);
    try {
      if (Date.now() - lstatSync(path).mtimeMs > abandonedAfterMs) disk.unlink(path);
    } catch (error) {
      // Another process sweeps, too.
      if (!meansAbsent(error)) throw error;
    }
  }
}

/** Hard links are what `create` rests on; FAT and some network file systems have none. */
async function tryLinks(places: Places, disk: FolderDisk): Promise<void> {
  const path = join(places.temporary, `try-${randomBytes(8).toString("hex")}`);
  const second = `${path}-link`;
  await (await disk.newFile(path)).close();
  try {
    disk.link(path, second);
    disk.unlink(second);
  } catch (error) {
    throw new SpotfoldError("store-unfit", `The file system of ${places.root} has no hard links.`, {
      hint: "Put the folder on a local disk (ext4, xfs, btrfs, APFS).",
      context: { path: places.root, system: codeOf(error) },
      cause: error,
    });
  } finally {
    disk.unlink(path);
  }
}

/** Whether the disk takes `a` and `A` for the same name. False as long as the hidden area is not there. */
export function foldsCase(places: Places): boolean {
  const other = join(places.root, hiddenName.toUpperCase());
  return statSync(other, { throwIfNoEntry: false }) !== undefined && realpathSync.native(other) === places.hidden;
}
