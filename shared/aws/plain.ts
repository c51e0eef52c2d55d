/**
 * Reading what may have been published: the plain bytes of a blob that S3 keeps gzipped.
 *
 * Only a published store does this: a data store's blocks are read as they lie there, whatever their headers say. Sizes stay
 * those of what is stored, in `get` as in `head` and lists, since nobody knows the others before the last byte. A range is of
 * the plain bytes: it is read from the beginning on, which no reader of pointers does.
 */
import { codeOf, messageOf, SpotfoldError } from "../errors.ts";
import type { GetOptions } from "../ports/blob-store.ts";
import { gunzipped } from "./gzip.ts";
import { getBlob } from "./reading.ts";
import type { ReadBlob } from "./reading.ts";
import type { S3Requests } from "./requests.ts";

/** `getBlob`; of a published store, unpacked. The body fails with `invalid-format` where it is not the gzip it is said to be. */
export async function getPlain(requests: S3Requests, key: string, options: GetOptions = {}): Promise<ReadBlob | null> {
  if (!requests.published) return await getBlob(requests, key, options);
  const { range, ...whole } = options;
  const blob = await getBlob(requests, key, whole);
  if (blob === null) return null;
  const body = blob.gzipped ? unpacked(requests, blob) : blob.body;
  return { ...blob, body: range === undefined ? body : sliced(body, range) };
}

async function* unpacked(requests: S3Requests, { key, body }: ReadBlob): AsyncGenerator<Uint8Array> {
  try {
    yield* gunzipped(body);
  } catch (error) {
    if (codeOf(error)?.startsWith("Z_") !== true) throw error;
    throw new SpotfoldError("invalid-format", `${key} says that it is gzip, and is not: ${messageOf(error)}.`, {
      hint: "Somebody else wrote it. Delete it, and it is published again.",
      context: { store: requests.place.name, key },
      cause: error,
    });
  }
}

async function* sliced(
  body: AsyncIterable<Uint8Array>,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of body) {
    const piece = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
    position += chunk.length;
    if (piece.length > 0) yield piece;
    if (position >= end) return;
  }
}
