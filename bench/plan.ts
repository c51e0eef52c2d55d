/**
 * Filtering and planning a million blocks: from the catalog's file to the plan and the commit that admits it, as a master does;
 * beside one SELECT whose rows are written as JSON. Each in a process of its own, whose greatest resident size counts.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Catalog } from "../shared/catalog/catalog.ts";
import { syncCatalog } from "../shared/catalog/sync.ts";
import { systemClock, systemRandom } from "../shared/clock.ts";
import { ListedStore, telemetryKeys } from "./keys.ts";
import { paired } from "./measure.ts";
import { measuredIn, type Measured } from "./measured.ts";
import { planDataset } from "./plan-data.ts";
import type { Bench, Row, Setup } from "./types.ts";

const blocks = 1_000_000;
/** The filter leaves out a quarter. */
const catalogued = (blocks / 3) * 4;
const child = fileURLToPath(new URL("plan-child.ts", import.meta.url));

const targets = [
  { of: "cpu", what: "CPU", unit: "s", most: 2 },
  { of: "mb", what: "memory", unit: "MB", most: 400 },
] as const;

async function* rows({ runs, folder }: Setup): AsyncGenerator<Row> {
  const file = join(folder, "catalog.db");
  const catalog = await Catalog.open(file, { clock: systemClock, random: systemRandom });
  await syncCatalog(catalog, planDataset, new ListedStore(telemetryKeys(Math.ceil(catalogued)), 0), {});
  catalog.close();
  let number = 0;
  const planned = async (how: "ours" | "bare"): Promise<Measured> => {
    const store = join(folder, `store-${number++}`);
    mkdirSync(store);
    return await measuredIn(child, how, file, store);
  };
  for (const { of, what, unit, most } of targets) {
    const compared = await paired(
      runs,
      async () => (await planned("ours"))[of],
      async () => (await planned("bare"))[of],
    );
    const against = "SELECT, JSON, zstd";
    yield {
      what: `1,000,000 blocks filtered and planned, ${what}`,
      against,
      unit,
      ...compared,
      target: { most, of: "ours" },
    };
  }
}

export const plan: Bench = { name: "plan", about: "a million blocks filtered and planned", run: rows };
