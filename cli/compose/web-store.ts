/**
 * The web store as publishing uses it: many files in folders that nothing names yet, then a pointer. In a folder, the files
 * are made durable together, before the first conditional write (the pointer) that comes after them; one by one, a disk takes
 * some hundred a second. A bucket is used as it is.
 */
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Random } from "../../shared/ports/clock.ts";

const probeDigits = 16;

/** Fails as publishing would (`read-only`, `access-denied`, `disk-full`): better before the work is done than after it. */
export async function checkPublishable(store: BlobStore, random: Random): Promise<void> {
  const key = `.probe-${random.hex(probeDigits)}`;
  await publishingStore(store).put(key, new Uint8Array(1));
  await store.delete([key]);
}

export function publishingStore(store: BlobStore): BlobStore {
  if (!(store instanceof FolderBlobStore)) return store;
  return {
    name: store.name,
    get: async (key, options) => await store.get(key, options),
    head: async (key) => await store.head(key),
    put: async (key, body) => await store.putUnsynced(key, body),
    create: async (key, bytes) => {
      await store.flush();
      return await store.create(key, bytes);
    },
    swap: async (key, bytes, expected) => {
      await store.flush();
      return await store.swap(key, bytes, expected);
    },
    list: (prefix, options) => store.list(prefix, options),
    delete: async (keys) => await store.delete(keys),
    lend: async (key) => await store.lend(key),
    close: async () => await store.close(),
  };
}
