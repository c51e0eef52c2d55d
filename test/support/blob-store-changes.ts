/** One change of each kind to a folder store, for tests that stop in the middle of them. */
import { join } from "node:path";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { finishedFile } from "./finished-file.ts";
import { bytesOf, inChunks, patternBytes } from "./blob-store-helpers.ts";

/** More than the size from which a note is kept of a file's etag (8 MiB). */
const largeBytes = 8 * 1024 * 1024 + 1;

export interface Change {
  readonly key: string;
  /** Null: nothing is there. */
  readonly before: Uint8Array | null;
  readonly after: (() => Uint8Array) | null;
  readonly make: (store: FolderBlobStore) => Promise<unknown>;
}

const old = bytesOf("old bytes");
const fresh = bytesOf("new bytes, longer");

/** Made once, when it is needed: most processes are killed before. */
let large: Uint8Array | undefined;
function largeBody(): Uint8Array {
  large ??= patternBytes(largeBytes);
  return large;
}

async function etagAt(store: FolderBlobStore, key: string): Promise<string> {
  return (await store.head(key))?.etag ?? "none";
}

/** In this order: some build on the state that others leave. */
export const changes: readonly Change[] = [
  { key: "new/folder/put", before: null, after: () => fresh, make: (store) => store.put("new/folder/put", fresh) },
  { key: "old/put", before: old, after: () => fresh, make: (store) => store.put("old/put", fresh) },
  { key: "new/create", before: null, after: () => fresh, make: (store) => store.create("new/create", fresh) },
  { key: "new/swap", before: null, after: () => fresh, make: (store) => store.swap("new/swap", fresh, null) },
  {
    key: "old/swap",
    before: old,
    after: () => fresh,
    make: async (store) => store.swap("old/swap", fresh, await etagAt(store, "old/swap")),
  },
  { key: "old/put/beside", before: null, after: () => fresh, make: (store) => store.create("old/put/beside", fresh) },
  { key: "old/gone/deep/x", before: old, after: null, make: (store) => store.delete(["old/gone/deep/x"]) },
  {
    key: "old/unsynced",
    before: old,
    after: () => fresh,
    make: async (store) => {
      await store.putUnsynced("old/unsynced", fresh);
      await store.flush();
    },
  },
  {
    key: "old/large",
    before: old,
    after: largeBody,
    make: (store) => store.put("old/large", inChunks(largeBody(), 5_000_000)),
  },
  {
    key: "old/finished",
    before: old,
    after: largeBody,
    make: (store) =>
      store.put("old/finished", finishedFile(join(store.path, ".spotfold-store", "finished"), largeBody())),
  },
];

/** The folder as it is before the first change. */
export async function makeBefore(path: string): Promise<void> {
  const store = await FolderBlobStore.open(path, { create: true });
  for (const { key, before } of changes) if (before !== null) await store.put(key, before);
  await store.close();
}
