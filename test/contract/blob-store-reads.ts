/** Reading: whole blobs, ranges, conditions, readers that pause, stop or are aborted; lending. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { bytesAt, bytesOf, collect, failsWith, patternBytes, textAt } from "../support/blob-store-helpers.ts";
import type { BlobInfo } from "../../shared/ports/blob-store.ts";
import type { Contract } from "./blob-store.ts";

/** More than what lies in a socket's or a pipe's buffers. */
const largeBytes = 3_000_001;

export function reads({ store: open, pauseMs }: Contract): void {
  describe("reads", () => {
    it("answers null for what is not there", async () => {
      const store = await open();
      assert.equal(await store.get("absent"), null);
      assert.equal(await store.head("absent"), null);
      assert.equal(await store.get("absent", { ifMatch: "x", range: { start: 0, end: 1 } }), null);
    });

    it("gives size, etag and times alike by get, head and list", async () => {
      const store = await open();
      const { etag, storeTime } = await store.put("k", bytesOf("12345"));
      const head = await store.head("k");
      const blob = await store.get("k");
      assert.ok(head !== null && blob !== null);
      blob.cancel();
      for await (const page of store.list("k")) {
        assert.ok(page.storeTime >= storeTime);
        const infos: BlobInfo[] = [...page.blobs, head, blob];
        assert.equal(infos.length, 3);
        for (const info of infos) {
          assert.deepEqual(
            { key: info.key, size: info.size, etag: info.etag, lastModified: info.lastModified },
            { key: "k", size: 5, etag, lastModified: head.lastModified },
          );
        }
      }
      // One clock stamps and answers. It may tick in steps of seconds.
      assert.ok(head.lastModified <= head.storeTime && head.lastModified > storeTime - 60_000);
      assert.ok(head.storeTime >= storeTime && blob.storeTime >= head.storeTime);
    });

    it("reads ranges, and leaves out what lies past the end", async () => {
      const store = await open();
      await store.put("k", bytesOf("0123456789"));
      const cases: [number, number, string][] = [
        [0, 10, "0123456789"],
        [0, 1, "0"],
        [3, 7, "3456"],
        [9, 10, "9"],
        [5, 99, "56789"],
        [10, 11, ""],
        [10, 10, ""],
        [4, 4, ""],
        [1_000_000, 2_000_000, ""],
      ];
      for (const [start, end, text] of cases) {
        const blob = await store.get("k", { range: { start, end } });
        assert.equal(blob?.size, 10);
        assert.equal((await collect(blob.body)).toString(), text, `${start} to ${end}`);
      }
      await store.put("empty", bytesOf(""));
      assert.equal(await textAt(store, "empty"), "");
      assert.equal(await textAt(store, "empty", { range: { start: 0, end: 5 } }), "");
    });

    it("reads ranges of a large blob", async () => {
      const store = await open();
      const bytes = patternBytes(largeBytes);
      await store.put("k", bytes);
      for (const [start, end] of [
        [0, largeBytes],
        [262_143, 262_146],
        [1_000_000, 2_500_000],
        [largeBytes - 1, largeBytes + 1],
      ] as const) {
        const read = await bytesAt(store, "k", { range: { start, end } });
        assert.ok(read?.equals(bytes.subarray(start, end)), `${start} to ${end}`);
      }
    });

    it("holds a reader to the etag that it asked for", async () => {
      const store = await open();
      const { etag } = await store.put("k", bytesOf("old"));
      assert.equal(await textAt(store, "k", { ifMatch: etag }), "old");
      await store.put("k", bytesOf("new"));
      await failsWith("changed", store.get("k", { ifMatch: etag }));
      await failsWith("changed", store.get("k", { ifMatch: "never", range: { start: 0, end: 1 } }));
    });

    it("gives a reader that pauses the blob that it opened, or says that it changed; never a mixture", async () => {
      const store = await open();
      const old = patternBytes(largeBytes, 1);
      const { etag } = await store.put("k", old);
      const blob = await store.get("k", { ifMatch: etag });
      assert.ok(blob !== null);
      const chunks: Uint8Array[] = [];
      for await (const chunk of blob.body) {
        chunks.push(chunk);
        if (chunks.length > 1) continue;
        await sleep(pauseMs);
        await store.put("k", patternBytes(largeBytes, 2));
        await store.delete(["k"]);
      }
      assert.ok(Buffer.concat(chunks).equals(old));
    }).timeout(pauseMs + 20_000);

    it("lets go of a body that is not read, however it is left", async () => {
      const store = await open();
      await store.put("k", patternBytes(largeBytes));
      for (let round = 0; round < 50; round++) {
        const untouched = await store.get("k");
        untouched?.cancel();
        untouched?.cancel();
        const begun = await store.get("k");
        assert.ok(begun !== null);
        for await (const _ of begun.body) break;
        begun.cancel();
      }
      const ended = await store.get("k");
      assert.ok(ended !== null);
      assert.equal((await collect(ended.body)).length, largeBytes);
      ended.cancel();
      // An end here would be taken for the whole body.
      const cancelled = await store.get("k");
      assert.ok(cancelled !== null);
      cancelled.cancel();
      await assert.rejects(collect(cancelled.body));
    });

    it("aborts with the signal's own reason", async () => {
      const store = await open();
      await store.put("k", patternBytes(largeBytes));
      const reason = new Error("enough");
      await assert.rejects(store.get("k", { signal: AbortSignal.abort(reason) }), reason);
      const controller = new AbortController();
      const blob = await store.get("k", { signal: controller.signal });
      assert.ok(blob !== null);
      await assert.rejects(async () => {
        for await (const _ of blob.body) controller.abort(reason);
      }, reason);
    });

    it("lends a blob to somebody who has no store", async () => {
      const store = await open();
      await store.put("a b/%+é", bytesOf("lent"));
      const lent = await store.lend("a b/%+é");
      const text = lent.kind === "path" ? await readFile(lent.path, "utf8") : await (await fetch(lent.url)).text();
      assert.equal(text, "lent");
    });
  });
}
