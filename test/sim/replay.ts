/** `node test/sim/replay.ts SEED [planted bug]`: runs one seed and prints its events with their virtual times. */
import { plantedBugs } from "./bugs.ts";
import { emptyTables } from "./process.ts";
import { World } from "./world.ts";

const [, , seed, bug] = process.argv;
if (seed === undefined || !/^\d+$/.test(seed) || (bug !== undefined && plantedBugs[bug] === undefined)) {
  console.error("usage: node test/sim/replay.ts SEED [planted bug]");
  console.error(`planted bugs:\n  ${Object.keys(plantedBugs).join("\n  ")}`);
  process.exit(2);
}
const world = new World(Number(seed), emptyTables(), bug === undefined ? undefined : plantedBugs[bug]);
world.listen((event) => console.log((world.kernel.now / 1000).toFixed(2).padStart(9), JSON.stringify(event)));
try {
  await world.run();
  world.monitor.checkAnswer();
  console.log(`seed ${seed}: as it must be (${world.monitor.describe()})`);
} catch (error) {
  console.log(error);
  process.exitCode = 1;
}
