/** The folder store beyond its contract: plain files, foreign folders, links, odd names, faults of the disk. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import type { FolderBlobStoreOptions } from "../../../shared/local/folder-store/store.ts";
import { bytesOf, collect, failsWith, keysAt, listed, patternBytes, textAt } from "../../support/blob-store-helpers.ts";
import { atEnd } from "../../support/cleanup.ts";
import { needs } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";

async function openStore(path: string, options?: FolderBlobStoreOptions): Promise<FolderBlobStore> {
  const store = await FolderBlobStore.open(path, options);
  atEnd(() => store.close());
  return store;
}

/** The names of all files below a folder, without the hidden area. */
function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith(".spotfold-store") && statSync(join(path, name)).isFile())
    .toSorted();
}

describe("folder store", () => {
  it("keeps blobs as plain files at their keys", async () => {
    const store = await openStore(tempDir("plain"));
    await store.put("web/versions.json", bytesOf("{}"));
    await store.create("web/1 %2B+é/x.json", bytesOf("[]"));
    assert.deepEqual(filesBelow(store.path), ["web/1 %2B+é/x.json", "web/versions.json"]);
    assert.equal(readFileSync(join(store.path, "web/versions.json"), "utf8"), "{}");
    assert.deepEqual(await store.lend("web/versions.json"), {
      kind: "path",
      path: join(store.path, "web/versions.json"),
    });
  });

  it("removes folders that became empty, and nothing else", async () => {
    const store = await openStore(tempDir("prune"));
    await store.put("a/b/c/d", bytesOf("x"));
    await store.put("a/e", bytesOf("x"));
    await store.delete(["a/b/c/d"]);
    assert.equal(existsSync(join(store.path, "a/b")), false);
    await store.delete(["a/e"]);
    assert.equal(existsSync(join(store.path, "a")), false);
    assert.ok(existsSync(store.path));
  });

  it("writes nothing into a folder that is only read", async () => {
    const path = tempDir("read");
    writeFileSync(join(path, "k"), "x");
    const store = await openStore(path);
    assert.equal(await textAt(store, "k"), "x");
    await keysAt(store, "");
    assert.deepEqual(readdirSync(path), ["k"]);
  });

  it("sweeps temporary files that were abandoned, not those of others at work", async () => {
    const path = tempDir("sweep");
    await (await openStore(path)).put("k", bytesOf("x"));
    const temporary = join(path, ".spotfold-store/tmp");
    writeFileSync(join(temporary, "old"), "x");
    writeFileSync(join(temporary, "young"), "x");
    utimesSync(join(temporary, "old"), 1, Date.now() / 1000 - 3_700);
    await (await openStore(path)).put("k", bytesOf("y"));
    assert.deepEqual(readdirSync(temporary), ["young"]);
  });

  it("says that there is no such store, at opening and when it vanishes or another is mounted over it", async () => {
    const path = tempDir("gone");
    await failsWith("no-such-store", FolderBlobStore.open(join(path, "absent")));
    await failsWith("no-such-store", FolderBlobStore.open(join(path, "absent"), { foreign: true, create: true }));
    writeFileSync(join(path, "file"), "x");
    await failsWith("no-such-store", FolderBlobStore.open(join(path, "file")));
    await failsWith("no-such-store", FolderBlobStore.open(join(path, "file/below"), { create: true }));
    const store = await openStore(join(path, "store"), { create: true });
    await store.put("k", bytesOf("x"));
    renameSync(store.path, join(path, "moved"));
    for (const again of [false, true]) {
      // With an empty folder in its place, a blob must not look deleted.
      if (again) mkdirSync(store.path);
      await failsWith("no-such-store", store.get("k"));
      await failsWith("no-such-store", store.head("k"));
      await failsWith("no-such-store", keysAt(store, ""));
      await failsWith("no-such-store", store.put("k", bytesOf("x")));
    }
    assert.equal(existsSync(join(store.path, "k")), false);
  });

  it("knows the etag of a large file by a note, and never believes a note of another file", async () => {
    const store = await openStore(tempDir("notes"));
    const large = patternBytes(9_000_000);
    const { etag } = await store.put("k", large);
    const notes = join(store.path, ".spotfold-store/etags");
    const [note] = readdirSync(notes);
    assert.ok(note !== undefined);
    assert.equal((await store.head("k"))?.etag, etag);
    // Replaced behind our back by another file of the same size: the note does not fit.
    writeFileSync(join(store.path, "k2"), patternBytes(9_000_000, 2));
    renameSync(join(store.path, "k2"), join(store.path, "k"));
    const other = await store.head("k");
    assert.notEqual(other?.etag, etag);
    for (const text of ["", "{", "null", '{"identity":1}']) {
      writeFileSync(join(notes, note), text);
      assert.equal((await store.head("k"))?.etag, other?.etag);
    }
    await store.put("k", bytesOf("small"));
    assert.deepEqual(readdirSync(notes), []);
    assert.equal((await store.put("k", large)).etag, etag);
    await store.delete(["k"]);
    assert.deepEqual(readdirSync(notes), []);
  });

  it("writes through no link that came in the place of a folder since the last write", async () => {
    const path = tempDir("links");
    const outside = tempDir("outside");
    const store = await openStore(path);
    await Promise.all([1, 2, 3].map(async (n) => await store.put(`a/b/${n}`, bytesOf("x"))));
    renameSync(join(path, "a"), join(outside, "a"));
    symlinkSync(join(outside, "a"), join(path, "a"));
    await failsWith("store-unfit", store.put("a/b/4", bytesOf("x")));
    assert.equal(existsSync(join(outside, "a/b/4")), false);
  });

  it("writes through no symbolic link", async () => {
    const path = tempDir("links");
    const outside = tempDir("outside");
    const store = await openStore(path);
    symlinkSync(outside, join(path, "out"));
    symlinkSync(join(outside, "target"), join(path, "dangling"));
    for (const key of ["out/x", "out/new/x", "dangling"]) {
      await failsWith("store-unfit", store.put(key, bytesOf("x")));
      await failsWith("store-unfit", store.create(key, bytesOf("x")));
      await failsWith("store-unfit", store.swap(key, bytesOf("x"), null));
    }
    assert.deepEqual(readdirSync(outside), []);
    writeFileSync(join(outside, "file"), "theirs");
    symlinkSync(join(outside, "file"), join(path, "link"));
    await store.put("link", bytesOf("ours"));
    assert.equal(readFileSync(join(outside, "file"), "utf8"), "theirs");
    assert.equal(await textAt(store, "link"), "ours");
  });
});

describe("folder store, foreign", () => {
  it("refuses to write, and makes nothing", async () => {
    const path = tempDir("foreign");
    const store = await openStore(path, { foreign: true });
    await failsWith("read-only", store.put("k", bytesOf("x")));
    await failsWith("read-only", store.create("k", bytesOf("x")));
    await failsWith("read-only", store.swap("k", bytesOf("x"), null));
    await failsWith("read-only", store.delete(["k"]));
    assert.deepEqual(readdirSync(path), []);
  });

  it("names a version by size and mtime, without reading", async () => {
    const path = tempDir("foreign");
    writeFileSync(join(path, "k"), "12345");
    const { mtimeNs } = statSync(join(path, "k"), { bigint: true });
    const store = await openStore(path, { foreign: true });
    assert.equal((await store.head("k"))?.etag, `5-${mtimeNs}`);
    assert.equal((await listed(store, "")).blobs[0]?.etag, `5-${mtimeNs}`);
    assert.equal(await textAt(store, "k", { ifMatch: `5-${mtimeNs}` }), "12345");
    utimesSync(join(path, "k"), 1, 1);
    await failsWith("changed", store.get("k", { ifMatch: `5-${mtimeNs}` }));
  });

  it("notices a file that is changed in place before its last byte was given out", async () => {
    const path = join(tempDir("foreign"), "data");
    mkdirSync(path);
    const file = join(path, "k");
    const store = await openStore(path, { foreign: true });
    for (const change of [
      () => writeFileSync(file, patternBytes(1_000_000, 2)),
      () => writeFileSync(file, "short"),
      () => writeFileSync(file, "more", { flag: "a" }),
    ]) {
      writeFileSync(file, patternBytes(1_000_000, 1));
      utimesSync(file, 1, 1);
      const etag = (await store.head("k"))?.etag ?? "";
      const blob = await store.get("k", { ifMatch: etag });
      assert.ok(blob !== null);
      let bytes = 0;
      await failsWith(
        "changed",
        (async () => {
          for await (const chunk of blob.body) {
            if (bytes === 0) change();
            bytes += chunk.length;
          }
        })(),
      );
      assert.ok(bytes < 1_000_000);
    }
    // Replaced by another file: what was opened stays whole.
    writeFileSync(file, patternBytes(1_000_000, 1));
    const blob = await store.get("k", { ifMatch: (await store.head("k"))?.etag ?? "" });
    assert.ok(blob !== null);
    writeFileSync(`${file}.new`, "other");
    renameSync(`${file}.new`, file);
    assert.ok((await collect(blob.body)).equals(patternBytes(1_000_000, 1)));
  });

  it("takes names as they are", async () => {
    const path = tempDir("foreign");
    const names = [
      "tab\there",
      "new\nline",
      "%2F",
      "a+b c",
      "e\u0301",
      "é",
      "\uFFFD",
      "x".repeat(255),
      ".hidden",
      "...",
    ];
    for (const name of names) writeFileSync(join(path, name), name);
    const store = await openStore(path, { foreign: true });
    assert.deepEqual((await keysAt(store, "")).toSorted(), names.toSorted());
    for (const name of names) assert.equal(await textAt(store, name), name);
  });

  it("leaves out our hidden area", async () => {
    const path = tempDir("foreign");
    await (await openStore(path)).put("k", bytesOf("x"));
    assert.deepEqual(await keysAt(await openStore(path, { foreign: true }), ""), ["k"]);
  });

  it("follows links to files and folders, once round", async () => {
    const path = tempDir("foreign");
    const outside = tempDir("outside");
    mkdirSync(join(outside, "sub"));
    writeFileSync(join(outside, "sub/x"), "x");
    mkdirSync(join(path, "a"));
    writeFileSync(join(path, "a/k"), "k");
    symlinkSync(outside, join(path, "a/out"));
    symlinkSync(join(outside, "sub/x"), join(path, "file"));
    symlinkSync(path, join(path, "a/round"));
    symlinkSync(path, join(outside, "sub/back"));
    symlinkSync("nowhere", join(path, "dangling"));
    const store = await openStore(path, { foreign: true });
    assert.deepEqual(await keysAt(store, ""), ["a/k", "a/out/sub/x", "file"]);
    assert.equal(await textAt(store, "a/out/sub/x"), "x");
    assert.equal(await textAt(store, "file"), "x");
    assert.equal(await store.get("dangling"), null);
  });

  it("does not show empty folders, nor what is neither file nor folder", async () => {
    const path = tempDir("foreign");
    mkdirSync(join(path, "empty/deeper"), { recursive: true });
    mkdirSync(join(path, "full/deeper"), { recursive: true });
    writeFileSync(join(path, "full/deeper/k"), "x");
    execFileSync("mkfifo", [join(path, "fifo")]);
    const store = await openStore(path, { foreign: true });
    assert.deepEqual((await listed(store, "", { shallow: true })).prefixes, ["full/"]);
    assert.deepEqual(await keysAt(store, ""), ["full/deeper/k"]);
    assert.equal(await store.get("fifo"), null);
    assert.equal(await store.get("full"), null);
  });

  it("lists 100,000 entries of one folder, and pages without reading it all again", async () => {
    const path = tempDir("foreign");
    writeFileSync(join(path, "seed"), "");
    mkdirSync(join(path, "d"));
    // Links are faster to make than files. A file takes 65,000 at most.
    for (const half of ["a", "b"]) {
      writeFileSync(join(path, `seed-${half}`), "");
      for (let index = 0; index < 50_000; index++)
        linkSync(join(path, `seed-${half}`), join(path, `d/${half}${index}`));
    }
    const store = await openStore(path, { foreign: true });
    let count = 0;
    let last = "";
    for await (const page of store.list("d/")) {
      for (const { key } of page.blobs) {
        assert.ok(Buffer.compare(Buffer.from(last), Buffer.from(key)) < 0);
        last = key;
        count++;
      }
    }
    assert.equal(count, 100_000);
    rmSync(join(path, "d"), { recursive: true });
  }).timeout(60_000);

  describe("on Linux", () => {
    needs("linux");

    it("names a file whose name is not UTF-8, and does not drop it", async () => {
      const path = tempDir("foreign");
      mkdirSync(join(path, "sub"));
      writeFileSync(join(path, "fine"), "x");
      writeFileSync(Buffer.concat([Buffer.from(`${path}/sub/bad-`), Buffer.from([0xff, 0x41])]), "x");
      const store = await openStore(path, { foreign: true });
      const error = await failsWith("invalid-key", keysAt(store, ""));
      assert.match(error.message, /bad-\\xffA/);
      assert.deepEqual(await keysAt(store, "f"), ["fine"]);
    });
  });
});
