/**
 * A blob store in memory: for tests, for trying things out, and under the simulator.
 *
 * Every call takes effect at one moment, synchronously when it is made (a streamed `put`: when its body has ended), and
 * answers by a promise. Nothing here is random; the time is that of the clock it is given. It promises no more than the
 * other stores: an etag is the SHA-256 of the bytes, so writing the same bytes again gives the same etag.
 */
import { createHash } from "node:crypto";
import { SpotfoldError } from "../errors.ts";
import { checkKey, compareKeys } from "../keys.ts";
import type { Clock } from "../ports/clock.ts";
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
} from "../ports/blob-store.ts";
import { memoryBody, wholeBody } from "./blob-store-body.ts";

/** As many as S3 gives. A simulator makes it small, so that writes fall between pages. */
const pageEntriesMaxDefault = 1000;

interface Stored {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly lastModified: number;
}

export interface MemoryBlobStoreOptions {
  readonly clock: Clock;
  /** Default `memory:`. */
  readonly name?: string;
  /** Blobs and prefixes on one page of a list, at least 1. Default 1,000. */
  readonly pageEntriesMax?: number;
}

export class MemoryBlobStore implements BlobStore {
  readonly name: string;
  readonly #clock: Clock;
  readonly #pageEntriesMax: number;
  readonly #stored = new Map<string, Stored>();
  /** The keys of `#stored` in byte order. */
  readonly #keys: string[] = [];

  constructor(options: MemoryBlobStoreOptions) {
    this.name = options.name ?? "memory:";
    this.#clock = options.clock;
    this.#pageEntriesMax = options.pageEntriesMax ?? pageEntriesMaxDefault;
  }

  async get(key: string, options: GetOptions = {}): Promise<Blob | null> {
    options.signal?.throwIfAborted();
    const stored = this.#stored.get(key);
    if (stored === undefined) return null;
    if (options.ifMatch !== undefined && options.ifMatch !== stored.etag) {
      throw new SpotfoldError("changed", `The blob ${key} is not the one that was asked for.`, {
        context: { store: this.name, key, expected: options.ifMatch, found: stored.etag },
      });
    }
    const { start, end } = options.range ?? { start: 0, end: stored.bytes.length };
    return { ...this.#infoOf(key, stored), ...memoryBody(stored.bytes.subarray(start, end), options.signal) };
  }

  async head(key: string): Promise<(BlobInfo & { readonly storeTime: number }) | null> {
    const stored = this.#stored.get(key);
    return stored === undefined ? null : this.#infoOf(key, stored);
  }

  async put(key: string, body: BlobBody): Promise<{ readonly etag: string; readonly storeTime: number }> {
    checkKey(key);
    const bytes = body instanceof Uint8Array ? body : await wholeBody(body);
    return { etag: this.#write(key, bytes), storeTime: this.#clock.now() };
  }

  async create(key: string, bytes: Uint8Array): Promise<CreateResult> {
    checkKey(key);
    const there = this.#stored.get(key);
    const storeTime = this.#clock.now();
    if (there !== undefined) return { created: false, existing: there.bytes.slice(), etag: there.etag, storeTime };
    return { created: true, etag: this.#write(key, bytes), storeTime };
  }

  async swap(key: string, bytes: Uint8Array, expected: string | null): Promise<SwapResult> {
    checkKey(key);
    const storeTime = this.#clock.now();
    if ((this.#stored.get(key)?.etag ?? null) !== expected) return { swapped: false, storeTime };
    return { swapped: true, etag: this.#write(key, bytes), storeTime };
  }

  /** Each page shows the moment at which it was asked for. */
  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    const shallow = options.shallow ?? false;
    let after = options.after ?? "";
    // Prefixes that were given: none comes twice, although its keys go on after the page's last one.
    let lastPrefix: string | undefined;
    for (;;) {
      options.signal?.throwIfAborted();
      const blobs: BlobInfo[] = [];
      const prefixes: string[] = [];
      let index = Math.max(this.#indexOf(prefix), after === "" ? 0 : this.#indexAfter(after));
      for (; blobs.length + prefixes.length < this.#pageEntriesMax; index++) {
        const key = this.#keys[index];
        if (key === undefined || !key.startsWith(prefix)) break;
        after = key;
        const slash = shallow ? key.indexOf("/", prefix.length) : -1;
        if (slash < 0) {
          const { storeTime: _, ...info } = this.#infoOf(key, this.#get(key));
          blobs.push(info);
          continue;
        }
        const below = key.slice(0, slash + 1);
        if (below !== lastPrefix) prefixes.push(below);
        lastPrefix = below;
      }
      const next = this.#keys[index];
      yield { blobs, prefixes, storeTime: this.#clock.now() };
      if (next === undefined || !next.startsWith(prefix)) return;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      if (this.#stored.delete(key)) this.#keys.splice(this.#indexOf(key), 1);
    }
  }

  /** A `data:` URL: it holds the bytes themselves and never expires. Fails with `absent` when there is no such blob. */
  async lend(key: string): Promise<Lent> {
    const stored = this.#stored.get(key);
    if (stored === undefined) {
      throw new SpotfoldError("absent", `There is no blob ${key} to lend.`, { context: { store: this.name, key } });
    }
    const base64 = Buffer.from(stored.bytes).toString("base64");
    return { kind: "url", url: `data:application/octet-stream;base64,${base64}` };
  }

  async close(): Promise<void> {}

  #get(key: string): Stored {
    const stored = this.#stored.get(key);
    if (stored === undefined) throw new SpotfoldError("internal", `The key ${key} is listed but not stored.`);
    return stored;
  }

  #infoOf(key: string, stored: Stored): BlobInfo & { readonly storeTime: number } {
    const { etag, lastModified } = stored;
    return { key, size: stored.bytes.length, etag, lastModified, storeTime: this.#clock.now() };
  }

  #write(key: string, bytes: Uint8Array): string {
    const etag = createHash("sha256").update(bytes).digest("hex");
    if (!this.#stored.has(key)) this.#keys.splice(this.#indexOf(key), 0, key);
    // A copy: the caller goes on using its buffer.
    this.#stored.set(key, { bytes: bytes.slice(), etag, lastModified: this.#clock.now() });
    return etag;
  }

  /** Where the first key stands that is not before this one. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #indexAfter(key: string): number {
    const index = this.#indexOf(key);
    return this.#keys[index] === key ? index + 1 : index;
  }
}
