/**
 * Reading an aggregate's head and manifest, and committing a change to it.
 *
 * A commit: read the head -> build the change for exactly this manifest (which may write objects under fresh random names) ->
 * write the new manifest -> swap the head. When the swap fails, somebody else committed, or our own reply was lost: begin
 * again from the head that is there now. Operations are idempotent by effect, so it does not matter which. Nobody cleans up
 * after a failed commit: unnamed objects are garbage, and the collector's.
 */
import { SpotfoldError } from "../../shared/errors.ts";
import {
  decodeHead,
  decodeManifest,
  encodeHead,
  encodeManifest,
  manifestBytesMax,
  type Head,
  type Manifest,
} from "../../shared/formats/ledger.ts";
import { headKey, manifestKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Random } from "../../shared/ports/clock.ts";

/** What a reader of the ledger sees at one moment. */
export interface Snapshot {
  readonly head: Head;
  readonly etag: string;
  readonly manifest: Manifest;
  readonly storeTime: number;
  /** When the head was swapped, by the store's clock. */
  readonly committedAt: number;
}

/** The moment before an aggregate's first commit. */
export interface NoSnapshot {
  readonly head: null;
  readonly etag: null;
  readonly manifest: null;
  readonly storeTime: number;
}

export type Base = Snapshot | NoSnapshot;

export type Change<T> =
  { readonly manifest: Manifest; readonly result: T } | { readonly manifest: null; readonly result: T };

/** How often a commit starts over. Each time another one succeeded, so this many in a row means a bug, not bad luck. */
const commitTriesMax = 1000;

export class Ledger {
  readonly #store: BlobStore;
  readonly #random: Random;
  /** The manifest read or written last, by aggregate: manifests are immutable, so a name says it all. */
  readonly #last = new Map<string, { key: string; manifest: Manifest }>();

  constructor(store: BlobStore, random: Random) {
    this.#store = store;
    this.#random = random;
  }

  async read(aggregate: string): Promise<Base> {
    const blob = await readAll(this.#store, headKey(aggregate));
    if (blob === null) {
      return { head: null, etag: null, manifest: null, storeTime: await this.#now(aggregate) };
    }
    const head = decodeHead(headKey(aggregate), blob.bytes);
    const manifest = await this.#manifest(aggregate, head);
    return { head, etag: blob.etag, manifest, storeTime: blob.storeTime, committedAt: blob.lastModified };
  }

  /** Commits what `build` makes of the current manifest; `manifest: null` in its answer means that there is nothing to do. */
  async commit<T>(aggregate: string, build: (base: Base) => Promise<Change<T>> | Change<T>): Promise<T> {
    for (let tries = 0; tries < commitTriesMax; tries++) {
      const base = await this.read(aggregate);
      const change = await build(base);
      if (change.manifest === null) return change.result;
      const manifest: Manifest = { ...change.manifest, number: (base.manifest?.number ?? 0) + 1 };
      const bytes = encodeManifest(manifest);
      if (bytes.length > manifestBytesMax) {
        throw new SpotfoldError(
          "limit",
          `the manifest of ${aggregate} would have ${bytes.length} bytes; the limit is ${manifestBytesMax}`,
          {
            hint: "Let compaction catch up (spotfold master), or fold larger jobs.",
          },
        );
      }
      const key = manifestKey(aggregate, manifest.number, this.#random.hex(16));
      await this.#store.put(key, bytes);
      const head: Head = { format: 1, number: manifest.number, manifest: key, epoch: manifest.epoch };
      const swap = await this.#store.swap(headKey(aggregate), encodeHead(head), base.etag);
      if (swap.swapped) {
        this.#last.set(aggregate, { key, manifest });
        return change.result;
      }
    }
    throw new SpotfoldError("internal", `a commit on ${aggregate} started over ${commitTriesMax} times`);
  }

  async #manifest(aggregate: string, head: Head): Promise<Manifest> {
    const last = this.#last.get(aggregate);
    if (last !== undefined && last.key === head.manifest) return last.manifest;
    const blob = await readAll(this.#store, head.manifest);
    if (blob === null) {
      throw new SpotfoldError("absent", `${head.manifest} is named by the head of ${aggregate} and not there`, {
        hint: "Something outside Spotfold deleted it: restore it from a backup or object versions.",
      });
    }
    const manifest = decodeManifest(head.manifest, blob.bytes);
    this.#last.set(aggregate, { key: head.manifest, manifest });
    return manifest;
  }

  /** The store's time, when there is no blob whose reading would tell it. */
  async #now(aggregate: string): Promise<number> {
    for await (const page of this.#store.list(headKey(aggregate))) return page.storeTime;
    return 0;
  }
}
