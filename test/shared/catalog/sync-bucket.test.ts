/** What a sync lists of a bucket, where a listing is paid for. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import type { Filter } from "../../../shared/dataset/types.ts";
import { WatchedStore, begin, daily, dailyKeys, dataset, dayMs, keysOf, noon } from "./support.ts";

describe("catalog sync of a bucket", () => {
  const options = { alwaysFull: false };

  it("looks at the last days between full listings", async () => {
    const { catalog, store, clock } = await begin();
    await store.hold(dailyKeys);
    assert.equal((await syncCatalog(catalog, daily, store, {}, options)).mode, "full");
    await store.hold(["fox/2024/01/29/new", "fox/2024/01/28/late"]);
    await store.delete(["fox/2024/01/31/c", "fox/2023/12/31/d"]);
    store.lists.length = 0;
    clock.atMs += 1000;
    const recent = await syncCatalog(catalog, daily, store, {}, options);
    assert.deepEqual(
      [recent.mode, recent.since, recent.fullMs, recent.added, recent.vanished],
      ["recent", "20240129", noon, 1, 1],
    );
    assert.ok(store.prefixes().every((prefix) => !/2023|01\/28/.test(prefix)));
    assert.ok(keysOf(catalog.select(daily, {})).includes("fox/2023/12/31/d"), "not looked at");

    assert.equal((await syncCatalog(catalog, daily, store, {}, { ...options, recentDays: 4 })).added, 1);
    const full = await syncCatalog(catalog, daily, store, {}, { ...options, full: true });
    assert.deepEqual([full.mode, full.vanished], ["full", 1]);
    clock.atMs += dayMs;
    assert.equal((await syncCatalog(catalog, daily, store, {}, options)).mode, "full");
  });

  it("lists in full what an earlier full listing did not cover", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    const sync = async (filter: Filter) => (await syncCatalog(catalog, daily, store, filter, options)).mode;
    assert.equal(await sync({ app: ["fox"] }), "full");
    assert.equal(await sync({ app: ["fox"] }), "recent");
    assert.equal(await sync({ app: ["owl"] }), "full");
    assert.equal(await sync({}), "full");
    assert.equal(await sync({ app: ["fox"], date: { min: "20231201" } }), "recent");
  });

  it("goes by the store's name, and by where the layout spells the date", async () => {
    const { catalog, clock } = await begin();
    const bucket = new WatchedStore({ clock, name: "s3://bucket/logs" });
    await bucket.hold(dailyKeys);
    const mode = async (layout: string) => (await syncCatalog(catalog, dataset(layout), bucket, {})).mode;
    assert.deepEqual([await mode(daily.layout), await mode(daily.layout)], ["full", "recent"]);
    assert.deepEqual([await mode("telemetry"), await mode("telemetry")], ["full", "full"]);
    assert.deepEqual([await mode("{app}/"), await mode("{app}/")], ["full", "full"]);
  });

  it("counts foreign keys of one page only, and says so", async () => {
    const { catalog, store } = await begin(10);
    await store.hold(Array.from({ length: 30 }, (_, i) => `other/${i}`));
    const { unmatched } = await syncCatalog(catalog, dataset("dt={date:yyyy-MM-dd}/"), store, {}, options);
    assert.deepEqual(
      [unmatched.keys, unmatched.more, unmatched.examples],
      [10, true, ["other/0", "other/1", "other/10"]],
    );
  });
});
