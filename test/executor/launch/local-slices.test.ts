/** Segments that a store does not have as files: a few are fetched at once, in whatever order, and nothing is left behind. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fetchesMax, localSlices } from "../../../executor/launch/local-slices.ts";
import type { SegmentSlice } from "../../../executor/types.ts";
import { systemClock } from "../../../shared/clock.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import type { Blob, BlobStore } from "../../../shared/ports/blob-store.ts";
import { intercepted } from "../../master/setting.ts";
import { tempDir } from "../../support/temp.ts";

const segments = 3 * fetchesMax;

interface Fetching {
  readonly slices: SegmentSlice[];
  readonly folder: string;
  lends: number;
  now: number;
  most: number;
}

/** Each segment twice. A fetch goes on when `goesOn` says so, which is told how many there are at this moment. */
async function fetching(goesOn: (index: number, now: number) => Promise<void>): Promise<Fetching> {
  const memory = new MemoryBlobStore({ clock: systemClock, name: "memory" });
  for (let i = 0; i < segments; i++) await memory.put(`s${i}`, Buffer.from(`segment ${i}`));
  const counted = intercepted(memory, (method) => {
    if (method === "lend") made.lends++;
  });
  const store: BlobStore = Object.assign(Object.create(counted) as BlobStore, {
    get: async (...args: Parameters<BlobStore["get"]>): Promise<Blob | null> => {
      made.most = Math.max(made.most, ++made.now);
      try {
        await goesOn(Number(args[0].slice(1)), made.now);
        return await counted.get(...args);
      } finally {
        made.now--;
      }
    },
  });
  const slices = Array.from({ length: 2 * segments }, (_, i) => ({
    store,
    key: `s${i % segments}`,
    size: 10,
    partition: `p${i}`,
  }));
  const made: Fetching = { slices, folder: tempDir("slices"), lends: 0, now: 0, most: 0 };
  return made;
}

describe("segments as files", () => {
  it("are fetched a few at once, each once, in the order of the slices, and one URL is signed", async () => {
    let full: () => void = () => {};
    const isFull = new Promise<void>((resolve) => (full = resolve));
    // Who is first waits until as many as may be are under way, and ends last.
    const made = await fetching(async (index, now) => {
      if (now === fetchesMax) full();
      await isFull;
      if (index === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const local = await localSlices(made.slices, made.folder);
    assert.deepEqual(
      local.map(({ partition, path }) => `${partition} ${readFileSync(path, "utf8")}`),
      made.slices.map(({ partition }, i) => `${partition} segment ${i % segments}`),
    );
    assert.equal(new Set(local.map(({ path }) => path)).size, segments);
    assert.deepEqual([made.most, made.lends], [fetchesMax, 1]);
  });

  it("are given up together: the first failure is thrown when nothing is under way any more", async () => {
    let others = 0;
    const made = await fetching(async (index) => {
      if (index === 3) throw new Error("the fourth is damaged");
      others++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    await assert.rejects(localSlices(made.slices, made.folder), /the fourth is damaged/);
    assert.equal(made.now, 0);
    assert.ok(others < fetchesMax, `${others} were begun`);
  });

  it("of a folder are named where they lie, as many as the bound allows; the others are links", async () => {
    const store = await FolderBlobStore.open(tempDir("store"), { create: true });
    const slices: SegmentSlice[] = [];
    for (let i = 0; i < segments; i++) {
      await store.put(`s${i}`, Buffer.from(`segment ${i}`));
      slices.push({ store, key: `s${i}`, size: 10, partition: "p" });
    }
    const folder = tempDir("slices");
    const local = await localSlices(slices, folder, 10 * (store.path.length + "/s00".length + 25));
    const named = local.filter(({ path }) => dirname(path) === store.path);
    assert.ok(named.length >= 10 && named.length < segments, `${named.length} are named`);
    assert.equal(readdirSync(folder).length, segments - named.length);
    assert.deepEqual(
      local.map(({ path }) => readFileSync(path, "utf8")),
      slices.map((_, i) => `segment ${i}`),
    );
    await store.close();
  });
});
