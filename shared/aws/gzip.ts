/**
 * Bodies of blobs, gzipped and back, in bounded memory. Equal bytes give equal gzip, however they were cut into chunks: the
 * header has no time and no name. (Another version of Node, or another kind of processor, may compress the same bytes to
 * others: nothing compares what two machines compressed.)
 */
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip, gzipSync } from "node:zlib";
import type { Gunzip, Gzip } from "node:zlib";
import type { BlobBody } from "../ports/blob-store.ts";

/** Compressed in one call up to this, which takes 2 ms: a stream of zlib costs five times as much as a file of a few KiB. */
const onceBytesMax = 64 * 1024;

/** gzip's own: higher levels take several times as long for a percent or two. */
const gzipOptions = { level: 6 };

/** Reads the body as the result is read; its errors pass on unchanged. */
export async function* gzipped(body: BlobBody): AsyncGenerator<Uint8Array, void, undefined> {
  const source = copies(body);
  try {
    const begin: Uint8Array[] = [];
    for (let bytes = 0; bytes <= onceBytesMax;) {
      const next = await source.next();
      if (next.done === true) {
        yield gzipSync(Buffer.concat(begin), gzipOptions);
        return;
      }
      begin.push(next.value);
      bytes += next.value.length;
    }
    yield* through(chained(begin, source), createGzip(gzipOptions));
  } finally {
    await source.return();
  }
}

/** The plain bytes. Throws zlib's errors (`Z_DATA_ERROR`, `Z_BUF_ERROR`) for what is no gzip, or not all of it. */
export async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield* through(chunks, createGunzip());
}

async function* through(
  chunks: AsyncIterable<Uint8Array>,
  coder: Gzip | Gunzip,
): AsyncGenerator<Uint8Array, void, undefined> {
  // What fails there destroys the coder with the same error, and its reader meets it.
  const fed = pipeline(chunks, coder).catch(() => undefined);
  try {
    yield* coder as AsyncIterable<Uint8Array>;
    await fed;
  } finally {
    coder.destroy();
  }
}

/** A producer may use its buffer again while zlib, in a thread of its own, still reads it. */
async function* copies(body: BlobBody): AsyncGenerator<Uint8Array, void, undefined> {
  if (body instanceof Uint8Array) yield body;
  else for await (const chunk of body) yield new Uint8Array(chunk);
}

async function* chained(
  begin: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* begin;
  yield* rest;
}
