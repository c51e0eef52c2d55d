import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as fc from "fast-check";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import { catalogStats } from "../../../shared/catalog/stats.ts";
import { explainEmpty } from "../../../shared/dataset/explain.ts";
import { compileLayout, partitionOf } from "../../../shared/dataset/layout.ts";
import { matches } from "../../../shared/dataset/filter.ts";
import type { Filter } from "../../../shared/dataset/types.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { ListOptions, ListPage } from "../../../shared/ports/blob-store.ts";
import { atEnd } from "../../support/cleanup.ts";
import { StillClock, WatchedStore, countingRandom, dataset, dayMs, keysOf, noon } from "./support.ts";

const daily = dataset("{app}/{date:yyyy}/{date:MM}/{date:dd}/");
const keys = [
  "fox/2024/01/29/a",
  "fox/2024/01/30/b",
  "fox/2024/01/31/c",
  "fox/2023/12/31/d",
  "owl/2024/01/31/e",
  "owl/2023/11/01/f",
];

async function begin(pageEntriesMax = 1000) {
  const clock = new StillClock(noon);
  const catalog = await Catalog.open(":memory:", { clock, random: countingRandom() });
  atEnd(() => catalog.close());
  const store = new WatchedStore({ clock, pageEntriesMax });
  return { clock, catalog, store };
}

/** As a folder would be with two names that say the same. */
class TwiceStore extends WatchedStore {
  override async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    for await (const page of super.list(prefix, options)) yield { ...page, blobs: [...page.blobs, ...page.blobs] };
  }
}

describe("catalog sync", () => {
  it("lists all, counts what does not match and shows three", async () => {
    const { catalog, store } = await begin();
    await store.hold([...keys, "fox/2024/13/01/x", "fox/README", "zoo/readme", "top"]);
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

  it("sorts by partition, leading dimensions, key, each in byte order", async () => {
    const word = fc.constantFrom("a", "b", "a-b", "a!", "B", "é", "\u{1F600}", "\u{FF01}", "a.b");
    const day = fc.constantFrom("20240131", "20240201", "20231231");
    const block = fc.tuple(word, day, word, word);
    const filter: fc.Arbitrary<Filter> = fc.dictionary(
      fc.constantFrom("app", "date", "host", "rest"),
      fc.oneof(fc.array(fc.oneof(word, day), { minLength: 1 }), fc.record({ min: fc.oneof(word, day) })),
      { maxKeys: 2 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(block, { maxLength: 25, selector: (parts) => parts.join("/") }),
        fc.constantFrom(
          "{app}/{date:yyyyMMdd}/{host}/{rest}",
          "{app}/{date:yyyyMMdd}/{host}/",
          "{app}/{date:yyyyMMdd}/{host}/{name}",
        ),
        filter,
        fc.integer({ min: 1, max: 7 }),
        async (blocks, pattern, selected, pageEntriesMax) => {
          const { catalog, store } = await begin(pageEntriesMax);
          const layout = compileLayout(pattern);
          const spec = dataset(pattern);
          const allowed = Object.fromEntries(
            Object.entries(selected).filter(([name]) => layout.dimensions.includes(name)),
          );
          const all = blocks.map((parts) => parts.join("/"));
          await store.hold(all);
          await syncCatalog(catalog, spec, store, allowed);
          const order = (key: string): Buffer => {
            const dimensions = layout.match(key) ?? {};
            const leading = layout.dimensions
              .filter((name) => name !== layout.dateDimension && name !== layout.restDimension)
              .map((name) => dimensions[name]);
            return Buffer.from([partitionOf(layout, dimensions), ...leading, key].join("\0"));
          };
          const expected = all
            .filter((key) => matches(allowed, layout.match(key) ?? {}))
            .toSorted((a, b) => Buffer.compare(order(a), order(b)));
          const found = [...catalog.select(spec, allowed)];
          assert.deepEqual(keysOf(found), expected);
          for (const { key, dimensions, partition } of found) {
            assert.deepEqual({ ...dimensions }, layout.match(key));
            assert.equal(partition, partitionOf(layout, dimensions));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("selects what a look at each block would, also of crowded dimensions", async () => {
    const { catalog, store } = await begin();
    const name = (app: number, i: number): string => `app${app}/2024010${1 + (i % 3)}/${String(i).padStart(5, "0")}`;
    const all = [0, 1, 2].flatMap((app) => Array.from({ length: [2_500, 7, 1_100][app] ?? 0 }, (_, i) => name(app, i)));
    await store.hold(all);
    for (const pattern of ["{app}/{date:yyyyMMdd}/{rest}", "{app}/{date:yyyyMMdd}/"]) {
      const spec = dataset(pattern);
      await syncCatalog(catalog, spec, store, {});
      await store.delete([name(0, 0)]);
      await syncCatalog(catalog, spec, store, {});
      for (const filter of [{}, { app: ["app0", "app1"] }, { date: { min: "20240102" } }, { app: { max: "app0" } }]) {
        const each = [...catalog.list(spec, {})].filter(
          ({ dimensions, state }) => state !== "vanished" && matches(filter, dimensions),
        );
        assert.deepEqual(keysOf(catalog.select(spec, filter)), keysOf(each));
      }
      await store.hold([name(0, 0)]);
    }
  });

  it("descends only where the filter allows", async () => {
    const { catalog, store } = await begin();
    await store.hold(keys);
    const filter: Filter = { app: ["fox"], date: { min: "20240130", max: "20240131" } };
    const result = await syncCatalog(catalog, daily, store, filter);
    assert.deepEqual(store.prefixes(), ["", "fox/", "fox/2024/", "fox/2024/01/", "fox/2024/01/30/", "fox/2024/01/31/"]);
    assert.deepEqual(keysOf(catalog.select(daily, filter)), ["fox/2024/01/30/b", "fox/2024/01/31/c"]);
    assert.equal(result.skipped, 3);
  });

  it("marks changed and vanished blocks, only where it has looked", async () => {
    const { catalog, store, clock } = await begin();
    await store.hold(keys);
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
    await store.hold(keys);
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
    await store.hold(keys);
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
    await store.hold(keys);
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
    await store.hold(keys);
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
    await store.hold(keys);
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
    await store.hold(keys);
    const seen: number[] = [];
    const result = await syncCatalog(catalog, daily, store, {}, { onProgress: ({ listed }) => seen.push(listed) });
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.equal(seen.at(-1), result.listed);
  });
});

describe("catalog sync of a bucket", () => {
  const options = { alwaysFull: false };

  it("looks at the last days between full listings", async () => {
    const { catalog, store, clock } = await begin();
    await store.hold(keys);
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
    await store.hold(keys);
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
    await bucket.hold(keys);
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

describe("catalog contents", () => {
  it("explains an empty selection, also by what was never listed", async () => {
    const { catalog, store } = await begin();
    await store.hold(keys);
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
    await store.hold(keys);
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
