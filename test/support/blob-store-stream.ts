/**
 * A process that streams a large blob into a folder store and out again, and prints how its memory grew:
 * `node blob-store-stream.ts FOLDER BYTES`. Alone in its process, so that nobody else's garbage is counted.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { patternBytes } from "./blob-store-helpers.ts";

const chunkBytes = 1024 * 1024;
const [path = "", size = "0"] = process.argv.slice(2);
const bytes = Number(size);

let peak = 0;
function look(): void {
  peak = Math.max(peak, process.memoryUsage.rss());
}

async function* produced(length: number, hash = createHash("sha256")): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < length; offset += chunkBytes) {
    const chunk = patternBytes(Math.min(chunkBytes, length - offset), offset + 1);
    hash.update(chunk);
    look();
    yield chunk;
  }
}

async function consume(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of body) {
    hash.update(chunk);
    look();
  }
  return hash.digest("hex");
}

const store = await FolderBlobStore.open(path, { create: true });
// Warm: code, buffers and the collector's habits are not growth.
await store.put("warm", produced(64 * chunkBytes));
await consume((await store.get("warm"))?.body ?? assert.fail("it was put"));
const before = process.memoryUsage.rss();
peak = before;
const hash = createHash("sha256");
const { etag } = await store.put("large", produced(bytes, hash));
const blob = await store.get("large");
assert.ok(blob !== null);
assert.equal(blob.size, bytes);
assert.equal(blob.etag, etag);
assert.equal(await consume(blob.body), hash.digest("hex"));
await store.close();
console.log(JSON.stringify({ grownMiB: Math.round((peak - before) / 1024 / 1024) }));
