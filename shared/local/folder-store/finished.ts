/**
 * Finished files of this machine as blobs: a second name in the hidden area, in place of a copy that is written.
 *
 *   link -> looked at by that name: a plain file of who would own a new one, with just these two names
 *        -> read through once, for its SHA-256 -> given a new file's rights and time -> synced -> from here on as any temporary file
 *
 * What does not fit (another file system, a symbolic link, a file that changes) is left to be copied as any other body. The
 * name that the file came with is its owner's, and is removed by it. A kill leaves a temporary file, which is swept by its age.
 */
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { digestOf } from "./digest.ts";
import type { FolderDisk } from "./disk.ts";
import { dropTemporary, temporaryPath } from "./temporary.ts";
import type { Written } from "./temporary.ts";

/** Below this, copying costs as little as naming. Bytes. */
const namedBytesMin = 256 * 1024;

/** A link follows no link; nothing waits for a FIFO. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const rightsBits = 0o7777n;

export class FinishedFiles {
  readonly #folder: string;
  readonly #disk: FolderDisk;
  /** What a file is like that is newly made in the folder. */
  #fresh: BigIntStats | undefined;
  /** Files whose sync failed: the kernel may call their bytes written afterwards, whatever is on the disk. A copy is new. */
  readonly #doubtful = new Set<string>();

  constructor(folder: string, disk: FolderDisk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  /** The file as a temporary one; undefined when it must be copied. Nothing is left of a try that failed. */
  async secondName(file: string, options: { readonly sync: boolean }): Promise<Written | undefined> {
    const fresh = (this.#fresh ??= await this.#newFile());
    const path = temporaryPath(this.#folder);
    try {
      this.#disk.link(file, path);
    } catch {
      // Whatever keeps it from being linked, copying finds out, and says it better.
      return undefined;
    }
    let written: Written | undefined;
    try {
      written = await this.#taken(path, fresh, options);
    } finally {
      if (written === undefined) dropTemporary(path, this.#disk);
    }
    return written;
  }

  async #taken(path: string, fresh: BigIntStats, { sync }: { readonly sync: boolean }): Promise<Written | undefined> {
    let descriptor: number;
    try {
      descriptor = openSync(path, openFlags);
    } catch {
      return undefined;
    }
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (!isFit(stats, fresh) || this.#doubtful.has(identity(stats))) return undefined;
      const { etag, size } = await digestOf(descriptor, Number(stats.size));
      if (isChanged(descriptor, stats, size)) return undefined;
      this.#disk.makeNew(descriptor, Number(fresh.mode & rightsBits));
      if (sync) await this.#sync(path, stats);
      return { path, etag, size, isNamedTwice: true };
    } finally {
      closeSync(descriptor);
    }
  }

  async #sync(path: string, stats: BigIntStats): Promise<void> {
    try {
      await this.#disk.syncAt(path);
    } catch (error) {
      this.#doubtful.add(identity(stats));
      throw error;
    }
  }

  /** Rights and owner depend on the process, the folder, and the file system: one is made and looked at. */
  async #newFile(): Promise<BigIntStats> {
    const path = temporaryPath(this.#folder);
    const file = await this.#disk.newFile(path);
    try {
      await file.close();
      return statSync(path, { bigint: true });
    } finally {
      dropTemporary(path, this.#disk);
    }
  }
}

function isFit(stats: BigIntStats, fresh: BigIntStats): boolean {
  const isOurs = stats.uid === fresh.uid && stats.gid === fresh.gid;
  return stats.isFile() && isOurs && stats.nlink === 2n && stats.size >= BigInt(namedBytesMin);
}

/** While it was read. */
function isChanged(descriptor: number, before: BigIntStats, size: number): boolean {
  return fstatSync(descriptor, { bigint: true }).mtimeNs !== before.mtimeNs || size !== Number(before.size);
}

function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
