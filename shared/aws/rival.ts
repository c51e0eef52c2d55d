/**
 * The rival of the start-up probe (store-probe.ts) on a bucket: a second store with a client and connections of its own, in
 * this process. A folder's locks belong to a process, so only a second one can show what they are worth; a bucket's
 * conditions are decided by the server, which cannot tell two clients of one process from those of two.
 */
import { contend, type Rival } from "../store-probe.ts";
import { S3BlobStore, type S3StoreOptions } from "./store.ts";

export async function startS3Rival(options: S3StoreOptions): Promise<Rival> {
  const store = await S3BlobStore.open(options);
  return {
    call: async (call) => await contend(store, call),
    close: async () => await store.close(),
  };
}
