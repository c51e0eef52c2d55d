/**
 * Small blobs, read at once: a record of a KB by four trips to a thread (open, look, read, close) costs several times what these
 * calls do, and a pass reads thousands. Only files of ours, which are never changed in place; on a local disk.
 */
import { closeSync, fstatSync, openSync, realpathSync, readSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { meansAbsent } from "../system-errors.ts";
import { checkRoot, readFlags } from "./reading.ts";
import type { ReadingOptions } from "./reading.ts";

/** A copy out of the kernel's memory takes microseconds up to this. */
const smallBytesMax = 64 * 1024;

/** Reads in a row until heartbeats, signals and what else waits have a turn: some milliseconds, but on a disk that hangs. */
const readsInRowMax = 50;

export interface SmallFile {
  readonly path: string;
  readonly stats: BigIntStats;
  readonly bytes: Buffer;
}

export class SmallReads {
  #inRow = 0;

  /** "other": there may be a blob, which is large or cannot be read; `openForReading` says which. Throws what `checkRoot` does. */
  async read(key: string, options: ReadingOptions): Promise<SmallFile | "absent" | "other"> {
    this.#inRow = (this.#inRow + 1) % readsInRowMax;
    if (this.#inRow === 0) await turn();
    return readSmall(key, options);
  }
}

function readSmall(key: string, options: ReadingOptions): SmallFile | "absent" | "other" {
  for (const path of options.places.of(key)) {
    let descriptor: number;
    try {
      descriptor = openSync(path, readFlags);
    } catch (error) {
      if (meansAbsent(error)) continue;
      return "other";
    }
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (!stats.isFile()) continue;
      if (stats.size > BigInt(smallBytesMax)) return "other";
      if (options.foldsCase && realpathSync.native(path) !== path) return "other";
      const bytes = Buffer.allocUnsafe(Number(stats.size));
      return readSync(descriptor, bytes, 0, bytes.length, 0) === bytes.length ? { path, stats, bytes } : "other";
    } finally {
      closeSync(descriptor);
    }
  }
  checkRoot(options);
  return "absent";
}
