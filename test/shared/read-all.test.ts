/** Small blobs are read whole, large ones refused before they are read. */
import assert from "node:assert/strict";
import { codeOf } from "../../shared/errors.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import type { Blob, BlobStore } from "../../shared/ports/blob-store.ts";
import { readAll, readAllBytesMax } from "../../shared/read-all.ts";
import { ManualClock } from "../support/manual-clock.ts";

describe("reading a blob whole", () => {
  const newStore = (): MemoryBlobStore => new MemoryBlobStore({ clock: new ManualClock() });

  it("gives its bytes, its etag and the store's times; null when it is not there", async () => {
    const store = newStore();
    assert.equal(await readAll(store, "none"), null);
    const { etag } = await store.put("key", Buffer.from("0123456789"));
    const blob = await readAll(store, "key");
    assert.equal(Buffer.from(blob?.bytes ?? "").toString(), "0123456789");
    assert.deepEqual([blob?.etag, blob?.storeTime], [etag, blob?.lastModified]);
    const part = await readAll(store, "key", { range: { start: 2, end: 4 } });
    assert.equal(Buffer.from(part?.bytes ?? "").toString(), "23");
    const past = await readAll(store, "key", { range: { start: 20, end: 40 } });
    assert.equal(past?.bytes.length, 0);
  });

  it("refuses what is too large without reading it, and frees it", async () => {
    const store = newStore();
    await store.put("key", Buffer.from("x"));
    let cancelled = 0;
    const get = store.get.bind(store);
    const large: BlobStore["get"] = async (key, options) => {
      const blob = await get(key, options);
      assert.ok(blob !== null);
      const body: Blob["body"] = {
        [Symbol.asyncIterator]: () => {
          throw new Error("it is read");
        },
      };
      return { ...blob, size: readAllBytesMax + 1, body, cancel: () => void cancelled++ };
    };
    Object.assign(store, { get: large });
    await assert.rejects(readAll(store, "key"), (error) => codeOf(error) === "limit");
    assert.equal(cancelled, 1);
  });
});
