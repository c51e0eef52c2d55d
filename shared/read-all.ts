/** Reads a small blob whole. For records and manifests; data is streamed. */
import { SpotfoldError } from "./errors.ts";
import type { BlobStore, GetOptions } from "./ports/blob-store.ts";

/** What is read whole is small: records are a few KB, manifests at most 8 MB, bundles and inputs at most this. */
export const readAllBytesMax = 64 * 1024 * 1024;

export async function readAll(
  store: BlobStore,
  key: string,
  options?: GetOptions,
): Promise<{ bytes: Uint8Array; etag: string; storeTime: number; lastModified: number } | null> {
  const blob = await store.get(key, options);
  if (blob === null) return null;
  const wanted =
    options?.range === undefined ? blob.size : Math.min(blob.size, options.range.end) - options.range.start;
  if (wanted > readAllBytesMax) {
    blob.cancel();
    throw new SpotfoldError("limit", `${key} has ${wanted} bytes; at most ${readAllBytesMax} are read at once`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob.body) chunks.push(chunk);
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  return { bytes, etag: blob.etag, storeTime: blob.storeTime, lastModified: blob.lastModified };
}
