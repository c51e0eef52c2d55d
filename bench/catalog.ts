/**
 * Cataloguing a million keys of a store that takes 50 ms for each page of 1,000: laid out in folders, and all in one, under names
 * that no dimension divides; beside inserting the same rows into a bare table.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paired } from "./measure.ts";
import { measuredIn, type Measured } from "./measured.ts";
import type { Bench, Row, Setup } from "./types.ts";

const child = fileURLToPath(new URL("catalog-child.ts", import.meta.url));

/** Names of `catalog-child.ts`. */
const sets = [
  { name: "telemetry", what: "in folders of telemetry" },
  { name: "hashed", what: "in one folder, named by hashes" },
  { name: "timed", what: "in one folder, named by time" },
] as const;

const wallSecondsMax = 10;

async function* rows({ runs, folder }: Setup): AsyncGenerator<Row> {
  let number = 0;
  for (const { name, what } of sets) {
    const listed = async (how: "ours" | "bare"): Promise<Measured> =>
      await measuredIn(child, how, name, join(folder, `catalog-${number++}.db`));
    const compared = await paired(
      runs,
      async () => (await listed("ours")).wall,
      async () => (await listed("bare")).wall,
    );
    yield {
      what: `1,000,000 keys catalogued at 50 ms a page, ${what}`,
      against: "INSERT, no waiting",
      unit: "s",
      ...compared,
      target: { most: wallSecondsMax, of: "ours" },
    };
  }
}

export const catalog: Bench = { name: "catalog", about: "a million keys listed into the catalog", run: rows };
