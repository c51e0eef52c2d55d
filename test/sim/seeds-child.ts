/** Runs a range of seeds in a process of its own: `node seeds-child.ts FIRST COUNT`; prints its tables as one line of JSON. */
import { emptyTables } from "./process.ts";
import { runSeed } from "./seed.ts";

const [, , first = "1", count = "1"] = process.argv;
const tables = emptyTables();
const failures: string[] = [];
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  await runSeed(seed, tables).catch((error: unknown) => failures.push(String(error)));
  if (failures.length >= 5) break;
}
const plain = Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, [...table]]));
console.log(JSON.stringify({ failures, tables: plain }));
