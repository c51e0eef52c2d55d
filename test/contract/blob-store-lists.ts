/** Lists: byte order, pages, prefixes, `after`, `shallow`; against a plain model, and while others write. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { bytesOf, keysAt, listed } from "../support/blob-store-helpers.ts";
import type { Contract } from "./blob-store.ts";

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Neighbours by number lie in different folders. */
function name(index: number): string {
  return `k/${index % 10}/${String(index).padStart(5, "0")}`;
}

/** What a list must answer, the plain way. */
function model(keys: readonly string[], prefix: string, after: string | undefined, shallow: boolean) {
  const blobs: string[] = [];
  const prefixes = new Set<string>();
  for (const key of keys.toSorted(byBytes)) {
    if (!key.startsWith(prefix) || (after !== undefined && byBytes(key, after) <= 0)) continue;
    const slash = key.indexOf("/", prefix.length);
    if (shallow && slash >= 0) prefixes.add(key.slice(0, slash + 1));
    else blobs.push(key);
  }
  return { blobs, prefixes: [...prefixes] };
}

export function lists({ store: open }: Contract): void {
  describe("lists", () => {
    it("gives an empty store's one page", async () => {
      const store = await open();
      assert.deepEqual(await listed(store, ""), { blobs: [], prefixes: [], pages: 1 });
      assert.deepEqual(await keysAt(store, "no/such/prefix"), []);
    });

    it("orders a-b/x before a/x before a0, and characters beyond U+FFFF last", async () => {
      const store = await open();
      const keys = ["a", "a-b/x", "a/x", "a0", "a\uFFFD/x", "a\uFFFD0", "a😀", "b"];
      for (const key of keys.toReversed()) await store.put(key, bytesOf(key));
      assert.deepEqual(await keysAt(store, ""), keys);
      for (const [index, after] of keys.entries()) {
        assert.deepEqual(await keysAt(store, "", { after }), keys.slice(index + 1));
      }
    });

    it("agrees with a plain model for any keys, prefix, after and depth", async () => {
      const segment = fc.string({
        unit: fc.constantFrom("a", "b", "-", ".", ",", "0", "é", "\uFFFD", "😀"),
        minLength: 1,
        maxLength: 2,
      });
      const key = fc
        .array(
          segment.filter((text) => text !== "." && text !== ".."),
          { minLength: 1, maxLength: 3 },
        )
        .map((segments) => segments.join("/"));
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(key, { minLength: 1, maxLength: 12 }),
          fc.infiniteStream(fc.nat()),
          async (keys, picks) => {
            const store = await open();
            await Promise.all(keys.map((key) => store.put(key, bytesOf(key))));
            const pick = (): number => picks.next().value ?? 0;
            for (let round = 0; round < 12; round++) {
              const from = keys[pick() % keys.length] as string;
              const prefix = Array.from(from)
                .slice(0, pick() % (from.length + 1))
                .join("");
              const after =
                pick() % 2 === 0 ? undefined : `${keys[pick() % keys.length]}${["", "/", "-", "a"][pick() % 4]}`;
              const shallow = pick() % 2 === 0;
              const answer = await listed(store, prefix, { shallow, ...(after === undefined ? {} : { after }) });
              const { blobs, prefixes } = model(keys, prefix, after, shallow);
              assert.deepEqual(
                { blobs: answer.blobs.map(({ key }) => key), prefixes: answer.prefixes },
                { blobs, prefixes },
              );
            }
          },
        ),
        { numRuns: 40 },
      );
    }).timeout(60_000);

    it("pages through thousands, and goes on after any key", async () => {
      const store = await open();
      const keys = Array.from({ length: 2_345 }, (_, index) => `p/${index % 3}/${String(index).padStart(5, "0")}`);
      await Promise.all(keys.map((key) => store.put(key, bytesOf("x"))));
      const inOrder = keys.toSorted(byBytes);
      const all = await listed(store, "p/");
      assert.deepEqual(
        all.blobs.map(({ key }) => key),
        inOrder,
      );
      assert.ok(all.pages >= 3);
      for await (const page of store.list("p/")) assert.ok(page.blobs.length <= 1_000);
      const after = inOrder[1_200] ?? "";
      assert.deepEqual(await keysAt(store, "p/", { after }), inOrder.slice(1_201));
      assert.deepEqual((await listed(store, "p/", { shallow: true })).prefixes, ["p/0/", "p/1/", "p/2/"]);
      assert.deepEqual((await listed(store, "p/", { shallow: true, after: "p/1/99999" })).prefixes, ["p/2/"]);
    }).timeout(60_000);

    it("shows what stays exactly once, in order, while others write and delete", async () => {
      const store = await open();
      const stays = Array.from({ length: 1_200 }, (_, index) => name(index * 3));
      const goes = Array.from({ length: 400 }, (_, index) => name(index * 9 + 1));
      await Promise.all([...stays, ...goes].map((key) => store.put(key, bytesOf("x"))));
      const seen: string[] = [];
      let round = 0;
      for await (const page of store.list("k/")) {
        seen.push(...page.blobs.map(({ key }) => key));
        await store.delete(goes.slice(round * 200, round * 200 + 200));
        await store.put(name(round * 3 + 2), bytesOf("new"));
        round++;
      }
      assert.deepEqual(seen, [...new Set(seen)].toSorted(byBytes));
      const kept = new Set(seen);
      assert.deepEqual(
        stays.filter((key) => !kept.has(key)),
        [],
      );
    }).timeout(60_000);

    it("sees a write that succeeded before it began", async () => {
      const store = await open();
      for (let round = 0; round < 20; round++) {
        const key = `r/${19 - round}/x`;
        await store.create(key, bytesOf("x"));
        assert.ok((await keysAt(store, "r/")).includes(key));
        assert.ok((await listed(store, "r/", { shallow: true })).prefixes.includes(`r/${19 - round}/`));
        if (round % 2 === 0) await store.delete([key]);
      }
    });

    it("tells the same without etags, but for these", async () => {
      const store = await open();
      for (const key of ["a", "b/c", "b/d"]) await store.put(key, bytesOf(key));
      const [all, some] = [await listed(store, ""), await listed(store, "", { etags: false })];
      assert.ok(all.blobs.every(({ etag }) => etag !== ""));
      const without = ({ blobs }: typeof all): unknown => blobs.map((blob) => ({ ...blob, etag: "" }));
      assert.deepEqual(without(some), without(all));
      assert.deepEqual((await listed(store, "", { etags: false, shallow: true })).prefixes, ["b/"]);
    });

    it("aborts with the signal's own reason", async () => {
      const store = await open();
      await store.put("k", bytesOf("x"));
      const reason = new Error("enough");
      await assert.rejects(keysAt(store, "", { signal: AbortSignal.abort(reason) }), reason);
    });
  });
}
