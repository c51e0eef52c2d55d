/**
 * A process that syncs a folder into a catalog file, for tests that kill it or race it:
 *
 *   <catalog> <folder> <layout> slow     prints each prefix as it is listed, and takes its time
 *   <catalog> <folder> <layout> often    syncs and reads ten times, then prints how many blocks it read each time
 */
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { syncCatalog } from "../../../shared/catalog/sync.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import type { BlobStore } from "../../../shared/ports/blob-store.ts";

const slowMs = 30;
const rounds = 10;
const [file, folder, layout, mode] = process.argv.slice(2) as [string, string, string, string];
const spec = { name: "logs", place: `file:${folder}`, layout, records: "ndjson" };
const catalog = await Catalog.open(file, { clock: systemClock, random: systemRandom });
const store = await FolderBlobStore.open(folder, { foreign: true });

const slow = Object.create(store, {
  name: { value: store.name },
  list: {
    async *value(...args: Parameters<BlobStore["list"]>) {
      yield* store.list(...args);
      await sleep(slowMs);
      writeSync(1, `${args[0]}\n`);
    },
  },
}) as BlobStore;

if (mode === "slow") await syncCatalog(catalog, spec, slow, {});
else {
  const counts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await syncCatalog(catalog, spec, store, {});
    counts.push([...catalog.select(spec, {})].length);
  }
  writeSync(1, JSON.stringify(counts));
}
catalog.close();
await store.close();
