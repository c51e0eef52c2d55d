/** Writing: put, create, swap, delete; many at once; bodies that fail. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { bytesAt, bytesOf, failsWith, inChunks, keysAt, patternBytes, textAt } from "../support/blob-store-helpers.ts";
import { finishedAt, finishedFile } from "../support/finished-file.ts";
import { tempDir } from "../support/temp.ts";
import type { Contract } from "./blob-store.ts";

const racers = 20;

export function writes({ store: open }: Contract): void {
  describe("writes", () => {
    it("puts, overwrites, and shows it at once", async () => {
      const store = await open();
      for (const text of ["first", "second, longer", "", "x"]) {
        const { etag } = await store.put("k", bytesOf(text));
        assert.equal(await textAt(store, "k"), text);
        assert.equal((await store.head("k"))?.etag, etag);
      }
    });

    it("takes a body in chunks of any size, from a buffer that is used again", async () => {
      const store = await open();
      const bytes = patternBytes(1_000_003);
      for (const chunkBytes of [70_001, 1_000_003]) {
        await store.put("k", inChunks(bytes, chunkBytes));
        assert.ok((await bytesAt(store, "k"))?.equals(bytes));
      }
      await store.put("none", inChunks(new Uint8Array(0), 10));
      assert.equal(await textAt(store, "none"), "");
    });

    it("takes a finished file as a body, whose own name may go then", async () => {
      const store = await open();
      const path = join(tempDir("finished"), "made");
      for (const bytes of [1_000_003, 300_000, 10, 0].map((length) => Buffer.from(patternBytes(length)))) {
        const { etag } = await store.put("k", finishedFile(path, bytes));
        // A second upload of the same file is another blob.
        await store.put("other", finishedAt(path));
        rmSync(path);
        await store.delete(["other"]);
        assert.ok((await bytesAt(store, "k"))?.equals(bytes));
        assert.equal((await store.head("k"))?.etag, etag);
      }
      assert.deepEqual(await keysAt(store, ""), ["k"]);
    });

    it("does not keep the caller's buffer", async () => {
      const store = await open();
      const bytes = bytesOf("mine");
      await store.put("put", bytes);
      await store.create("create", bytes);
      await store.swap("swap", bytes, null);
      bytes.fill(0);
      for (const key of ["put", "create", "swap"]) {
        const read = await bytesAt(store, key);
        assert.equal(read?.toString(), "mine");
        read.fill(0);
        assert.equal(await textAt(store, key), "mine");
      }
    });

    it("leaves the old blob, or none, when a body fails, and passes its error on", async () => {
      const store = await open();
      const fault = new Error("the source broke");
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield patternBytes(100_000);
        throw fault;
      }
      await store.put("old", bytesOf("old"));
      await assert.rejects(store.put("old", broken()), fault);
      await assert.rejects(store.put("new", broken()), fault);
      assert.equal(await textAt(store, "old"), "old");
      assert.deepEqual(await keysAt(store, ""), ["old"]);
    });

    it("creates once, and answers with what is there", async () => {
      const store = await open();
      const first = await store.create("k", bytesOf("first"));
      assert.equal(first.created, true);
      const second = await store.create("k", bytesOf("second"));
      assert.ok(!second.created);
      assert.equal(Buffer.from(second.existing).toString(), "first");
      assert.equal(second.etag, first.etag);
      await store.put("k", bytesOf("put"));
      const third = await store.create("k", bytesOf("third"));
      assert.ok(!third.created);
      assert.equal(Buffer.from(third.existing).toString(), "put");
      await store.delete(["k"]);
      assert.equal((await store.create("k", bytesOf("again"))).created, true);
      assert.equal(await textAt(store, "k"), "again");
    });

    it("swaps only what is expected", async () => {
      const store = await open();
      assert.equal((await store.swap("k", bytesOf("x"), "no such etag")).swapped, false);
      assert.equal(await store.head("k"), null);
      const first = await store.swap("k", bytesOf("1"), null);
      assert.ok(first.swapped);
      assert.equal((await store.swap("k", bytesOf("x"), null)).swapped, false);
      const second = await store.swap("k", bytesOf("2"), first.etag);
      assert.ok(second.swapped);
      assert.notEqual(second.etag, first.etag);
      assert.equal((await store.swap("k", bytesOf("x"), first.etag)).swapped, false);
      assert.equal(await textAt(store, "k"), "2");
      const { etag } = await store.put("k", bytesOf("put"));
      assert.equal((await store.swap("k", bytesOf("x"), second.etag)).swapped, false);
      assert.equal((await store.swap("k", bytesOf("3"), etag)).swapped, true);
      await store.delete(["k"]);
      assert.equal((await store.swap("k", bytesOf("x"), etag)).swapped, false);
      assert.equal(await store.head("k"), null);
    });

    it("tells same size, same moment, other bytes apart", async () => {
      const store = await open();
      let { etag } = await store.put("k", bytesOf("000"));
      for (let round = 1; round < 50; round++) {
        const stale = etag;
        const swapped = await store.swap("k", bytesOf(String(round).padStart(3, "0")), etag);
        assert.ok(swapped.swapped);
        ({ etag } = swapped);
        assert.equal((await store.swap("k", bytesOf("bad"), stale)).swapped, false);
        assert.equal((await store.head("k"))?.etag, etag);
      }
    });

    it("lets one of many racers win a create, and a swap", async () => {
      const store = await open();
      for (let round = 0; round < 5; round++) {
        const key = `race-${round}`;
        const created = await Promise.all(
          Array.from({ length: racers }, (_, racer) => store.create(key, bytesOf(`${racer}`))),
        );
        assert.equal(created.filter((result) => result.created).length, 1);
        const winner = created.findIndex((result) => result.created);
        for (const result of created) {
          if (!result.created) assert.equal(Buffer.from(result.existing).toString(), `${winner}`);
        }
        const etag = created[0]?.etag ?? "";
        const swapped = await Promise.all(
          Array.from({ length: racers }, (_, racer) => store.swap(key, bytesOf(`swap ${racer}`), etag)),
        );
        assert.equal(swapped.filter((result) => result.swapped).length, 1);
        assert.equal(await textAt(store, key), `swap ${swapped.findIndex((result) => result.swapped)}`);
      }
    });

    it("counts right when many swap one blob, each after what it read", async () => {
      const store = await open();
      await store.put("counter", bytesOf("0"));
      async function increment(): Promise<void> {
        for (;;) {
          const blob = await store.get("counter");
          assert.ok(blob !== null);
          let text = "";
          for await (const chunk of blob.body) text += Buffer.from(chunk).toString();
          if ((await store.swap("counter", bytesOf(`${Number(text) + 1}`), blob.etag)).swapped) return;
        }
      }
      await Promise.all(Array.from({ length: 10 }, increment));
      assert.equal(await textAt(store, "counter"), "10");
    });

    it("takes a hundred puts at once", async () => {
      const store = await open();
      const keys = Array.from({ length: 100 }, (_, index) => `folder-${index % 7}/${String(index).padStart(3, "0")}`);
      await Promise.all(keys.map((key) => store.put(key, bytesOf(key))));
      assert.deepEqual(await keysAt(store, ""), keys.toSorted());
      for (const key of keys) assert.equal(await textAt(store, key), key);
    });

    it("never shows a mixture to readers while a blob is put again and again", async () => {
      const store = await open();
      const versions = [1, 2, 3].map((seed) => Buffer.from(patternBytes(400_000 * seed, seed)));
      await store.put("k", versions[0] as Buffer);
      const writer = (async () => {
        for (let round = 0; round < 30; round++) await store.put("k", versions[round % 3] as Buffer);
        return "ended" as const;
      })();
      for (let reads = 0; (await Promise.race([writer, Promise.resolve()])) === undefined; reads++) {
        const read = await bytesAt(store, "k");
        assert.ok(read !== null && versions.some((version) => version.equals(read)), `read ${reads}`);
        await nextTurn();
      }
    });

    it("deletes what is there, and minds nothing else", async () => {
      const store = await open();
      const keys = Array.from({ length: 1_500 }, (_, index) => `d/${index}`);
      await Promise.all(keys.map((key) => store.put(key, bytesOf("x"))));
      await store.put("e", bytesOf("stays"));
      await store.delete([]);
      await store.delete(["absent", "d/absent", "d", ...keys, ...keys.slice(0, 3), "e/absent"]);
      assert.deepEqual(await keysAt(store, ""), ["e"]);
      await store.delete(keys);
    }).timeout(60_000);

    it("cannot lend what is not there, or lends what leads nowhere", async () => {
      const store = await open();
      const lent = await store.lend("absent").catch((error: unknown) => error);
      if (lent instanceof Error) await failsWith("absent", Promise.reject(lent));
    });
  });
}
