/** A segment in a store: range reads, all of the bytes that were there when it was opened. */
import { Buffer } from "node:buffer";
import { SpotfoldError } from "../errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { cutOff } from "./source.ts";
import type { SegmentSource } from "./types.ts";

export interface BlobSourceOptions {
  /** From a listing or an earlier look; without it (and `size`) the store is asked first. */
  readonly etag?: string;
  readonly size?: number;
  readonly signal?: AbortSignal;
}

/** Rejects with `absent` when there is no such blob; reads, with `absent` and `changed`, when it went away or was replaced. */
export async function blobSource(
  store: BlobStore,
  key: string,
  { etag, size, signal }: BlobSourceOptions = {},
): Promise<SegmentSource> {
  const absent = (): SpotfoldError => new SpotfoldError("absent", `${store.name} has no ${key}`, { context: { key } });
  const known = etag !== undefined && size !== undefined ? { etag, size } : await store.head(key);
  if (known === null) throw absent();
  return {
    size: known.size,
    async read(start, end) {
      const options = { range: { start, end }, ifMatch: known.etag, ...(signal === undefined ? {} : { signal }) };
      const blob = await store.get(key, options);
      if (blob === null) throw absent();
      const bytes = Buffer.allocUnsafe(end - start);
      let done = 0;
      for await (const piece of blob.body) {
        if (done + piece.length > bytes.length) throw cutOff(start, end);
        bytes.set(piece, done);
        done += piece.length;
      }
      if (done < bytes.length) throw cutOff(start, end);
      return bytes;
    },
  };
}
