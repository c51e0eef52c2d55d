/** Short forms for tests of blob stores. */
import assert from "node:assert/strict";
import { SpotfoldError } from "../../shared/errors.ts";
import type { ErrorCode } from "../../shared/errors.ts";
import type { BlobInfo, BlobStore, GetOptions, ListOptions } from "../../shared/ports/blob-store.ts";

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes of a blob, or null. */
export async function bytesAt(store: BlobStore, key: string, options?: GetOptions): Promise<Buffer | null> {
  const blob = await store.get(key, options);
  return blob === null ? null : collect(blob.body);
}

export async function textAt(store: BlobStore, key: string, options?: GetOptions): Promise<string | null> {
  return (await bytesAt(store, key, options))?.toString() ?? null;
}

export interface Listed {
  readonly blobs: BlobInfo[];
  readonly prefixes: string[];
  readonly pages: number;
}

export async function listed(store: BlobStore, prefix: string, options?: ListOptions): Promise<Listed> {
  const result: { blobs: BlobInfo[]; prefixes: string[]; pages: number } = { blobs: [], prefixes: [], pages: 0 };
  for await (const page of store.list(prefix, options)) {
    result.blobs.push(...page.blobs);
    result.prefixes.push(...page.prefixes);
    result.pages++;
  }
  return result;
}

export async function keysAt(store: BlobStore, prefix: string, options?: ListOptions): Promise<string[]> {
  return (await listed(store, prefix, options)).blobs.map(({ key }) => key);
}

/** Fails unless the call fails with this code; gives the error. */
export async function failsWith(code: ErrorCode, call: Promise<unknown>): Promise<SpotfoldError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof SpotfoldError, `expected a SpotfoldError, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`expected the error ${code}, the call succeeded`);
}

/** Bytes that are different everywhere, so that a hole or a swap of chunks shows. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let index = 0; index < words.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** A body in chunks of this many bytes, from one buffer that is used again for each. */
export async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(chunkBytes);
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    const part = bytes.subarray(offset, offset + chunkBytes);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}
