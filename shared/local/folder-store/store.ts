/**
 * A blob store in a folder of a local disk: `file:/data/store`. Blobs are plain files at their keys (see places.ts for the
 * exceptions), so that any program can read them and any static server can serve them.
 *
 * A write, step by step; after a kill at any point readers see the old bytes or the new ones:
 *   1. a temporary file in the hidden area is written and synced;
 *   2. under the lock (lock.ts): the key's place is found, its folders are made, the condition is checked, and one call
 *      puts the file there: `rename` for put and swap, `link` for create, which also fails by itself if there is a file;
 *   3. the folder, and folders above that may be new, are synced; then success is said.
 * `put` and `delete` take the lock as well, since any key may be swapped by somebody: a swap compares and renames, and
 * nothing may come between the two.
 *
 * `foreign` opens somebody else's folder (a dataset): read-only, nothing is created in it, links are followed, etags are
 * those of etags.ts for foreign files.
 *
 * What may go wrong is translated in errors.ts. The store's clock is this machine's, which stamps its files.
 */
import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SpotfoldError } from "../../errors.ts";
import { checkKey } from "../../keys.ts";
import type {
  Blob,
  BlobBody,
  BlobInfo,
  BlobStore,
  CreateResult,
  GetOptions,
  Lent,
  ListOptions,
  ListPage,
  SwapResult,
} from "../../ports/blob-store.ts";
import { memoryBody } from "../../memory/blob-store-body.ts";
import { fileBody, partAsked } from "./body.ts";
import { nodeDisk } from "./disk.ts";
import type { FolderDisk } from "./disk.ts";
import { translated } from "../system-errors.ts";
import { Etags } from "./etags.ts";
import { listPages } from "./listing.ts";
import { Places } from "./places.ts";
import { makeRoot } from "./prepare.ts";
import { findForReading, identityOfFolder, openForReading } from "./reading.ts";
import type { OpenFile, ReadingOptions } from "./reading.ts";
import { SmallReads } from "./small.ts";
import type { SmallFile } from "./small.ts";
import { FolderWriter } from "./writer.ts";

export interface FolderBlobStoreOptions {
  /** Makes the folder when it is absent. Default false: an absent folder is `no-such-store`. */
  readonly create?: boolean;
  /** Somebody else's folder, only read. Default false. */
  readonly foreign?: boolean;
  /** How the disk is changed; tests give one that stops between two calls. */
  readonly disk?: FolderDisk;
}

export class FolderBlobStore implements BlobStore {
  readonly name: string;
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly #foreign: boolean;
  readonly #places: Places;
  readonly #etags: Etags;
  readonly #writer: FolderWriter;
  readonly #rootIdentity: string;
  readonly #smallReads = new SmallReads();

  private constructor(path: string, rootIdentity: string, options: FolderBlobStoreOptions) {
    const disk = options.disk ?? nodeDisk;
    this.name = `file:${path}`;
    this.path = path;
    this.#foreign = options.foreign ?? false;
    this.#places = new Places(path);
    this.#etags = new Etags({ foreign: this.#foreign, notes: this.#places.notes, disk });
    this.#rootIdentity = rootIdentity;
    this.#writer = new FolderWriter({ places: this.#places, disk, etags: this.#etags });
  }

  /** Fails with `no-such-store`, `access-denied`, `read-only`. A relative path is one of the working directory. */
  static async open(path: string, options: FolderBlobStoreOptions = {}): Promise<FolderBlobStore> {
    const absolute = resolve(path);
    try {
      if (options.create === true && options.foreign !== true) await makeRoot(absolute, options.disk ?? nodeDisk);
      const real = realpathSync.native(absolute);
      const identity = identityOfFolder(real);
      if (identity !== undefined) return new FolderBlobStore(real, identity, options);
    } catch (error) {
      throw translated(error, { store: `file:${absolute}`, path: absolute });
    }
    throw new SpotfoldError("no-such-store", `${absolute} is not a folder.`, {
      hint: "Name a folder.",
      context: { path: absolute },
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<Blob | null> {
    options.signal?.throwIfAborted();
    return this.#translating(key, async () => {
      const small = await this.#small(key);
      if (small === "absent") return null;
      if (small !== "other") return this.#smallBlobOf(key, small, options);
      const file = await openForReading(key, this.#reading());
      if (file === undefined) return null;
      try {
        return await this.#blobOf(key, file, options);
      } catch (error) {
        await file.handle.close();
        throw error;
      }
    });
  }

  async head(key: string): Promise<(BlobInfo & { readonly storeTime: number }) | null> {
    return this.#translating(key, async () => {
      const file = await openForReading(key, this.#reading());
      if (file === undefined) return null;
      try {
        return { ...(await this.#infoOf(key, file)), storeTime: Date.now() };
      } finally {
        await file.handle.close();
      }
    });
  }

  async put(key: string, body: BlobBody): Promise<{ readonly etag: string; readonly storeTime: number }> {
    this.#checkWritable(key);
    return this.#put(key, body, { sync: true });
  }

  /**
   * As `put`, but what is written may be lost in a power loss until `flush` has answered; a kill of the process loses
   * nothing. For many files that nothing names yet: they are synced together.
   */
  async putUnsynced(key: string, body: BlobBody): Promise<{ readonly etag: string; readonly storeTime: number }> {
    this.#checkWritable(key);
    return this.#put(key, body, { sync: false });
  }

  /** Resolves when everything that `putUnsynced` has written before is durable. */
  async flush(): Promise<void> {
    return this.#translating(undefined, () => this.#writer.flush());
  }

  async create(key: string, bytes: Uint8Array): Promise<CreateResult> {
    this.#checkWritable(key);
    return this.#translating(key, async () => {
      for (;;) {
        const existing = await this.#read(key);
        if (existing !== undefined) {
          // Durable before we say that it is there: its writer may have been killed before it synced.
          await this.#writer.syncFolder(dirname(existing.path));
          return { created: false, existing: existing.bytes, etag: existing.etag, storeTime: Date.now() };
        }
        const etag = await this.#writer.create(key, bytes);
        if (etag !== undefined) return { created: true, etag, storeTime: Date.now() };
      }
    });
  }

  async swap(key: string, bytes: Uint8Array, expected: string | null): Promise<SwapResult> {
    this.#checkWritable(key);
    return this.#translating(key, async () => {
      const etag =
        expected === null
          ? await this.#writer.create(key, bytes)
          : await this.#writer.swap(key, bytes, expected, this.#reading());
      return etag === undefined
        ? { swapped: false, storeTime: Date.now() }
        : { swapped: true, etag, storeTime: Date.now() };
    });
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    try {
      yield* listPages({ prefix, options, etags: this.#etags, reading: this.#reading() });
    } catch (error) {
      throw translated(error, { store: this.name, key: prefix });
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (this.#foreign) throw this.#readOnly();
    await this.#translating(undefined, () => this.#writer.delete(keys));
  }

  /** The path of the blob's file. Fails with `absent` when there is none. */
  async lend(key: string): Promise<Lent> {
    return this.#translating(key, async () => {
      const path = findForReading(key, this.#reading());
      if (path !== undefined) return { kind: "path", path };
      throw new SpotfoldError("absent", `There is no blob ${key} to lend.`, { context: { store: this.name, key } });
    });
  }

  /** Calls that are under way must have ended. Twice is once. */
  async close(): Promise<void> {
    await this.#writer.close();
  }

  #reading(): ReadingOptions {
    return { places: this.#places, rootIdentity: this.#rootIdentity, foldsCase: this.#writer.foldsCase };
  }

  /** Foreign files may change while they are read, and lie on slow disks. */
  async #small(key: string): Promise<SmallFile | "absent" | "other"> {
    return this.#foreign ? "other" : await this.#smallReads.read(key, this.#reading());
  }

  #smallBlobOf(key: string, file: SmallFile, options: GetOptions): Blob {
    const info = { key, ...sizeAndTime(file), etag: this.#etags.ofBytes(key, file) };
    const { start, end } = partAsked(this.name, info, options);
    const { bytes } = file;
    return { ...info, ...memoryBody(bytes.subarray(start, end), options.signal), storeTime: Date.now() };
  }

  /** Takes the handle over when it answers. */
  async #blobOf(key: string, file: OpenFile, options: GetOptions): Promise<Blob> {
    const info = await this.#infoOf(key, file);
    const { start, end } = partAsked(this.name, info, options);
    const body = fileBody({
      handle: file.handle,
      stats: file.stats,
      start,
      end,
      strict: options.ifMatch !== undefined,
      signal: options.signal,
      translate: (error) => translated(error, { store: this.name, key }),
    });
    return { ...info, ...body, storeTime: Date.now() };
  }

  async #infoOf(key: string, file: OpenFile): Promise<BlobInfo> {
    const etag = await this.#etags.of(key, file.path, file.handle, file.stats);
    return { key, ...sizeAndTime(file), etag };
  }

  /** A whole blob, for records. */
  async #read(key: string): Promise<{ bytes: Uint8Array; etag: string; path: string } | undefined> {
    const small = await this.#small(key);
    if (small === "absent") return undefined;
    if (small !== "other") return { bytes: small.bytes, etag: this.#etags.ofBytes(key, small), path: small.path };
    const file = await openForReading(key, this.#reading());
    if (file === undefined) return undefined;
    try {
      const etag = await this.#etags.of(key, file.path, file.handle, file.stats);
      return { bytes: await file.handle.readFile(), etag, path: file.path };
    } finally {
      await file.handle.close();
    }
  }

  async #put(
    key: string,
    body: BlobBody,
    options: { readonly sync: boolean },
  ): Promise<{ readonly etag: string; readonly storeTime: number }> {
    const etag = await this.#translating(key, () => this.#writer.put(key, body, options));
    return { etag, storeTime: Date.now() };
  }

  #checkWritable(key: string): void {
    checkKey(key);
    if (this.#foreign) throw this.#readOnly();
  }

  #readOnly(): SpotfoldError {
    return new SpotfoldError("read-only", `${this.name} was opened for reading only.`, {
      context: { store: this.name },
    });
  }

  async #translating<T>(key: string | undefined, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw translated(error, key === undefined ? { store: this.name } : { store: this.name, key });
    }
  }
}

function sizeAndTime({ stats }: Pick<OpenFile, "stats">): Pick<BlobInfo, "size" | "lastModified"> {
  return { size: Number(stats.size), lastModified: Number(stats.mtimeMs) };
}
