import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { startFolderRival } from "../../shared/local/folder-store/rival.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import type { BlobStore, CreateResult, SwapResult } from "../../shared/ports/blob-store.ts";
import { contend, probeStore } from "../../shared/store-probe.ts";
import type { Rival } from "../../shared/store-probe.ts";
import { atEnd } from "../support/cleanup.ts";
import { failsWith, keysAt } from "../support/blob-store-helpers.ts";
import { tempDir } from "../support/temp.ts";

function rivalOn(store: BlobStore): () => Promise<Rival> {
  return async () => ({ call: (call) => contend(store, call), close: async () => {} });
}

function probe(store: BlobStore, startRival = rivalOn(store)): Promise<void> {
  return probeStore(store, { random: systemRandom, startRival });
}

/** As gateways that accept conditions and do not look at them. */
class Careless extends MemoryBlobStore {
  override async create(key: string, bytes: Uint8Array): Promise<CreateResult> {
    return { created: true, ...(await this.put(key, bytes)) };
  }
}

class Swapping extends MemoryBlobStore {
  override async swap(key: string, bytes: Uint8Array): Promise<SwapResult> {
    return { swapped: true, ...(await this.put(key, bytes)) };
  }
}

/** Compares, then writes, with room for another in between. */
class Slow extends MemoryBlobStore {
  override async swap(key: string, bytes: Uint8Array, expected: string | null): Promise<SwapResult> {
    if (((await this.head(key))?.etag ?? null) !== expected) return { swapped: false, storeTime: 0 };
    return { swapped: true, ...(await this.put(key, bytes)) };
  }
}

describe("probeStore", () => {
  it("accepts a folder, raced by a second process, and leaves nothing behind", async () => {
    const path = tempDir("probe");
    const store = await FolderBlobStore.open(path);
    atEnd(() => store.close());
    await probe(store, () => startFolderRival(path));
    assert.deepEqual(await keysAt(store, ""), []);
  });

  for (const [Kind, fault] of [
    [Careless, /created a blob that existed/],
    [Swapping, /although the condition did not hold/],
    [Slow, /let two processes win one swap/],
  ] as const) {
    it(`refuses a store that ${fault.source}, naming it`, async () => {
      const store = new Kind({ clock: systemClock, name: `memory:${Kind.name}` });
      const error = await failsWith("store-unfit", probe(store));
      assert.match(error.message, fault);
      assert.match(error.message, new RegExp(`memory:${Kind.name}`));
      assert.deepEqual(await keysAt(store, ""), []);
    });
  }

  it("refuses two processes that see different folders", async () => {
    const store = await FolderBlobStore.open(tempDir("probe"));
    atEnd(() => store.close());
    const other = tempDir("other");
    const error = await failsWith(
      "store-unfit",
      probe(store, () => startFolderRival(other)),
    );
    assert.match(error.message, /let two processes win one create/);
  });

  it("says so when the second process cannot work", async () => {
    const store = await FolderBlobStore.open(tempDir("probe"));
    atEnd(() => store.close());
    const entry = join(store.path, "ends-at-once.js");
    writeFileSync(entry, "process.exit(3);");
    const error = await failsWith(
      "store-unavailable",
      probe(store, () => startFolderRival(store.path, entry)),
    );
    assert.match(error.message, /second process/);
  });
});
