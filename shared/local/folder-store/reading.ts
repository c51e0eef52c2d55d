/**
 * Opening a key's file for reading, without the lock: the own place first, then beside. Between the two looks a key may be
 * deleted and written again at the other place; then there was a moment without it, and `absent` is a right answer.
 */
import { constants, realpathSync, statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { SpotfoldError } from "../../errors.ts";
import { meansAbsent } from "../system-errors.ts";
import type { Places } from "./places.ts";

/** Without waiting: a FIFO at a key's place must not hang its reader. */
export const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;

export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
}

export interface ReadingOptions {
  readonly places: Places;
  /** The root as it was opened: a disk that was unmounted since holds no keys, which must not look like deleted blobs. */
  readonly rootIdentity: string;
  readonly foldsCase: boolean;
}

/** The caller closes the handle. */
export async function openForReading(key: string, options: ReadingOptions): Promise<OpenFile | undefined> {
  for (const path of options.places.of(key)) {
    const file = await openFile(path);
    if (file === undefined) continue;
    if (!options.foldsCase || realpathSync.native(path) === path) return file;
    await file.handle.close();
  }
  checkRoot(options);
  return undefined;
}

/** Where a blob's file lies, looked up without opening it: whoever is lent it does that. Otherwise as `openForReading`. */
export function findForReading(key: string, options: ReadingOptions): string | undefined {
  for (const path of options.places.of(key)) {
    if (!isFile(path)) continue;
    if (!options.foldsCase || realpathSync.native(path) === path) return path;
  }
  checkRoot(options);
  return undefined;
}

/** Without a thread: it is asked for each block that is lent, and what a thread costs is several times what this does. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch (error) {
    if (meansAbsent(error)) return false;
    throw error;
  }
}

async function openFile(path: string): Promise<OpenFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, readFlags);
  } catch (error) {
    if (meansAbsent(error) || (error instanceof Error && "code" in error && error.code === "ENXIO")) return undefined;
    throw error;
  }
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return { path, handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Throws `no-such-store` when the root is not the folder that was opened. */
export function checkRoot({ places, rootIdentity }: ReadingOptions): void {
  if (identityOfFolder(places.root) === rootIdentity) return;
  throw new SpotfoldError("no-such-store", `The folder ${places.root} is not there any more, or is another one.`, {
    hint: "Check that its disk is mounted, then start again.",
    context: { path: places.root },
  });
}

export function identityOfFolder(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}` : undefined;
}
