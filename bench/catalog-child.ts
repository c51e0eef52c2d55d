/**
 * Lists a million keys into a catalog and measures itself: `ours KEYS FILE` by a sync of a store that takes 50 ms a page; `bare
 * KEYS FILE` by inserting the same rows into a table, a page in each transaction, without any waiting.
 */
import { DatabaseSync } from "node:sqlite";
import { Catalog } from "../shared/catalog/catalog.ts";
import { syncCatalog } from "../shared/catalog/sync.ts";
import { systemClock, systemRandom } from "../shared/clock.ts";
import { planDataset } from "./plan-data.ts";
import { hashedKeys, ListedStore, telemetryKeys, timedKeys } from "./keys.ts";
import { measured } from "./measured.ts";

const pageMs = 50;
const count = 1_000_000;
const sets = {
  telemetry: { make: telemetryKeys, layout: "telemetry" },
  hashed: { make: hashedKeys, layout: "logs/{name}" },
  timed: { make: timedKeys, layout: "logs/{name}" },
} as const;

const [how = "", name = "", file = ""] = process.argv.slice(2);
const { make, layout } = sets[name as keyof typeof sets];
const keys = make(count);

async function ours(): Promise<void> {
  const catalog = await Catalog.open(file, { clock: systemClock, random: systemRandom });
  const store = new ListedStore(keys, pageMs);
  const { added } = await syncCatalog(catalog, { ...planDataset, layout }, store, {});
  catalog.close();
  if (added !== count) throw new Error(`${added} of ${count} keys were listed, by ${store.pages} pages`);
}

async function bare(): Promise<void> {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  database.exec("CREATE TABLE block (key TEXT PRIMARY KEY, size INTEGER, etag TEXT) WITHOUT ROWID");
  const insert = database.prepare("INSERT INTO block VALUES (?, ?, ?)");
  for await (const { blobs } of new ListedStore(keys, 0).list("")) {
    database.exec("BEGIN");
    for (const { key, size, etag } of blobs) insert.run(key, size, etag);
    database.exec("COMMIT");
  }
  database.close();
}

console.log(JSON.stringify(await measured(how === "ours" ? ours : bare)));
