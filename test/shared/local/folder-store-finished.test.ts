/** Finished files in a folder store: named a second time instead of copied, where that is right, and copied where it is not. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, linkSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { readLocalFile } from "../../../cli/compose/read-file.ts";
import { folderScratch } from "../../../executor/children/folder-scratch.ts";
import { nodeDisk } from "../../../shared/local/folder-store/disk.ts";
import type { FolderDisk } from "../../../shared/local/folder-store/disk.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { bytesAt, collect, patternBytes } from "../../support/blob-store-helpers.ts";
import { atEnd } from "../../support/cleanup.ts";
import { finishedAt, finishedFile } from "../../support/finished-file.ts";
import { tempDir } from "../../support/temp.ts";

const large = Buffer.from(patternBytes(1_000_003));
const sha256 = createHash("sha256").update(large).digest("hex");

async function opened(disk: FolderDisk = nodeDisk): Promise<{ store: FolderBlobStore; path: string }> {
  const folder = tempDir("finished");
  const store = await FolderBlobStore.open(join(folder, "store"), { create: true, disk });
  atEnd(() => store.close());
  return { store, path: join(folder, "made") };
}

/** Whether the blob is the same file on the disk. */
function isOneWith(store: FolderBlobStore, key: string, path: string): boolean {
  return statSync(join(store.path, key)).ino === statSync(path).ino;
}

/** It holds the bytes, in a plain file, and nothing is left over. */
async function holds(store: FolderBlobStore, key: string, bytes: Uint8Array): Promise<void> {
  assert.ok((await bytesAt(store, key))?.equals(bytes));
  assert.ok(statSync(join(store.path, key)).isFile());
  assert.deepEqual(readdirSync(join(store.path, ".spotfold-store/tmp")), []);
}

describe("folder store: finished files", () => {
  it("gives a file a second name, which outlives the first", async () => {
    const { store, path } = await opened();
    const { etag } = await store.put("a/k", finishedFile(path, large));
    assert.equal(etag, sha256);
    assert.ok(isOneWith(store, "a/k", path));
    rmSync(path);
    await holds(store, "a/k", large);
    assert.equal((await store.head("a/k"))?.etag, sha256);
    assert.equal(statSync(join(store.path, "a/k")).nlink, 1);
  });

  it("is given what executors made by masters and workers", async () => {
    const { store, path } = await opened();
    finishedFile(path, large);
    await store.put("k", readLocalFile(path));
    assert.ok(isOneWith(store, "k", path));
    for (const bytes of [large, large.subarray(0, 10)]) {
      rmSync(path);
      finishedFile(path, bytes);
      assert.ok((await collect(readLocalFile(path))).equals(bytes));
    }
  });

  it("replaces and is replaced like any blob", async () => {
    const { store, path } = await opened();
    const { etag: before } = await store.put("k", patternBytes(9_000_000));
    const { etag } = await store.put("k", finishedFile(path, large));
    assert.equal((await store.swap("k", Buffer.from("x"), before)).swapped, false);
    rmSync(path);
    assert.equal((await store.swap("k", Buffer.from("x"), etag)).swapped, true);
    await holds(store, "k", Buffer.from("x"));
  });

  it("copies a file that has been taken already, for the same key and for another", async () => {
    const { store, path } = await opened();
    await store.put("k", finishedFile(path, large));
    for (const key of ["other", "k"]) {
      const { etag } = await store.put(key, finishedAt(path));
      assert.equal(etag, sha256);
      await holds(store, key, large);
    }
    assert.ok(!isOneWith(store, "other", path));
    assert.ok(existsSync(path));
  });

  it("gives it the rights and the time of a new file", async () => {
    const { store, path } = await opened();
    const scratch = tempDir("scratch");
    const file = folderScratch(scratch).create("run");
    file.write(large);
    file.close();
    await store.put("new", Buffer.from("x"));
    const { mode } = statSync(join(store.path, "new"));
    finishedFile(path, large);
    utimesSync(path, 1, 1);
    chmodSync(path, 0o755);
    for (const made of [join(scratch, "run"), path]) {
      await store.put("k", finishedAt(made));
      assert.ok(isOneWith(store, "k", made));
      const stats = statSync(join(store.path, "k"));
      assert.equal(stats.mode, mode);
      assert.ok(Math.abs(Date.now() - stats.mtimeMs) < 60_000, "its time is that of its being written");
    }
  });

  it("copies a file whose sync failed: what the disk has of it is not known any more", async () => {
    let failures = 0;
    const { store, path } = await opened({
      ...nodeDisk,
      async syncAt(at) {
        if (at.includes("/tmp/") && failures-- > 0)
          throw Object.assign(new Error("EIO: i/o error"), { code: "EIO", syscall: "fsync" });
        return await nodeDisk.syncAt(at);
      },
    });
    failures = 1;
    await assert.rejects(store.put("k", finishedFile(path, large)), { code: "store-unavailable" });
    assert.equal(await store.head("k"), null);
    await store.put("k", finishedAt(path));
    assert.ok(!isOneWith(store, "k", path));
    await holds(store, "k", large);
  });

  const awkward: Readonly<Record<string, (path: string) => void>> = {
    "a symbolic link": (path) => {
      const target = `${path}-target`;
      finishedFile(target, large);
      rmSync(path);
      symlinkSync(target, path);
    },
    "a file that has another name": (path) => linkSync(path, `${path}-other`),
  };
  for (const [what, make] of Object.entries(awkward)) {
    it(`copies ${what}`, async () => {
      const { store, path } = await opened();
      finishedFile(path, large);
      make(path);
      assert.equal((await store.put("k", finishedAt(path))).etag, sha256);
      assert.ok(!isOneWith(store, "k", path));
      await holds(store, "k", large);
      assert.equal(statSync(join(store.path, "k")).nlink, 1);
    });
  }

  it("copies small files", async () => {
    const { store, path } = await opened();
    await store.put("k", finishedFile(path, large.subarray(0, 1_000)));
    assert.ok(!isOneWith(store, "k", path));
    await holds(store, "k", large.subarray(0, 1_000));
  });

  it("copies what lies on another file system", async () => {
    const path = join(tempDir("finished"), "made");
    const { store } = await opened({
      ...nodeDisk,
      link(from, to) {
        if (from === path) throw Object.assign(new Error("EXDEV: cross-device link"), { code: "EXDEV" });
        nodeDisk.link(from, to);
      },
    });
    assert.equal((await store.put("k", finishedFile(path, large))).etag, sha256);
    assert.ok(!isOneWith(store, "k", path));
    await holds(store, "k", large);
  });

  it("fails when there is no such file, and leaves the old blob", async () => {
    const { store, path } = await opened();
    await store.put("k", Buffer.from("old"));
    await assert.rejects(store.put("k", finishedAt(path)), { code: "no-such-store" });
    await holds(store, "k", Buffer.from("old"));
  });
});
