/** One seed from beginning to end: the world runs, comes to rest, and its answer is checked. */
import { addTables, emptyTables, type FaultTables } from "./process.ts";
import { World, type Planted } from "./world.ts";

/** Resolves when all is as it must be; else rejects with what is wrong, the seed, and how to see it again. */
export async function runSeed(seed: number, tables: FaultTables = emptyTables(), planted?: Planted): Promise<void> {
  const own = emptyTables();
  const world = new World(seed, own, planted);
  try {
    await world.run();
    world.monitor.checkAnswer();
    world.waste.check(own);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${message}\n  replay: node test/sim/replay.ts ${seed}`, { cause: error });
  } finally {
    addTables(tables, own);
  }
}
