/** What is synced, and when: success is said only after the bytes and every name that leads to them are on the disk. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { changes, makeBefore } from "../../support/blob-store-changes.ts";
import { steppedDisk } from "../../support/blob-store-steps.ts";
import { atEnd } from "../../support/cleanup.ts";
import { bytesOf } from "../../support/blob-store-helpers.ts";
import { tempDir } from "../../support/temp.ts";

interface Step {
  readonly step: string;
  readonly path: string;
}

async function recording(path: string): Promise<{ store: FolderBlobStore; steps: Step[] }> {
  const steps: Step[] = [];
  const disk = steppedDisk((step, at) => steps.push({ step, path: at }));
  const store = await FolderBlobStore.open(path, { create: true, disk });
  atEnd(() => store.close());
  return { store, steps };
}

/** Folders whose entries changed and that were not synced afterwards. The hidden area needs no syncs but beside. */
function unsyncedFolders(steps: readonly Step[]): string[] {
  const dirty = new Set<string>();
  for (const { step, path } of steps) {
    const matters = !/\/\.spotfold-store(\/(tmp|etags)(\/|$)|$)/.test(path);
    // It was not empty: nothing happened.
    if (step === "rmdir" && existsSync(path)) continue;
    if (step === "syncAt") dirty.delete(path);
    // A folder that is gone needs no sync, its parent does.
    if (step === "rmdir") dirty.delete(path);
    if (matters && ["link", "rename", "unlink", "mkdir", "rmdir"].includes(step)) dirty.add(dirname(path));
  }
  return [...dirty];
}

describe("folder store: durability", () => {
  it("syncs a file before it gets its name, and the folders before it says so, for each kind of change", async () => {
    const path = tempDir("durable");
    await makeBefore(path);
    const { store, steps } = await recording(path);
    for (const { key, make, after } of changes) {
      steps.length = 0;
      await make(store);
      if (after !== null && key !== "old/unsynced") {
        const naming = steps.findIndex(
          ({ step, path }) => /link|rename/.test(step) && !path.includes("/.spotfold-store/tmp/"),
        );
        const file = steps.findLastIndex(({ step }) => step === "write");
        const sync = steps.findIndex(
          // A finished file is synced by the name that it is given first.
          ({ step, path }, index) => index > file && (step === "sync" || /^syncAt .*\/tmp\//.test(`${step} ${path}`)),
        );
        assert.ok(file < sync && sync < naming, `${key}: ${JSON.stringify(steps)}`);
      }
      assert.deepEqual(unsyncedFolders(steps), [], `${key}: ${JSON.stringify(steps)}`);
    }
  });

  it("syncs files that were put without it when they are flushed", async () => {
    const { store, steps } = await recording(tempDir("durable"));
    for (const key of ["a/1", "a/2", "b/3"]) await store.putUnsynced(key, bytesOf(key));
    assert.equal(steps.filter(({ step }) => step === "sync" || step === "syncAt").length, 0);
    await store.delete(["a/2"]);
    await store.flush();
    const synced = steps.filter(({ step }) => step === "syncAt").map(({ path }) => path.slice(store.path.length));
    for (const file of ["/a/1", "/b/3", "/a", "/b", ""]) assert.ok(synced.includes(file), file);
    assert.deepEqual(unsyncedFolders(steps), []);
    steps.length = 0;
    await store.flush();
    assert.deepEqual(steps, []);
  });

  it("answers no flush before what another one has in hand is synced", async () => {
    const disk = steppedDisk(() => undefined);
    let synced = 0;
    const slow = {
      ...disk,
      syncAt: async (path: string) => {
        await sleep(20);
        const inode = await disk.syncAt(path);
        synced++;
        return inode;
      },
    };
    const store = await FolderBlobStore.open(tempDir("durable"), { create: true, disk: slow });
    atEnd(() => store.close());
    await store.putUnsynced("a/1", bytesOf("1"));
    const first = store.flush();
    await store.flush();
    // The file and its folder.
    assert.ok(synced >= 2, `${synced} synced`);
    await first;
  });

  it("syncs a root that it made, with the folder above", async () => {
    const above = tempDir("durable");
    const { steps } = await recording(`${above}/x/y`);
    assert.deepEqual(
      steps.map(({ step, path }) => `${step} ${path.slice(above.length)}`),
      ["mkdir /x", "syncAt ", "mkdir /x/y", "syncAt /x"],
    );
  });

  it("syncs for the one that comes second, before it says that a blob exists", async () => {
    const { store, steps } = await recording(tempDir("durable"));
    await store.create("f/k", bytesOf("1"));
    steps.length = 0;
    assert.equal((await store.create("f/k", bytesOf("2"))).created, false);
    assert.deepEqual(
      steps.map(({ step, path }) => `${step} ${path.slice(store.path.length)}`),
      ["syncAt /f"],
    );
  });

  it("shares syncs among writes that wait for the same folder", async () => {
    const { store, steps } = await recording(tempDir("durable"));
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.put(`f/${index}`, bytesOf("x"))));
    const syncs = steps.filter(({ step, path }) => step === "syncAt" && path.endsWith("/f")).length;
    assert.ok(syncs < 60, `${syncs} syncs`);
    assert.deepEqual(unsyncedFolders(steps), []);
  });
});
