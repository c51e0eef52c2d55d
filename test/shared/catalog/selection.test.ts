/** What a filter selects: in which order, and that both ways to read it give the same. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as fc from "fast-check";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import { compileLayout, partitionOf } from "../../../shared/dataset/layout.ts";
import { matches } from "../../../shared/dataset/filter.ts";
import type { DatasetSpec, Filter } from "../../../shared/dataset/types.ts";
import { blocksOfText } from "../../../shared/formats/block-rows.ts";
import { encodeRow } from "../../../shared/formats/plan.ts";
import type { Catalog } from "../../../shared/catalog/catalog.ts";
import type { BlobInfo, ListPage } from "../../../shared/ports/blob-store.ts";
import { begin, dataset, keysOf, WatchedStore } from "./support.ts";

/** Rows of a plan for what is selected, where it gives any. */
function textsAgree(catalog: Catalog, spec: DatasetSpec, filter: Filter): void {
  const selection = catalog.select(spec, filter);
  const { restDimension } = compileLayout(spec.layout);
  assert.equal(selection.rowTexts === undefined, restDimension !== undefined && Object.hasOwn(filter, restDimension));
  if (selection.rowTexts === undefined) return;
  const blocks = [...selection].map(({ key, size, etag, partition }) => ({ key, size, etag, partition, tries: 0 }));
  const texts = [...selection.rowTexts()];
  assert.deepEqual(
    texts.flatMap(({ text }) => text.split("\n")),
    blocks.map(encodeRow),
  );
  for (const found of texts) {
    assert.ok(blocksOfText(found).every(({ partition }) => partition === found.partition));
  }
}

describe("a selection from the catalog", () => {
  it("sorts by partition, leading dimensions, key, each in byte order", async () => {
    const word = fc.constantFrom("a", "b", "a-b", "a!", "B", "é", "\u{1F600}", "\u{FF01}", "a.b", 'a"b', "a\\b");
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
          textsAgree(catalog, spec, allowed);
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
        textsAgree(catalog, spec, filter);
      }
      await store.hold([name(0, 0)]);
    }
  });

  it("writes every character as JSON does", async () => {
    const { catalog, clock } = await begin();
    const characters = Array.from({ length: 0xfffe }, (_, i) => String.fromCharCode(i + 1)).filter((c) =>
      c.isWellFormed(),
    );
    const at = (i: number): string => characters.slice(i * 100, (i + 1) * 100).join("");
    const blobs = Array.from({ length: Math.ceil(characters.length / 100) }, (_, i): BlobInfo => {
      return { key: `a/${i}-${at(i)}x`, size: i * 1e12, etag: at(i), lastModified: 0 };
    });
    /** As somebody else's bucket may be: not all are keys that we would write. */
    class OddStore extends WatchedStore {
      override async *list(): AsyncIterable<ListPage> {
        yield { blobs, prefixes: [], storeTime: 0 };
      }
    }
    const spec = dataset("{app}/");
    await syncCatalog(catalog, spec, new OddStore({ clock }), {});
    assert.equal([...catalog.select(spec, {})].length, blobs.length);
    textsAgree(catalog, spec, {});
  });
});
