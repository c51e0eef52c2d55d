/** What a sync lists, and what it makes of it when it ends early, or goes on beside others. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as fc from "fast-check";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import type { Filter } from "../../../shared/dataset/types.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { ListOptions, ListPage } from "../../../shared/ports/blob-store.ts";
import { WatchedStore, begin, daily, dailyKeys, dataset, keysOf, noon } from "./support.ts";

/** As a folder would be with two names that say the same. */
class TwiceStore extends WatchedStore {
  override async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    for await (const page of super.list(prefix, options)) yield { ...page, blobs: [...page.blobs, ...page.blobs] };
  }
}

describe("catalog sync", () => {
  it("lists all, counts what does not match and shows three", async () => {
    const { catalog, store } = await begin();
    await store.hold([...dailyKeys, "fox/2024/13/01/x", "fox/README", "zoo/readme", "top"]);
    const result = await syncCatalog(catalog, daily, store, {});
    assert.deepEqual(result, {
      mode: "full",
      resumed: false,
      prefixes: result.prefixes,
      skipped: 0,
      listed: 6,
      added: 6,
      changed: 0,
      vanished: 0,
      unmatched: { keys: 4, more: false, examples: ["fox/2024/13/01/x", "fox/README", "top"] },
    });
    const again = await syncCatalog(catalog, daily, store, {});
    assert.deepEqual([again.listed, again.added, again.changed, again.vanished], [6, 0, 0, 0]);
    assert.deepEqual(catalog.datasets(), [{ name: "logs", place: "file:/logs", layout: daily.layout }]);
  });

  it("descends only where the filter allows", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    const filter: Filter = { app: ["fox"], date: { min: "20240130", max: "20240131" } };
    const result = await syncCatalog(catalog, daily, store, filter);
    assert.deepEqual(store.prefixes(), ["", "fox/", "fox/2024/", "fox/2024/01/", "fox/2024/01/30/", "fox/2024/01/31/"]);
    assert.deepEqual(keysOf(catalog.select(daily, filter)), ["fox/2024/01/30/b", "fox/2024/01/31/c"]);
    assert.equal(result.skipped, 3);
  });

  it("marks changed and vanished blocks, only where it has looked", async () => {
    const { catalog, store, clock } = await begin();
    await store.hold(dailyKeys);
    await syncCatalog(catalog, daily, store, {});
    await store.put("fox/2024/01/31/c", Buffer.from("other"));
    await store.delete(["fox/2024/01/30/b", "owl/2024/01/31/e"]);
    clock.atMs += 1000;
    const fox = await syncCatalog(catalog, daily, store, { app: ["fox"] });
    assert.deepEqual([fox.changed, fox.vanished, fox.added], [1, 1, 0]);
    assert.ok(keysOf(catalog.select(daily, {})).includes("owl/2024/01/31/e"), "nobody has looked there");
    assert.ok(!keysOf(catalog.select(daily, {})).includes("fox/2024/01/30/b"));
    const listed = [...catalog.list(daily, { app: ["fox"] })].map(({ key, state, changedMs, size }) => [
      key,
      state,
      changedMs,
      size,
    ]);
    assert.deepEqual(listed, [
      ["fox/2023/12/31/d", "present", noon, 1],
      ["fox/2024/01/29/a", "present", noon, 1],
      ["fox/2024/01/30/b", "vanished", noon + 1000, 1],
      ["fox/2024/01/31/c", "changed", noon + 1000, 5],
    ]);
    const all = await syncCatalog(catalog, daily, store, {});
    assert.deepEqual([all.changed, all.vanished], [0, 1]);
    await store.hold(["fox/2024/01/30/b"]);
    assert.equal((await syncCatalog(catalog, daily, store, {})).added, 1);
    assert.ok(keysOf(catalog.select(daily, {})).includes("fox/2024/01/30/b"));
  });

  it("goes on after a failure, without listing again what was finished", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    await store.delete(["owl/2023/11/01/f"]);
    await syncCatalog(catalog, daily, store, {});
    await store.delete(["fox/2024/01/29/a"]);
    store.beforePage = (prefix) => {
      if (prefix === "owl/2024/") throw new SpotfoldError("store-unavailable", "down");
    };
    await assert.rejects(syncCatalog(catalog, daily, store, {}), /down/);
    assert.equal(keysOf(catalog.select(daily, {})).length, 5, "a pass that did not get through marks nothing");
    const before = new Set(store.prefixes());
    assert.ok(before.has("owl/2024/"));
    store.lists.length = 0;
    store.beforePage = () => undefined;
    const result = await syncCatalog(catalog, daily, store, {});
    assert.ok(result.resumed);
    assert.equal(result.vanished, 1);
    assert.ok(!store.prefixes().includes("") && !store.prefixes().includes("fox/"));
    assert.equal(keysOf(catalog.select(daily, {})).length, 4);
  });

  it("goes on within a long prefix, and begins anew when that is long ago", async () => {
    const flat = dataset("logs/");
    const { catalog, store, clock } = await begin(10);
    await store.hold(Array.from({ length: 100 }, (_, i) => `logs/${String(i).padStart(3, "0")}`));
    const failing = async (): Promise<void> => {
      let pages = 0;
      store.beforePage = () => {
        if (++pages > 5) throw new SpotfoldError("store-unavailable", "down");
      };
      await assert.rejects(syncCatalog(catalog, flat, store, {}), /down/);
      store.beforePage = () => undefined;
      store.lists.length = 0;
    };
    await failing();
    const result = await syncCatalog(catalog, flat, store, {});
    const starts = store.lists.map(({ after }) => after ?? "");
    assert.ok(!starts.includes("") && starts.every((after) => after >= "logs/019"), starts.join(" "));
    assert.deepEqual([result.listed, result.added, result.resumed], [100, 100, true]);
    await failing();
    clock.atMs += 601_000;
    assert.equal((await syncCatalog(catalog, flat, store, {})).resumed, false);
  });

  it("does not call vanished what another sync saw meanwhile", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    await syncCatalog(catalog, daily, store, {});
    const opened = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let held = false;
    store.beforePage = async (prefix) => {
      if (prefix !== "owl/2024/" || held) return;
      held = true;
      reached.resolve();
      await opened.promise;
    };
    // The first has passed the root when a folder appears; the second sees it, and finishes first.
    const first = syncCatalog(catalog, daily, store, {});
    await reached.promise;
    await store.hold(["new/2024/01/31/g"]);
    const second = await syncCatalog(catalog, daily, store, {});
    assert.deepEqual([second.added, second.vanished, second.resumed], [1, 0, false]);
    opened.resolve();
    assert.deepEqual([(await first).added, (await first).vanished], [0, 0]);
    assert.equal(keysOf(catalog.select(daily, {})).length, 7);
    assert.equal((await syncCatalog(catalog, daily, store, {})).vanished, 0);
  });

  it("does not call vanished what an older sync saw last", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    const gates = Array.from({ length: 2 }, () => ({
      reached: Promise.withResolvers<void>(),
      opened: Promise.withResolvers<void>(),
    }));
    let next = 0;
    const stops = ["owl/2024/", "fox/2023/"];
    store.beforePage = async (prefix) => {
      const gate = prefix === stops[next] ? gates[next] : undefined;
      if (gate === undefined) return;
      next++;
      gate.reached.resolve();
      await gate.opened.promise;
    };
    const [older, newer] = gates;
    const first = syncCatalog(catalog, daily, store, {});
    await older?.reached.promise;
    const second = syncCatalog(catalog, daily, store, {});
    await newer?.reached.promise;
    older?.opened.resolve();
    await first;
    newer?.opened.resolve();
    assert.equal((await second).vanished, 0);
    assert.equal(keysOf(catalog.select(daily, {})).length, 6);
  });

  it("ends with the signal's reason and goes on later", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    const controller = new AbortController();
    const reason = new Error("enough");
    store.beforePage = (prefix) => (prefix === "fox/2024/" ? controller.abort(reason) : undefined);
    await assert.rejects(
      syncCatalog(catalog, daily, store, {}, { signal: controller.signal }),
      (error) => error === reason,
    );
    assert.equal((await syncCatalog(catalog, daily, store, {})).resumed, true);
    assert.equal(keysOf(catalog.select(daily, {})).length, 6);
  });

  it("refuses a store that lists one key twice", async () => {
    const { catalog, clock } = await begin();
    const twice = new TwiceStore({ clock });
    await twice.hold(["logs/a"]);
    await assert.rejects(syncCatalog(catalog, dataset("{rest}"), twice, {}), /lists the key "logs\/a" twice/);
  });

  it("keeps datasets apart, and layouts of one dataset", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    await syncCatalog(catalog, daily, store, {});
    assert.deepEqual(keysOf(catalog.select(dataset(daily.layout, "other"), {})), []);
    assert.deepEqual(keysOf(catalog.select(dataset("{app}/"), {})), []);
    await syncCatalog(catalog, dataset("{app}/"), store, {});
    assert.equal(keysOf(catalog.select(dataset("{app}/"), { app: ["owl"] })).length, 2);
  });

  it("leaves out what Spotfold itself keeps in the folder", async () => {
    const { catalog, store } = await begin();
    await store.hold([".spotfold/store/x", "a/b"]);
    const result = await syncCatalog(catalog, dataset("{app}/"), store, {});
    assert.deepEqual([result.listed, result.unmatched.keys], [1, 0]);
    await syncCatalog(catalog, dataset("{rest}"), store, {});
    assert.deepEqual(keysOf(catalog.select(dataset("{rest}"), {})), ["a/b"]);
  });

  it("reports progress", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    const seen: number[] = [];
    const result = await syncCatalog(catalog, daily, store, {}, { onProgress: ({ listed }) => seen.push(listed) });
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.equal(seen.at(-1), result.listed);
  });

  it("counts what came, changed and went as a plain comparison does, whatever lies side by side", async () => {
    const key = fc
      .tuple(fc.constantFrom("fox", "owl"), fc.integer({ min: 10, max: 80 }))
      .map(([app, i]) => `${app}/${i}`);
    const contents = fc.dictionary(key, fc.constantFrom("1", "22", "33"), { maxKeys: 120, size: "max" });
    await fc.assert(
      fc.asyncProperty(
        fc.array(contents, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 60 }),
        async (all, most) => {
          const { catalog, store } = await begin(most);
          const spec = dataset("{app}/");
          const known = new Map<string, { etag: string; there: boolean }>();
          for (const now of all) {
            await store.delete([...known.keys()].filter((old) => now[old] === undefined));
            for (const [name, text] of Object.entries(now)) await store.put(name, Buffer.from(text));
            const expected = { added: 0, changed: 0, vanished: 0 };
            for (const [old, block] of known) {
              if (now[old] === undefined && block.there) expected.vanished++;
              if (now[old] === undefined) block.there = false;
            }
            for (const name of Object.keys(now)) {
              const before = known.get(name);
              const { etag = "" } = (await store.head(name)) ?? {};
              if (before === undefined || (before.etag === etag && !before.there)) expected.added++;
              else if (before.etag !== etag) expected.changed++;
              known.set(name, { etag, there: true });
            }
            const { added, changed, vanished } = await syncCatalog(catalog, spec, store, {});
            assert.deepEqual({ added, changed, vanished }, expected);
            assert.deepEqual(keysOf(catalog.select(spec, {})).toSorted(), Object.keys(now).toSorted());
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
