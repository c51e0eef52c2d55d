/** Reading a run's hold: workers, masters and commands look at it, and two of them write it. */
import { holdSchema, type Hold } from "./formats/hold.ts";
import { parseStored } from "./formats/stored.ts";
import { holdKey } from "./names.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import { readAll } from "./read-all.ts";

export interface StoredHold {
  readonly hold: Hold;
  readonly etag: string;
  /** Of the answer; a hold's times are compared with it. */
  readonly storeTime: number;
}

/** Null when the run was never held. Throws `UnknownFormat` for what a newer version wrote. */
export async function readHold(store: BlobStore, run: string): Promise<StoredHold | null> {
  const blob = await readAll(store, holdKey(run));
  if (blob === null) return null;
  return { hold: parseStored(holdKey(run), blob.bytes, holdSchema), etag: blob.etag, storeTime: blob.storeTime };
}
