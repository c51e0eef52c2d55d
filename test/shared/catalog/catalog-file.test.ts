import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, it } from "mocha";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import { atEnd } from "../../support/cleanup.ts";
import { runNode, start } from "../../support/processes.ts";
import { needs, referenceDir } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { WatchedStore, dataset, keysOf } from "./support.ts";

const child = join(dirname(fileURLToPath(import.meta.url)), "catalog-child.ts");
const layout = "{app}/{date:yyyy-MM-dd}/";
const spec = dataset(layout);

async function open(file: string): Promise<Catalog> {
  const catalog = await Catalog.open(file, { clock: systemClock, random: systemRandom });
  atEnd(() => catalog.close());
  return catalog;
}

/** A synced catalog file with one block, closed. */
async function made(file: string): Promise<void> {
  const catalog = await open(file);
  await syncCatalog(catalog, spec, await memory(), {});
  assert.deepEqual(keysOf(catalog.select(spec, {})), ["a/2024-01-01/x"]);
  catalog.close();
}

async function memory(): Promise<WatchedStore> {
  const store = new WatchedStore({ clock: systemClock });
  await store.hold(["a/2024-01-01/x"]);
  return store;
}

function aside(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes(".aside-") && !/-(wal|shm)$/.test(name));
}

describe("catalog file", () => {
  it("keeps what was listed", async () => {
    const file = join(tempDir("catalog"), "deep", "catalog.sqlite");
    await made(file);
    const catalog = await open(file);
    assert.equal(catalog.notice, undefined);
    assert.deepEqual(keysOf(catalog.select(spec, {})), ["a/2024-01-01/x"]);
  });

  const damages: readonly (readonly [string, (file: string) => void, RegExp])[] = [
    [
      "text",
      (file) =>
        writeFileSync(file, "this was never a database, although it is long enough to look like one ".repeat(9)),
      /is no database/,
    ],
    ["a damaged page", (file) => writeFileSync(file, damagedAfterHeader(readFileSync(file))), /is damaged/],
    ["an older version", (file) => setVersion(file), /is of another version/],
  ];
  for (const [what, damage, says] of damages) {
    it(`puts ${what} aside, says so, and begins anew`, async () => {
      const folder = tempDir("catalog");
      const file = join(folder, "catalog.sqlite");
      await made(file);
      damage(file);
      const catalog = await open(file);
      assert.match(catalog.notice ?? "", says);
      assert.match(catalog.notice ?? "", /put aside as .*listing builds it anew/);
      assert.equal(aside(folder).length, 1);
      assert.deepEqual(keysOf(catalog.select(spec, {})), []);
      await syncCatalog(catalog, spec, await memory(), {});
      assert.equal(keysOf(catalog.select(spec, {})).length, 1);
    });
  }

  it("leaves another program's database alone", async () => {
    const folder = tempDir("catalog");
    const file = join(folder, "mine.sqlite");
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
    db.close();
    const before = readFileSync(file);
    await assert.rejects(open(file), (error) => error instanceof SpotfoldError && error.code === "invalid-format");
    assert.deepEqual(readFileSync(file), before);
    assert.deepEqual(aside(folder), []);
  });

  it("begins anew when damage is met on the way", async () => {
    const folder = tempDir("catalog");
    const file = join(folder, "catalog.sqlite");
    const keys = Array.from({ length: 3000 }, (_, i) => `a/2024-01-01/${String(i).padStart(5, "0")}`);
    const store = await memory();
    await store.hold(keys);
    const first = await open(file);
    await syncCatalog(first, spec, store, {});
    first.close();
    const bytes = readFileSync(file);
    // Rows of blocks: pages after those of the schema and the small tables.
    bytes.fill(0xee, Math.floor(bytes.length / 2));
    writeFileSync(file, bytes);
    const catalog = await open(file);
    const result = await syncCatalog(catalog, spec, store, {});
    assert.equal(result.listed, 3001);
    assert.equal(keysOf(catalog.select(spec, {})).length, 3001);
    assert.equal(aside(folder).length, 1);
    assert.match(catalog.notice ?? "", /put aside/);
  });

  it("ends an iteration when the file is lost meanwhile, rather than go on in another", async () => {
    const file = join(tempDir("catalog"), "catalog.sqlite");
    const store = await memory();
    await store.hold(Array.from({ length: 3000 }, (_, i) => `a/2024-01-01/${String(i).padStart(5, "0")}`));
    const first = await open(file);
    await syncCatalog(first, spec, store, {});
    first.close();
    const bytes = readFileSync(file);
    bytes.fill(0xee, Math.floor(bytes.length / 2));
    const whole = readFileSync(file);
    for (const iterate of ["select", "list"] as const) {
      writeFileSync(file, whole);
      const catalog = await open(file);
      const blocks = catalog[iterate](spec, {})[Symbol.iterator]();
      assert.equal(blocks.next().value?.key, "a/2024-01-01/00000");
      writeFileSync(file, bytes);
      await syncCatalog(catalog, spec, store, {});
      assert.throws(
        () => keysOf(blocks),
        (error) => error instanceof SpotfoldError && error.code === "store-unavailable" && error.retryable,
      );
      assert.equal(keysOf(catalog.select(spec, {})).length, 3001);
      catalog.close();
    }
  });

  it("may be deleted at any moment", async () => {
    const file = join(tempDir("catalog"), "catalog.sqlite");
    await made(file);
    const catalog = await open(file);
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
    await syncCatalog(catalog, spec, await memory(), {});
    assert.equal(keysOf(catalog.select(spec, {})).length, 1);
    catalog.close();
    await made(file);
  });
});

/** Somebody's folder: 4 applications, 24 days, 3 blocks. */
function folderOfBlocks(): { readonly folder: string; readonly blocks: number } {
  const folder = tempDir("blocks");
  for (const app of ["a", "b", "c", "d"]) {
    for (let day = 1; day <= 24; day++) {
      const below = join(folder, app, `2024-01-${String(day).padStart(2, "0")}`);
      mkdirSync(below, { recursive: true });
      for (const name of ["x", "y", "z"]) writeFileSync(join(below, name), name);
    }
  }
  return { folder, blocks: 288 };
}

/** The prefixes that a child has printed. */
const listed = (text: string): string[] => text.split("\n").slice(0, -1);

describe("catalog file and processes", () => {
  it("goes on after kill -9 without listing finished prefixes again", async function () {
    this.timeout(30_000);
    const { folder, blocks } = folderOfBlocks();
    const file = join(tempDir("catalog"), "catalog.sqlite");
    const args = [child, file, folder, layout, "slow"];
    const killed = await start(process.execPath, args);
    await killed.waitFor(/2024-01-[012][0-9]\/\n/);
    await killed.stop();
    const before = listed(killed.stdout());

    const catalog = await open(file);
    assert.deepEqual(
      [...catalog.list({ ...spec, place: `file:${folder}` }, {})].filter(({ state }) => state === "vanished"),
      [],
    );
    const second = await runNode(args, { waitMs: 20_000 });
    assert.equal(second.code, 0, second.stderr);
    const after = listed(second.stdout);
    assert.ok(!after.includes(""), "the root was finished");
    // The kill may fall between a listing and the commit that ends it: of the 16 at a time, not of those before them.
    const again = after.filter((prefix) => before.includes(prefix));
    assert.ok(again.length < before.length && again.length <= 16, `${again.length} of ${before.length} again`);
    assert.equal(new Set([...before, ...after]).size, 101);
    assert.equal(keysOf(catalog.select({ ...spec, place: `file:${folder}` }, {})).length, blocks);
  });

  it("serves several processes that sync and read at once", async function () {
    this.timeout(60_000);
    const { folder, blocks } = folderOfBlocks();
    const file = join(tempDir("catalog"), "catalog.sqlite");
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => runNode([child, file, folder, layout, "often"], { waitMs: 50_000 })),
    );
    for (const { code, stderr, stdout } of runs) {
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        JSON.parse(stdout),
        Array.from({ length: 10 }, () => blocks),
      );
    }
    assert.ok(existsSync(file));
  });
});

describe("catalog of the reference's blocks", () => {
  needs("data");

  it("finds the real block by its dimensions", async () => {
    const folder = join(referenceDir(), "data/blocks");
    const catalog = await open(":memory:");
    const store = await FolderBlobStore.open(folder, { foreign: true });
    atEnd(() => store.close());
    const blocks = { name: "blocks", place: `file:${folder}`, layout: "telemetry", records: "telemetry" };
    const result = await syncCatalog(catalog, blocks, store, { appUpdateChannel: ["nightly"] });
    assert.deepEqual([result.listed, result.unmatched.keys], [1, 0]);
    const [block] = catalog.select(blocks, { submission_date: { min: "20131001", max: "20131031" } });
    assert.deepEqual([block?.partition, block?.size], ["20131029", 22540]);
    assert.equal(block?.dimensions["appVersion"], "28.0a1");
  });
});

/** All pages but the first hold rubbish. */
function damagedAfterHeader(bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  damaged.fill(0xee, 4096);
  return damaged;
}

function setVersion(file: string): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA user_version = 0");
  db.close();
}
