/**
 * Where a key's file stands.
 *
 *   <root>/runs/r1/run.json                             the key's own place: a plain file under its own name
 *   <root>/.spotfold-store/tmp/<random>                 files that are being written
 *   <root>/.spotfold-store/lock.sqlite                  see lock.ts
 *   <root>/.spotfold-store/etags/<hash of key>          see etags.ts
 *   <root>/.spotfold-store/beside/a,d/b,b               the key `a/b`, when its own place was taken
 *
 * A folder cannot hold a file `a` and a folder `a`. Where one of them is there already, the other's file goes *beside*:
 * into a tree in which every folder's name ends in `,d` and every file's in `,b`, so that nothing clashes with anything.
 * A key has its file in one of its two places, never in both, and keeps it there until it is deleted: all changes are made
 * under the store's lock. Readers look at the own place first, then beside; they need no lock.
 */
import { join } from "node:path";

export const hiddenName = ".spotfold-store";
const folderMark = ",d";
const blobMark = ",b";

export class Places {
  readonly root: string;
  readonly hidden: string;
  readonly temporary: string;
  readonly notes: string;
  readonly lock: string;
  readonly beside: string;

  constructor(root: string) {
    this.root = root;
    this.hidden = join(root, hiddenName);
    this.temporary = join(this.hidden, "tmp");
    this.notes = join(this.hidden, "etags");
    this.lock = join(this.hidden, "lock.sqlite");
    this.beside = join(this.hidden, "beside");
  }

  /** The key's own place. Undefined when it has none: what a path cannot spell, and our hidden area. */
  own(key: string): string | undefined {
    return isPath(key) && key !== hiddenName && !key.startsWith(`${hiddenName}/`) ? `${this.root}/${key}` : undefined;
  }

  /** The key's other place. Undefined for what a path cannot spell. */
  besideOf(key: string): string | undefined {
    if (!isPath(key)) return undefined;
    return `${this.beside}/${key.replaceAll("/", `${folderMark}/`)}${blobMark}`;
  }

  /** The places in which a key's file may stand, in the order in which they are looked at. */
  of(key: string): string[] {
    return [this.own(key), this.besideOf(key)].filter((path) => path !== undefined);
  }
}

/** The folder beside, of a folder's key without its last `/`. */
export function besideFolder(places: Places, folder: string): string {
  return folder === "" ? places.beside : `${places.beside}/${folder.replaceAll("/", `${folderMark}/`)}${folderMark}`;
}

/** The name that an entry of the tree beside stands for. Undefined for what we did not write. */
export function nameBeside(entry: string, isFolder: boolean): string | undefined {
  const mark = isFolder ? folderMark : blobMark;
  return entry.endsWith(mark) && entry.length > mark.length ? entry.slice(0, -mark.length) : undefined;
}

/** Whether a path spells exactly this key: the kernel skips empty segments and `.`, and `..` leads out of the folder. */
export function isPath(key: string): boolean {
  if (key.includes("\0") || !key.isWellFormed()) return false;
  return key.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}
