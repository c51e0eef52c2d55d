/**
 * What a published blob says to browsers, by its key and by the kind of write. Pure.
 *
 *   put             written once under a name of its own: kept for ever by whoever fetched it
 *   create, swap    a pointer, coverage.json: asked for again each time
 *
 * All of them are gzipped, the tiny ones too, although they grow by some 20 bytes: requests cost more than bytes, and one rule
 * for all means that a pointer does not change its form as it grows. What is compressed by its own format stays as it is.
 */
import { contentTypeOf, isPacked } from "../content-types.ts";

export type WriteKind = "put" | "create" | "swap";

/** Headers of a blob, by S3's names; without any it is a blob of our own, which no browser reads. */
export interface BlobHeaders {
  readonly ContentType?: string;
  readonly ContentEncoding?: "gzip";
  readonly CacheControl?: string;
}

/** A year: the longest that caches keep anything. */
const immutable = "public, max-age=31536000, immutable";
const revalidated = "no-cache";

export function publishedHeaders(key: string, kind: WriteKind): BlobHeaders {
  return {
    ContentType: contentTypeOf(key),
    CacheControl: kind === "put" ? immutable : revalidated,
    ...(isPacked(key) ? {} : { ContentEncoding: "gzip" }),
  };
}

/** Whether a blob with this `Content-Encoding` is to be unpacked. Some servers put words of the upload's own before it. */
export function isGzip(contentEncoding: string | undefined): boolean {
  return contentEncoding?.split(",").some((word) => word.trim().toLowerCase() === "gzip") ?? false;
}
