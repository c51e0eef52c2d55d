import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { blobSource } from "../../../shared/segment/blob-source.ts";
import { SegmentReader } from "../../../shared/segment/reader.ts";
import { largeSegment } from "./make.ts";
import type { Pair } from "./make.ts";

const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };

async function entriesOf(reader: SegmentReader): Promise<Pair[]> {
  const found: Pair[] = [];
  for await (const batch of reader.entries()) {
    for (const { key, value } of batch) found.push([Buffer.from(key).toString(), Buffer.from(value).toString()]);
  }
  return found;
}

describe("segment in a store", () => {
  const { bytes, entries } = largeSegment();

  it("is read by ranges", async () => {
    const store = new MemoryBlobStore({ clock });
    const { etag } = await store.put("a/segment", bytes);
    assert.deepEqual(await entriesOf(await SegmentReader.open(await blobSource(store, "a/segment"))), entries);
    const known = await blobSource(store, "a/segment", { etag, size: bytes.length });
    assert.deepEqual(await entriesOf(await SegmentReader.open(known)), entries);
  });

  it("is not mixed with what replaced it, and says when it is gone", async () => {
    const store = new MemoryBlobStore({ clock });
    await assert.rejects(blobSource(store, "x"), { code: "absent" });
    await store.put("x", bytes);
    const reader = await SegmentReader.open(await blobSource(store, "x"));
    await store.put("x", Buffer.concat([bytes, bytes]));
    await assert.rejects(entriesOf(reader), { code: "changed" });
    await store.delete(["x"]);
    await assert.rejects(entriesOf(reader), { code: "absent" });
  });

  it("is corrupt when it is shorter than it was said to be", async () => {
    const store = new MemoryBlobStore({ clock });
    const { etag } = await store.put("x", bytes.subarray(1000));
    await assert.rejects(SegmentReader.open(await blobSource(store, "x", { etag, size: bytes.length })), {
      code: "corrupt",
    });
  });
});
