/** Long prefixes are listed in parts: whatever the keys are, each is listed once, and several go on at once. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as fc from "fast-check";
import { Alphabet, cutsOf } from "../../../shared/catalog/ranges.ts";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { compareKeys } from "../../../shared/keys.ts";
import type { ListOptions, ListPage } from "../../../shared/ports/blob-store.ts";
import { atEnd } from "../../support/cleanup.ts";
import { StillClock, WatchedStore, countingRandom, dataset, keysOf, noon } from "./support.ts";

/** Takes keys that no store of ours writes, as buckets of others hold them; counts requests, and those in flight. */
class OddStore extends WatchedStore {
  readonly #keys: readonly string[];
  readonly #pageKeys: number;
  pages = 0;
  inFlight = 0;
  inFlightMost = 0;

  constructor(keys: Iterable<string>, pageKeys: number, name = "memory") {
    super({ clock: new StillClock(noon), name });
    this.#keys = [...new Set(keys)].toSorted(compareKeys);
    this.#pageKeys = pageKeys;
  }

  override async *list(prefix: string, { after, shallow = false }: ListOptions = {}): AsyncIterable<ListPage> {
    assert.ok(after === undefined || !shallow);
    const keys = this.#keys.filter((key) => key.startsWith(prefix) && compareKeys(key, after ?? "") > 0);
    const names = shallow
      ? [...new Set(keys.map((key) => key.slice(0, key.indexOf("/", prefix.length) + 1 || key.length + 1)))]
      : keys;
    for (let from = 0; from === 0 || from < names.length; from += this.#pageKeys) {
      this.pages++;
      this.inFlightMost = Math.max(this.inFlightMost, ++this.inFlight);
      await this.beforePage(prefix, this.pages);
      await new Promise((resolve) => setImmediate(resolve));
      this.inFlight--;
      const page = names.slice(from, from + this.#pageKeys);
      const isBlob = (name: string): boolean => !shallow || this.#keys.includes(name);
      const blobs = page.filter(isBlob).map((key) => ({ key, size: 1, etag: key, lastModified: 0 }));
      yield { blobs, prefixes: page.filter((name) => !isBlob(name)), storeTime: 0 };
    }
  }
}

async function open(): Promise<Catalog> {
  const catalog = await Catalog.open(":memory:", { clock: new StillClock(noon), random: countingRandom() });
  atEnd(() => catalog.close());
  return catalog;
}

async function listed(keys: readonly string[], pageKeys: number, layout = "{rest}") {
  const catalog = await open();
  const store = new OddStore(keys, pageKeys);
  const result = await syncCatalog(catalog, dataset(layout), store, {}, { cut: true });
  return { catalog, store, result, found: keysOf(catalog.select(dataset(layout), {})) };
}

const numbered = (count: number, name: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => name(i));
const hash = (i: number): string => ((Math.imul(i + 1, 0x9e3779b1) ^ (i << 7)) >>> 0).toString(16).padStart(8, "0");

const sets: Readonly<Record<string, readonly string[]>> = {
  hashes: numbered(3_000, hash),
  "one prefix of 400 characters": numbered(2_000, (i) => `${"same/".repeat(80)}${String(i).padStart(5, "0")}`),
  moments: numbered(3_000, (i) => `host-7-${new Date(noon + i * 77_000).toISOString()}`),
  "a few names and one long one": [...numbered(5, (i) => `a${i}`), ...numbered(2_000, (i) => `zz/${hash(i)}`)],
  "each beginning of the next": numbered(500, (i) => "x".repeat(i + 1)),
  "one-byte names": numbered(255, (i) => String.fromCharCode(i + 1)).filter((name) => name !== "/"),
  "every code point of two bytes": numbered(0x800 - 0x80, (i) => String.fromCodePoint(0x80 + i)),
  "beyond the first plane": numbered(
    1_500,
    (i) => `k${String.fromCodePoint(i % 2 === 0 ? 0xe000 + i : 0x10000 + i * 40)}`,
  ),
  "folders, empty ones, too": numbered(900, (i) => (i % 9 === 0 ? `f${i % 50}/${hash(i)}/` : `f${i % 50}/${hash(i)}`)),
};

describe("listing in ranges", () => {
  for (const [name, keys] of Object.entries(sets)) {
    it(`lists each key once: ${name}`, async () => {
      const { found, result, store } = await listed(keys, 20);
      const blocks = keys.filter((key) => !key.endsWith("/"));
      assert.deepEqual(found, [...new Set(blocks)].toSorted(compareKeys));
      assert.equal(result.listed, new Set(blocks).size);
      assert.equal(result.unmatched.keys, new Set(keys).size - result.listed);
      const needed = Math.ceil(keys.length / 20);
      assert.ok(store.pages <= 3 * needed + 80, `${store.pages} requests for ${needed} pages`);
      assert.ok(store.inFlightMost <= 64);
    });
  }

  it("goes on in many places at once soon, whatever the names", async () => {
    for (const name of ["hashes", "one prefix of 400 characters", "moments"]) {
      const keys = sets[name] ?? [];
      const { store } = await listed(keys, 20);
      assert.ok(store.inFlightMost >= 16, `${name}: ${store.inFlightMost}`);
    }
  });

  it("cuts in buckets only: a folder is read whole for each part", async () => {
    const keys = sets["hashes"] ?? [];
    const folder = new OddStore(keys, 20);
    await syncCatalog(await open(), dataset("{rest}"), folder, {});
    assert.deepEqual([folder.pages, folder.inFlightMost], [keys.length / 20, 1]);
    const bucket = new OddStore(keys, 20, "s3://bucket");
    await syncCatalog(await open(), dataset("{rest}"), bucket, {});
    assert.ok(bucket.inFlightMost >= 16, String(bucket.inFlightMost));
  });

  it("lists as many prefixes side by side as the store takes", async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `f${String(i).padStart(3, "0")}/x`);
    for (const [name, atOnce] of [
      ["memory", 16],
      ["s3://bucket", 64],
    ] as const) {
      const store = new OddStore(keys, 20, name);
      const { listed } = await syncCatalog(await open(), dataset("{app}/"), store, {});
      assert.deepEqual([listed, store.inFlightMost], [100, atOnce], name);
    }
  });

  it("lists any set of keys once, page by page of any size", async function () {
    this.timeout(60_000);
    const part = fc.oneof(
      fc.constantFrom("a", "b", "0", "9", "-", ".", "é", "\u{FF01}", "\u{1F600}", "\u{10FFFF}", "\u0001", "aa", "zz"),
      fc
        .string({ unit: "binary", minLength: 1, maxLength: 3 })
        .filter((text) => !/[\0/]/.test(text) && text.isWellFormed()),
    );
    const key = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 6 }),
        async (keys, pageKeys) => {
          const { found, result } = await listed(keys, pageKeys);
          assert.deepEqual(found, keys.toSorted(compareKeys));
          assert.equal(result.listed, keys.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("goes on with every range after a failure, and misses none", async function () {
    this.timeout(60_000);
    const keys = (sets["moments"] ?? []).slice(0, 800);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }), async (failures) => {
        const catalog = await open();
        const store = new OddStore(keys, 20);
        const spec = dataset("{rest}");
        for (const after of failures) {
          let pages = 0;
          store.beforePage = () => {
            if (++pages > after) throw new SpotfoldError("store-unavailable", "down");
          };
          await syncCatalog(catalog, spec, store, {}, { cut: true }).catch((error: unknown) => {
            if (!(error instanceof SpotfoldError)) throw error;
          });
        }
        store.beforePage = () => undefined;
        const { vanished } = await syncCatalog(catalog, spec, store, {}, { cut: true });
        assert.equal(vanished, 0);
        assert.deepEqual(keysOf(catalog.select(spec, {})), keys.toSorted(compareKeys));
      }),
      { numRuns: 12 },
    );
  });
});

describe("cuts of a range", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "0", "1", "é", "\u{1F600}"), maxLength: 8 });

  it("lie in it, in order, and are no more than asked for", () => {
    fc.assert(
      fc.property(text, text, text, fc.option(text), fc.integer({ min: 0, max: 40 }), (prefix, a, b, end, most) => {
        const [first = "", last = ""] = [prefix + a, prefix + b].toSorted(compareKeys);
        const until = end === null ? "" : prefix + end;
        const alphabet = new Alphabet();
        for (const learned of [a, b]) alphabet.learn(learned);
        const cuts = cutsOf({ prefix, first, last, until, most, alphabet });
        assert.ok(cuts.length <= most);
        for (const [index, cut] of cuts.entries()) {
          assert.ok(compareKeys(cut, cuts[index - 1] ?? last) > 0);
          assert.ok(until === "" || compareKeys(cut, until) < 0);
          assert.ok(cut.startsWith(prefix));
          assert.ok(Buffer.byteLength(cut) <= Buffer.byteLength(last));
        }
      }),
    );
  });

  it("divide what a common beginning hides", () => {
    const alphabet = new Alphabet();
    for (let i = 0; i < 10; i++) alphabet.learn(`log-${i}`);
    const cuts = cutsOf({ prefix: "", first: "log-2024-01-01", last: "log-2024-01-17", until: "", most: 40, alphabet });
    for (const wanted of ["log-2024-02", "log-2024-1", "log-2025", "log-203"])
      assert.ok(cuts.includes(wanted), cuts.join(" "));
  });
});
