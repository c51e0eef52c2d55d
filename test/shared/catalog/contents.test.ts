/** What can be said of a catalog's contents. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import { catalogStats } from "../../../shared/catalog/stats.ts";
import { explainEmpty } from "../../../shared/dataset/explain.ts";
import { compileLayout } from "../../../shared/dataset/layout.ts";
import type { Filter } from "../../../shared/dataset/types.ts";
import { begin, daily, dailyKeys, dataset, keysOf, noon } from "./support.ts";

describe("catalog contents", () => {
  it("explains an empty selection, also by what was never listed", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    const layout = compileLayout(daily.layout);
    const filter: Filter = { app: ["fix"] };
    await syncCatalog(catalog, daily, store, filter);
    assert.deepEqual(keysOf(catalog.select(daily, filter)), []);
    assert.deepEqual(
      explainEmpty(layout, filter, () => catalog.known(daily)),
      {
        dimension: "app",
        asked: ["fix"],
        nearest: ["fox", "owl"],
      },
    );
    const dated: Filter = { app: ["owl"], date: ["20231105"] };
    await syncCatalog(catalog, daily, store, dated);
    assert.deepEqual(explainEmpty(layout, dated, () => catalog.known(daily)).nearest, [
      "20231101",
      "20240101..20241231",
    ]);

    const named = dataset("{app}/{date:yyyy/MM/dd}/{rest}");
    const wrongName: Filter = { rest: ["z"], app: ["fox"] };
    await syncCatalog(catalog, named, store, wrongName);
    const explanation = explainEmpty(compileLayout(named.layout), wrongName, () => catalog.known(named));
    assert.deepEqual([explanation.dimension, explanation.nearest], ["rest", ["a", "b", "c", "d"]]);
  });

  it("sums blocks and bytes by value", async () => {
    const { catalog, store } = await begin();
    await store.hold(dailyKeys);
    await syncCatalog(catalog, daily, store, {});
    await store.put("owl/2024/01/31/e", Buffer.from("12345"));
    await store.delete(["owl/2023/11/01/f"]);
    await syncCatalog(catalog, daily, store, {});
    const stats = catalogStats(catalog, daily);
    assert.deepEqual([stats.blocks, stats.bytes, stats.changed, stats.vanished, stats.fullMs], [5, 9, 1, 1, noon]);
    assert.deepEqual(stats.dimensions["app"], [
      { value: "fox", blocks: 4, bytes: 4 },
      { value: "owl", blocks: 1, bytes: 5 },
    ]);
    assert.deepEqual(
      stats.dimensions["date"]?.map(({ value }) => value),
      ["20231231", "20240129", "20240130", "20240131"],
    );
    assert.equal(catalogStats(catalog, daily, { app: ["fox"] }).blocks, 4);
  });
});
