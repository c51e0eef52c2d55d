/** What the codec suites decode: data, blocks made by independent writers, chunkings, and the two ways to decode. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { decodeBlock, decodeWhole } from "../../../shared/codecs/index.ts";

/** liblzma by way of `lzma-native` (which brings no types): the independent witness for `.lzma` and `.xz`. */
interface LzmaNative {
  readonly CHECK_NONE: number;
  readonly CHECK_CRC32: number;
  readonly CHECK_CRC64: number;
  readonly CHECK_SHA256: number;
  compress(bytes: Buffer, options: { preset?: number; check?: number }): Promise<Buffer>;
  compress(bytes: Buffer, encoder: "aloneEncoder" | { preset: number }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
  singleStringCoding(coder: unknown, bytes: Buffer): Promise<Buffer>;
  createStream(coder: string, options?: object): NodeJS.ReadWriteStream;
}
export const liblzma = createRequire(import.meta.url)("lzma-native") as LzmaNative;

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Text as logs have it: words that repeat, numbers that do not. */
export function logText(bytes: number, seed = 1): Buffer {
  const random = seeded(seed);
  const lines: string[] = [];
  for (let length = 0; length < bytes;) {
    const line = `{"id":${Math.floor(random() * 1e9)},"os":"${random() < 0.5 ? "WINNT" : "Darwin"}","values":[${Math.floor(random() * 300)},0,0,1]}`;
    lines.push(line);
    length += line.length + 1;
  }
  return Buffer.from(lines.join("\n")).subarray(0, bytes);
}

/** Bytes that do not compress. */
export function noise(bytes: number, seed = 1): Buffer {
  const random = seeded(seed);
  return Buffer.from(Uint8Array.from({ length: bytes }, () => random() * 256));
}

async function throughStream(coder: string, options: object, bytes: Uint8Array): Promise<Buffer> {
  const stream = liblzma.createStream(coder, options);
  const parts: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", resolve);
    stream.on("error", reject);
  });
  stream.end(Buffer.from(bytes));
  await done;
  return Buffer.concat(parts);
}

/** `.lzma` as `xz --format=lzma` writes it: size unknown, end marker. */
export function lzmaOf(bytes: Uint8Array, preset = 1): Promise<Buffer> {
  return throughStream("aloneEncoder", { preset }, bytes);
}

export function xzOf(bytes: Uint8Array, check = liblzma.CHECK_CRC64, preset = 1): Promise<Buffer> {
  return throughStream("easyEncoder", { preset, check }, bytes);
}

export function zstOf(bytes: Uint8Array, checksum = true, level = 3): Buffer {
  const params = { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0, [constants.ZSTD_c_compressionLevel]: level };
  return zstdCompressSync(bytes, { params });
}

/** One block of each codec that has a suffix. */
export async function blocksOf(bytes: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  return new Map([
    ["a.lzma", await lzmaOf(bytes)],
    ["a.xz", await xzOf(bytes)],
    ["a.gz", gzipSync(bytes)],
    ["a.zst", zstOf(bytes)],
  ]);
}

/** Cuts bytes into chunks of the sizes given, over and over; each chunk is a copy that is overwritten once the next is asked for. */
export async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const chunk = Uint8Array.from(bytes.subarray(at, at + (sizes[n % sizes.length] ?? 1)));
    at += chunk.length;
    yield chunk;
    chunk.fill(0xaa);
  }
}

export function whole(key: string, bytes: Uint8Array): Buffer {
  return Buffer.concat([...decodeWhole(key, bytes)]);
}

export async function streamed(key: string, bytes: Uint8Array, sizes: readonly number[] = [65536]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of decodeBlock(key, chunked(bytes, sizes))) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}

/** Both ways to decode must call the block corrupt, in words that match. */
export async function assertCorrupt(key: string, bytes: Uint8Array, message: RegExp = /./): Promise<void> {
  const expected = { name: "SpotfoldError", code: "corrupt", message };
  assert.throws(() => whole(key, bytes), expected);
  await assert.rejects(streamed(key, bytes), expected);
}

/** Both ways to decode must give these bytes. */
export async function assertDecodes(
  key: string,
  bytes: Uint8Array,
  expected: Uint8Array,
  sizes?: readonly number[],
): Promise<void> {
  assert.ok(whole(key, bytes).equals(expected), `${key} at once`);
  assert.ok((await streamed(key, bytes, sizes)).equals(expected), `${key} streamed`);
}
