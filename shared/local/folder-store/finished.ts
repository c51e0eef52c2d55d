/**
 * Finished files of this machine as blobs: a second name in the hidden area, in place of a copy that is written.
 *
 *   link -> looked at by that name: a plain file, with just these two names and the rights of a new one
 *        -> read through once, for its SHA-256 -> synced -> from here on as any temporary file
 *
 * What does not fit (another file system, a symbolic link, a file that changes) is left to be copied as any other body. The
 * name that the file came with is its owner's, and is removed by it. A kill leaves a temporary file, which is swept by its age.
 */
import * as fs from "node:fs";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import type { FolderDisk } from "./disk.ts";
import { dropTemporary, temporaryPath } from "./temporary.ts";
import type { Written } from "./temporary.ts";

const read = promisify(fs.read);

/** Below this, copying costs as little as naming. Bytes. */
const namedBytesMin = 256 * 1024;

/** Read at once: large enough that a trip to a thread does not count. */
const readBytes = 1024 * 1024;

/** A blob's time is when it was written. A file that says another one is copied; so nothing is swept that is in use. */
const ageMsMax = 10 * 60_000;

/** A link follows no link; nothing waits for a FIFO. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Rights that no new file has: to be run, to be written by everybody, as somebody else. */
const oddModeBits = 0o7113n;
const ownerReads = 0o400n;

/** The finished file as a temporary one; undefined when it must be copied. Nothing is left of a try that failed. */
export async function secondName(
  folder: string,
  file: string,
  disk: FolderDisk,
  options: { readonly sync: boolean },
): Promise<Written | undefined> {
  const path = temporaryPath(folder);
  try {
    disk.link(file, path);
  } catch {
    // Whatever keeps it from being linked, copying finds out, and says it better.
    return undefined;
  }
  let written: Written | undefined;
  try {
    const known = await summary(path);
    if (known !== undefined) {
      if (options.sync) await disk.syncAt(path);
      written = { path, ...known };
    }
  } finally {
    if (written === undefined) dropTemporary(path, disk);
  }
  return written;
}

/** Undefined when it is not to be taken as it is. */
async function summary(path: string): Promise<Omit<Written, "path"> | undefined> {
  let descriptor: number;
  try {
    descriptor = openSync(path, openFlags);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    if (!isFit(stats)) return undefined;
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    let size = 0;
    for (;;) {
      const { bytesRead } = await read(descriptor, buffer, 0, buffer.length, size);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
    const now = fstatSync(descriptor, { bigint: true });
    if (now.mtimeNs !== stats.mtimeNs || size !== Number(stats.size)) return undefined;
    return { etag: hash.digest("hex"), size };
  } finally {
    closeSync(descriptor);
  }
}

function isFit(stats: BigIntStats): boolean {
  const isPlain = stats.isFile() && (stats.mode & oddModeBits) === 0n && (stats.mode & ownerReads) !== 0n;
  const isNew = Math.abs(Date.now() - Number(stats.mtimeMs)) < ageMsMax;
  return isPlain && isNew && stats.nlink === 2n && stats.size >= BigInt(namedBytesMin);
}
