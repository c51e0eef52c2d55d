/**
 * Writes blocks: for `sample`, tests and benchmarks. Reading them needs none of this, so that processes which only read do not
 * load native code: `@napi-rs/lzma` is loaded here and nowhere else, when a codec needs it. An npm under an older Node leaves
 * its native part out and says nothing; what was installed so is `invalid-config`.
 */
import { createRequire } from "node:module";
import { createGzip, createZstdCompress, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { pipeline, type Transform } from "node:stream";
import type { LzmaCompressor, XzCompressor } from "@napi-rs/lzma";
import { messageOf, SpotfoldError } from "../errors.ts";
import { codecOf } from "./codec.ts";

/** As the original wrote its blocks: fast, a window of 1 MiB. */
const LZMA_PRESET = 1;

const require = createRequire(import.meta.url);

/** With a checksum, which `node:zlib` leaves out by default: a block's damage must show. */
const zstdParams = { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_compressionLevel]: 3 };

function native(): typeof import("@napi-rs/lzma") {
  try {
    return require("@napi-rs/lzma") as typeof import("@napi-rs/lzma");
  } catch (error) {
    const cause = messageOf(error).split(". ", 1)[0] ?? "";
    throw new SpotfoldError("invalid-config", `The encoder of .lzma and .xz cannot be loaded: ${cause}`, {
      hint: `Run npm install again with this Node (${process.versions.node}): an older one leaves native packages out.`,
      cause: error,
    });
  }
}

/** Yields the bytes of a block, in the codec of its key's suffix, with constant memory. */
export async function* encodeBlock(
  key: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const codec = codecOf(key);
  switch (codec.name) {
    case "lzma":
      yield* compressed(new (native().LzmaCompressor)({ preset: LZMA_PRESET }), source);
      return;
    case "xz":
      yield* compressed(new (native().XzCompressor)({ preset: LZMA_PRESET }), source);
      return;
    case "gzip":
      yield* transformed(createGzip(), source);
      return;
    case "zstd":
      yield* transformed(createZstdCompress({ params: zstdParams }), source);
      return;
    case "plain":
      yield* source;
  }
}

/** The bytes of a small block at once, without waiting. */
export function encodeWhole(key: string, bytes: Uint8Array): Uint8Array {
  switch (codecOf(key).name) {
    case "lzma":
      return native().lzma.compressSync(bytes);
    case "xz":
      return native().xz.compressSync(bytes);
    case "gzip":
      return gzipSync(bytes);
    case "zstd":
      return zstdCompressSync(bytes, { params: zstdParams });
    case "plain":
      return bytes;
  }
}

type Source = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

async function* compressed(compressor: LzmaCompressor | XzCompressor, source: Source): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    const bytes = compressor.update(chunk);
    if (bytes.length > 0) yield bytes;
  }
  yield await compressor.finish();
}

async function* transformed(transform: Transform, source: Source): AsyncGenerator<Uint8Array> {
  // Errors of either reach the loop below: the pipeline destroys the transform with them.
  pipeline(source, transform, () => undefined);
  for await (const chunk of transform) yield chunk as Buffer;
}
