/**
 * Writing and deleting in a folder store; the steps are in store.ts. Nothing is prepared before the first write, so a folder
 * that is only read stays as it is.
 */
import { statSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { dirname } from "node:path";
import { codeOf, SpotfoldError } from "../../errors.ts";
import type { BlobBody } from "../../ports/blob-store.ts";
import type { FolderDisk } from "./disk.ts";
import { FolderEntries } from "./entries.ts";
import { FinishedFiles } from "./finished.ts";
import { meansAbsent } from "../system-errors.ts";
import { identityOf, notedBytesMin } from "./etags.ts";
import type { Etags } from "./etags.ts";
import { FolderSync } from "./folder-sync.ts";
import type { FolderLock } from "./lock.ts";
import type { Places } from "./places.ts";
import { foldsCase, prepare } from "./prepare.ts";
import { openForReading } from "./reading.ts";
import type { ReadingOptions } from "./reading.ts";
import { dropTemporary, writeTemporary } from "./temporary.ts";
import type { Written } from "./temporary.ts";

/** Deletions under one hold of the lock: a few milliseconds. */
const deleteBatchKeys = 100;
/** Syncs at once in a flush; libuv runs four by default. */
const flushConcurrency = 8;

interface Ready {
  readonly lock: FolderLock;
  readonly entries: FolderEntries;
}

export class FolderWriter {
  readonly #places: Places;
  readonly #disk: FolderDisk;
  readonly #etags: Etags;
  readonly #sync: FolderSync;
  readonly #finished: FinishedFiles;
  /** Paths that were written and not synced. */
  #unsynced = new Set<string>();
  /** Ends when the flush that goes on does. */
  #flushing: Promise<unknown> = Promise.resolve();
  #ready: Promise<Ready> | undefined;
  #foldsCase: boolean;

  constructor(options: { readonly places: Places; readonly disk: FolderDisk; readonly etags: Etags }) {
    this.#places = options.places;
    this.#disk = options.disk;
    this.#etags = options.etags;
    this.#sync = new FolderSync(options.disk, options.places.root);
    this.#finished = new FinishedFiles(options.places.temporary, options.disk);
    this.#foldsCase = foldsCase(options.places);
  }

  get foldsCase(): boolean {
    return this.#foldsCase;
  }

  /** Writes or overwrites. Answers the etag. */
  async put(key: string, body: BlobBody, options: { readonly sync: boolean }): Promise<string> {
    const written = await this.#write(body, options);
    const etag = await this.#name(key, written, options, (entries) => {
      const located = entries.locate(key);
      const path = located?.path ?? entries.placeFor(key);
      this.#disk.rename(written.path, path);
      this.#etags.forget(key, located?.size ?? 0);
      return path;
    });
    if (etag === undefined) throw new SpotfoldError("internal", `The file of ${key} was not named.`);
    return etag;
  }

  /** The etag, or undefined when there is such a blob already. */
  async create(key: string, bytes: Uint8Array): Promise<string | undefined> {
    const written = await this.#write(bytes, { sync: true });
    return this.#name(key, written, { sync: true }, (entries) => {
      if (entries.locate(key) !== undefined) return undefined;
      const path = entries.placeFor(key);
      try {
        this.#disk.link(written.path, path);
      } catch (error) {
        // Somebody who does not know of the lock was faster.
        if (codeOf(error) === "EEXIST") return undefined;
        throw error;
      }
      dropTemporary(written.path, this.#disk);
      return path;
    });
  }

  /** The new etag, or undefined when the blob is not the expected one. */
  async swap(key: string, bytes: Uint8Array, expected: string, reading: ReadingOptions): Promise<string | undefined> {
    for (;;) {
      const file = await openForReading(key, reading);
      if (file === undefined) return undefined;
      // The file stays open until the end: as long as it is, its inode is given to no other, and names it surely.
      try {
        if ((await this.#etags.of(key, file.path, file.handle, file.stats)) !== expected) return undefined;
        const swapped = await this.#swapFile(key, bytes, identityOf(file.stats));
        if (swapped !== undefined) return swapped;
      } finally {
        await file.handle.close();
      }
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    const { lock, entries } = await this.#prepared();
    const changed = new Set<string>();
    for (let from = 0; from < keys.length; from += deleteBatchKeys) {
      await lock.hold(() => {
        const folders = new Set<string>();
        for (const key of keys.slice(from, from + deleteBatchKeys)) {
          const located = entries.locate(key);
          if (located === undefined) continue;
          this.#disk.unlink(located.path);
          this.#etags.forget(key, located.size);
          folders.add(dirname(located.path));
        }
        for (const folder of folders) changed.add(entries.prune(folder));
      });
    }
    await Promise.all([...changed].map((folder) => this.#sync.sync(folder)));
  }

  /** One after the other: what was written before may be in the hands of one that goes on, or come back from it. */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(async () => await this.#flush());
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  async #flush(): Promise<void> {
    const paths = this.#unsynced;
    this.#unsynced = new Set();
    try {
      await inTurns(paths, async (path) => await this.#syncFile(path));
      await inTurns(new Set([...paths].map(dirname)), async (folder) => await this.#sync.sync(folder));
    } catch (error) {
      for (const path of paths) this.#unsynced.add(path);
      throw error;
    }
  }

  /** Makes the entries of a folder durable. */
  syncFolder(path: string): Promise<void> {
    return this.#sync.sync(path);
  }

  async close(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    // What failed to open is not open.
    const opened = await ready?.catch(() => undefined);
    opened?.lock.close();
  }

  async #write(body: BlobBody, options: { readonly sync: boolean }): Promise<Written> {
    await this.#prepared();
    const taken = "finishedFile" in body ? await this.#finished.secondName(body.finishedFile, options) : undefined;
    return taken ?? (await writeTemporary(this.#places.temporary, body, this.#disk, options));
  }

  /** Undefined when the file is not the one any more that was compared. */
  async #swapFile(key: string, bytes: Uint8Array, identity: string): Promise<string | undefined> {
    const written = await this.#write(bytes, { sync: true });
    return this.#name(key, written, { sync: true }, (entries) => {
      const located = entries.locate(key);
      if (located === undefined || identityOf(statSync(located.path, { bigint: true })) !== identity) return undefined;
      this.#disk.rename(written.path, located.path);
      this.#etags.forget(key, located.size);
      return located.path;
    });
  }

  /**
   * Runs the step that gives a temporary file its name, under the lock, and makes that durable. The step answers the path,
   * or undefined when its condition does not hold; then, or when it fails, the file is removed. Answers the etag.
   */
  async #name(
    key: string,
    written: Written,
    options: { readonly sync: boolean },
    step: (entries: FolderEntries) => string | undefined,
  ): Promise<string | undefined> {
    let path: string | undefined;
    let stats: BigIntStats | undefined;
    try {
      const { lock, entries } = await this.#prepared();
      await lock.hold(() => {
        path = step(entries);
        // Under the lock, so that they are those of this file.
        if (path !== undefined && written.size >= notedBytesMin && !written.isNamedTwice)
          stats = statSync(path, { bigint: true });
      });
    } finally {
      if (path === undefined) dropTemporary(written.path, this.#disk);
    }
    if (path === undefined) return undefined;
    if (options.sync) await this.#sync.sync(dirname(path));
    else this.#unsynced.add(path);
    if (stats !== undefined) await this.#etags.remember(key, path, stats, written.etag);
    return written.etag;
  }

  async #syncFile(path: string): Promise<void> {
    try {
      await this.#disk.syncAt(path);
    } catch (error) {
      // Deleted since.
      if (!meansAbsent(error)) throw error;
    }
  }

  #prepared(): Promise<Ready> {
    this.#ready ??= this.#prepare().catch((error: unknown) => {
      // A full disk or missing rights may be cured: the next write tries again.
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #prepare(): Promise<Ready> {
    const lock = await prepare(this.#places, this.#disk);
    this.#foldsCase = foldsCase(this.#places);
    const entries = new FolderEntries({ places: this.#places, disk: this.#disk, foldsCase: this.#foldsCase, lock });
    return { lock, entries };
  }
}

/** `flushConcurrency` at a time. */
async function inTurns(paths: Iterable<string>, use: (path: string) => Promise<void>): Promise<void> {
  const rest = [...paths].values();
  const turn = async (): Promise<void> => {
    for (const path of rest) await use(path);
  };
  await Promise.all(Array.from({ length: flushConcurrency }, turn));
}
