/** Real masters and workers in a simulated process: everything they touch goes through its ports. */
import { Ledger } from "../../master/ledger/ledger.ts";
import { Master } from "../../master/master.ts";
import { cancelUnadmitted, endRun } from "../../master/passes/close.ts";
import type { MasterContext, PartitionedBlock } from "../../master/context.ts";
import { matches } from "../../shared/dataset/filter.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { parseRun, type RunSpec } from "../../shared/formats/run.ts";
import { inboxKey, runKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { WorkerContext } from "../../worker/context.ts";
import { Worker } from "../../worker/worker.ts";
import { loaded, simPage } from "./data.ts";
import { SimExecutors } from "./executors.ts";
import { SimQueue, SimStore } from "./ports.ts";
import type { SimProcess } from "./process.ts";
import { SimRunner } from "./runner.ts";
import { aggregate, hopelessRun, slotsOfWorker, type World } from "./world.ts";

export interface Running {
  readonly drain?: (reason: string) => void;
}

const layout = compileLayout("d={date:yyyyMMdd}/");

const bundle = { sha256: "0".repeat(64), path: "bundle", params: loaded.description.params, inputs: [] };

const limits = {
  heapBytesMax: 1,
  rssBytesMax: 1,
  stallMs: 60_000,
  attemptMs: 6 * 3_600_000,
  checkpointStateBytes: 64 * 1024 * 1024,
  // Shorter than the real 30 s, so that jobs of some seconds have checkpoints.
  checkpointMs: 4_000,
};

export function startWorker(world: World, process: SimProcess): Running {
  const { planted } = world;
  const data = new SimStore("data", world.data, process);
  const limit = { slots: slotsOfWorker, exceeded: (error: Error) => world.monitor.fail(error) };
  const runner = new SimRunner({ process, data, loaded, work: world.work, limit });
  const store = new SimStore("store", world.store, process, (key) => world.monitor.undoOf("store", key));
  const jobs = new SimQueue("jobs", world.jobs, process);
  const context: WorkerContext = {
    id: process.name,
    slots: slotsOfWorker,
    store: planted.store?.(store, "worker") ?? store,
    data: async () => data,
    jobs: planted.jobs?.(jobs) ?? jobs,
    ready: new SimQueue("ready", world.ready, process),
    runner,
    bundles: { fetch: async () => await process.call("disk.bundle", () => bundle) },
    dimensionsOf: (_, key) => layout.match(key) ?? {},
    readFile: (path) => runner.readFile(path),
    rules: world.rules.worker,
    limits,
    timing: { leaseMs: 120_000, heartbeatMs: 25_000, waitMs: 20_000, statusMs: 30_000, handOnMs: 60_000, scale: 1 },
    clock: process.clock,
    random: planted.random?.(process.random, "worker") ?? process.random,
    log: (event) => world.log(event),
  };
  const worker = new Worker(context);
  worker.run().then(
    () => world.ended(process),
    (error: unknown) => world.monitor.fail(error),
  );
  return { drain: (reason) => worker.drain(reason) };
}

export function startMaster(world: World, process: SimProcess): Running {
  const { timing, clock } = masterTiming(world, process);
  const master = new Master(masterContext(world, process), {
    only: aggregate,
    placeOf: () => ({ aggregate, prefix: "" }),
  });
  const loop = (everyMs: number, pass: () => Promise<unknown>): void => {
    const run = async (): Promise<void> => {
      for (;;) {
        // A failed pass is tried again, as the daemon's loops do; errors of ours are found by the monitor.
        const failed = await pass().then(
          () => null,
          (error: unknown) => error,
        );
        if (failed !== null) world.monitor.passFailed(failed);
        await clock.sleep(failed === null ? everyMs : 5_000);
      }
    };
    void run();
  };
  loop(0, async () => {
    const more = await master.work();
    if (!more) await master.waitForReady(10_000);
  });
  loop(10_000, async () => await master.publish(false));
  loop(timing.compactMs, async () => await master.compact());
  loop(timing.collectMs, async () => await master.collect());
  return {};
}

function masterTiming(
  world: World,
  process: SimProcess,
): { timing: MasterContext["timing"]; clock: SimProcess["clock"] } {
  return {
    clock: process.clock,
    timing: {
      foldMs: 10_000,
      publishMs: world.planted.hastyPublishing === true ? 10_000 : 90_000,
      compactMs: 20_000,
      collectMs: world.hastyCollection ? 6_000 : 60_000,
      resendMs: 60_000,
      statusMs: 30_000,
      retainMs: world.hastyCollection ? 4_000 : 60_000,
      standbyMs: 20_000,
      scale: 1,
    },
  };
}

function masterContext(world: World, process: SimProcess): MasterContext {
  const { planted } = world;
  const simStore = new SimStore("store", world.store, process, (key) => world.monitor.undoOf("store", key));
  const store = planted.store?.(simStore, "master") ?? simStore;
  const simWeb = new SimStore("web", world.web, process, (key) => world.monitor.undoOf("web", key));
  const random = planted.random?.(process.random, "master") ?? process.random;
  const executors = new SimExecutors(process, loaded);
  const jobs = new SimQueue("jobs", world.jobs, process);
  return {
    id: process.name,
    store,
    web: planted.web?.(simWeb) ?? simWeb,
    jobs: planted.jobs?.(jobs) ?? jobs,
    ready: new SimQueue("ready", world.ready, process),
    dead: null,
    ledger: new Ledger(store, random),
    rules: world.rules.ledger,
    executors,
    blocksOf: async (spec) => await catalogued(world, process, spec),
    bundleOf: async () => bundle,
    page: async () => simPage,
    readFile: (path) => executors.readFile(path),
    liveSlots: async () => world.slots,
    timing: masterTiming(world, process).timing,
    clock: process.clock,
    random,
    log: (event) => world.log(event),
  };
}

/** Each master sees it in its own way: one of them misses the data, another may not see them. */
function hopeless(process: SimProcess): SpotfoldError {
  const code = /[02468]$/.test(process.name) ? "no-such-store" : "access-denied";
  return new SpotfoldError(code, process.name);
}

/** The catalog's answer; it is filled by listing when it was deleted, or has not seen a later block. */
async function catalogued(world: World, process: SimProcess, spec: RunSpec): Promise<PartitionedBlock[]> {
  if (spec.run === hopelessRun) throw hopeless(process);
  const blocks: PartitionedBlock[] = [];
  for await (const page of new SimStore("data", world.data, process).list("")) {
    for (const { key, size, etag } of page.blobs) {
      const dimensions = layout.match(key) ?? {};
      if (matches(spec.filter, dimensions))
        blocks.push({ key, size, etag, dimensions, partition: dimensions["date"] ?? "" });
    }
  }
  world.catalog = blocks.map((block) => block.key);
  return blocks;
}

/**
 * `spotfold cancel`: the commit itself, made by whoever asks. True for a run that no master had admitted; throws for one that was not
 * submitted.
 */
export async function cancel(world: World, process: SimProcess, run: string): Promise<boolean> {
  const context = masterContext(world, process);
  const { store } = context;
  const stored = await readAll(store, runKey(run));
  if (stored === null) throw new SpotfoldError("usage", `there is no run ${run}`);
  if ((await store.head(inboxKey(run))) !== null) {
    const early = await cancelUnadmitted(context, parseRun(run, stored.bytes));
    await store.delete([inboxKey(run)]);
    if (early) return true;
  }
  await endRun(context, aggregate, run, "cancelled");
  return false;
}
