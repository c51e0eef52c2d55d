/** Keys: which ones are taken, that each is a blob of its own, and that the rest is refused, alike on all stores. */
import assert from "node:assert/strict";
import { bytesOf, failsWith, keysAt, textAt } from "../support/blob-store-helpers.ts";
import type { Contract } from "./blob-store.ts";

/** So many bytes, in segments of at most 200. */
function longKey(bytes: number): string {
  const segments = ["a", "b", "c", "d", "e", "f"].map((letter) => letter.repeat(200));
  return segments.join("/").slice(0, bytes).replace(/\/$/, "f");
}

const short = [
  "a",
  "a/b",
  "a/b/c",
  "a-b",
  "a.b",
  "a0",
  "a,d",
  "a,b",
  "a,d/b,b",
  "%",
  "100%25",
  "%2F",
  "a%2Fb",
  "x+y z",
  " ",
  "  padded  ",
  "...",
  "..x/.y",
  "é",
  "e\u0301",
  "日本語/ログ",
  "\uFFFD",
  "\uFFFE",
  "\uE000/x",
  "😀",
  "😀/😀",
  "back\\slash",
  "\"quotes\" 'and' `more`",
  "*?[a-z]$HOME;&|<>#~",
  ".spotfold-store",
  ".spotfold-store/tmp",
  ".spotfold-store/lock.sqlite",
  "upper",
];

const refused = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "a/..",
  "../a",
  "a/./b",
  "a\u0000",
  "a\nb",
  "\uD800",
  "x".repeat(201),
];

export function keysAndNames({ store: open, keyBytesMax }: Contract): void {
  describe("keys", () => {
    it("holds each key apart from all others, lists them in byte order, deletes one without the others", async () => {
      const store = await open();
      const taken = [...short, longKey(keyBytesMax())];
      assert.equal(Buffer.byteLength(taken.at(-1) ?? ""), keyBytesMax());
      for (const key of taken) await store.put(key, bytesOf(`value of ${key}`));
      for (const key of taken) assert.equal(await textAt(store, key), `value of ${key}`);
      const inOrder = taken.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(await keysAt(store, ""), inOrder);
      for (const key of taken.filter((_, index) => index % 2 === 0)) await store.delete([key]);
      assert.deepEqual(
        await keysAt(store, ""),
        inOrder.filter((key) => taken.indexOf(key) % 2 === 1),
      );
      await store.delete(taken);
      assert.deepEqual(await keysAt(store, ""), []);
      for (const key of taken) assert.equal(await store.head(key), null);
    });

    it("takes a beside a/b and a/b/c, in any order, by any kind of write", async () => {
      for (const order of [
        ["a", "a/b", "a/b/c"],
        ["a/b/c", "a/b", "a"],
        ["a/b", "a/b/c", "a"],
      ]) {
        const store = await open();
        for (const key of order) assert.equal((await store.create(key, bytesOf(`1 ${key}`))).created, true);
        for (const key of order) assert.equal((await store.create(key, bytesOf("2"))).created, false);
        for (const key of order) {
          const etag = (await store.head(key))?.etag ?? "none";
          assert.equal((await store.swap(key, bytesOf(`3 ${key}`), etag)).swapped, true);
        }
        for (const key of order) assert.equal(await textAt(store, key), `3 ${key}`);
        for (const key of order) await store.put(key, bytesOf(`4 ${key}`));
        assert.deepEqual(await keysAt(store, ""), ["a", "a/b", "a/b/c"]);
        assert.deepEqual(await keysAt(store, "a/b"), ["a/b", "a/b/c"]);
        // What went beside stays where it is when its place becomes free.
        const [first, second, third] = order as [string, string, string];
        await store.delete([first]);
        assert.equal(await textAt(store, second), `4 ${second}`);
        await store.put(second, bytesOf("5"));
        assert.equal((await store.create(third, bytesOf("6"))).created, false);
        assert.equal((await store.create(first, bytesOf("7"))).created, true);
        assert.equal(await textAt(store, first), "7");
        assert.equal(await textAt(store, second), "5");
        assert.equal(await textAt(store, third), `4 ${third}`);
        assert.deepEqual(await keysAt(store, ""), ["a", "a/b", "a/b/c"]);
      }
    });

    it("refuses to write what is no key, and writes nothing", async () => {
      const store = await open();
      for (const key of refused) {
        await failsWith("invalid-key", store.put(key, bytesOf("x")));
        await failsWith("invalid-key", store.create(key, bytesOf("x")));
        await failsWith("invalid-key", store.swap(key, bytesOf("x"), null));
      }
      assert.deepEqual(await keysAt(store, ""), []);
    });

    it("finds nothing under what is no key: it is never taken for another one", async () => {
      const store = await open();
      await store.put("a/b", bytesOf("x"));
      await store.put("x", bytesOf("x"));
      for (const key of [...refused, "a//b", "a/./b", "a/../a/b", "a/b/", "./x", "a/../x", "/x"]) {
        assert.equal(await store.get(key), null, JSON.stringify(key));
        assert.equal(await store.head(key), null, JSON.stringify(key));
        await store.delete([key]);
      }
      for (const prefix of ["/", "a//", "./", "../", "a/../", "a/./b"])
        assert.deepEqual(await keysAt(store, prefix), []);
      assert.deepEqual(await keysAt(store, ""), ["a/b", "x"]);
    });
  });
}
