/**
 * Etags of files.
 *
 * What Spotfold wrote: the SHA-256 of the bytes, in hex. Size and time would lose commits, two swaps within one tick of the
 * file system's clock look alike. To know it one has to read, so what was read is remembered, by the file's *identity*: inode,
 * size, mtime and ctime. A file of ours is never changed in place, but an inode may be given to another file, and the clock
 * of file times is coarse (4 ms on Linux). Two uses are right all the same:
 * - in memory, an etag is remembered only when the file's ctime was `settledAfterMs` old at the time it was read: whatever
 *   takes its inode later has a later ctime;
 * - of files from `notedBytesMin` a note is kept in the hidden area, so that other processes need not read them. Writing such
 *   a file takes longer than a tick, so two of them cannot have one identity. A note is a cache: torn, lost or stale it is
 *   made anew.
 *
 * Foreign files (datasets, read-only): `<size>-<mtime in ns>`, never read for it.
 */
import { hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "./digest.ts";
import type { FolderDisk } from "./disk.ts";
import type { SmallFile } from "./small.ts";
import { meansAbsent } from "../system-errors.ts";

/** Clocks of file systems tick every 4 ms to 2 s (FAT). */
const settledAfterMs = 2_500;
/** Hashing and writing so much takes longer than a tick; reading less for each `head` is bearable. Bytes. */
export const notedBytesMin = 8 * 1024 * 1024;
/** Etags kept in memory, about 300 bytes each. */
const rememberedMax = 50_000;
/** Half a SHA-256 names a key's note well enough: the note says which file it is about. */
const noteNameDigits = 32;

interface Remembered {
  readonly identity: string;
  readonly etag: string;
}

export class Etags {
  readonly #foreign: boolean;
  readonly #notes: string;
  readonly #disk: FolderDisk;
  /** By path, the least recently remembered first. */
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: { readonly foreign: boolean; readonly notes: string; readonly disk: FolderDisk }) {
    this.#foreign = options.foreign;
    this.#notes = options.notes;
    this.#disk = options.disk;
  }

  /** What is known without reading the file; else undefined. */
  known(key: string, path: string, stats: BigIntStats): string | undefined {
    if (this.#foreign) return `${stats.size}-${stats.mtimeNs}`;
    const identity = identityOf(stats);
    const remembered = this.#remembered.get(path);
    if (remembered?.identity === identity) return remembered.etag;
    return isNoted(stats) ? this.#noted(key, identity) : undefined;
  }

  /** Reads the open file if need be. */
  async of(key: string, path: string, handle: FileHandle, stats: BigIntStats): Promise<string> {
    const known = this.known(key, path, stats);
    if (known !== undefined) return known;
    const { etag } = await digestOf(handle.fd, Number(stats.size));
    await this.remember(key, path, stats, etag);
    return etag;
  }

  /** Of a file whose bytes were read. */
  ofBytes(key: string, { path, stats, bytes }: SmallFile): string {
    const known = this.known(key, path, stats);
    if (known !== undefined) return known;
    const etag = hash("sha256", bytes);
    this.#keep(path, stats, etag);
    return etag;
  }

  /** Of a file with few bytes, at once. Undefined when there is no file any more, or another one. */
  ofSmall(path: string, stats: BigIntStats): string | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(path, "r");
    } catch (error) {
      if (meansAbsent(error)) return undefined;
      throw error;
    }
    try {
      if (identityOf(fstatSync(descriptor, { bigint: true })) !== identityOf(stats)) return undefined;
      const bytes = Buffer.allocUnsafe(Number(stats.size));
      for (let offset = 0; offset < bytes.length;) {
        const bytesRead = readSync(descriptor, bytes, offset, bytes.length - offset, null);
        if (bytesRead === 0) return undefined;
        offset += bytesRead;
      }
      const etag = hash("sha256", bytes);
      this.#keep(path, stats, etag);
      return etag;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Keeps what was read or written: in memory, in a note, or not at all. */
  async remember(key: string, path: string, stats: BigIntStats, etag: string): Promise<void> {
    this.#keep(path, stats, etag);
    if (!isNoted(stats)) return;
    try {
      await this.#disk.writeNote(this.#noteOf(key), JSON.stringify({ identity: identityOf(stats), etag }));
    } catch {
      // A cache: without the note (a read-only folder, a full disk) the file is read again.
    }
  }

  /** Drops the note of a blob that is deleted or was replaced by a small one. */
  forget(key: string, size: number): void {
    if (size < notedBytesMin) return;
    try {
      this.#disk.unlink(this.#noteOf(key));
    } catch {
      // A note of a file that is gone fits no other file.
    }
  }

  #keep(path: string, stats: BigIntStats, etag: string): void {
    this.#remembered.delete(path);
    if (Date.now() - Number(stats.ctimeMs) < settledAfterMs) return;
    if (this.#remembered.size >= rememberedMax) {
      const oldest = this.#remembered.keys().next().value;
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(path, { identity: identityOf(stats), etag });
  }

  #noted(key: string, identity: string): string | undefined {
    try {
      const note: unknown = JSON.parse(readFileSync(this.#noteOf(key), "utf8"));
      if (typeof note !== "object" || note === null || !("identity" in note) || !("etag" in note)) return undefined;
      return note.identity === identity && typeof note.etag === "string" ? note.etag : undefined;
    } catch {
      return undefined;
    }
  }

  #noteOf(key: string): string {
    return join(this.#notes, hash("sha256", key).slice(0, noteNameDigits));
  }
}

export function identityOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}-${stats.size}-${stats.mtimeNs}-${stats.ctimeNs}`;
}

function isNoted(stats: BigIntStats): boolean {
  return Number(stats.size) >= notedBytesMin;
}
