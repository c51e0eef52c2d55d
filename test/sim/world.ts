/**
 * One simulated world: stores, queues, data, two masters, some workers, two overlapping runs into one aggregate and one that
 * retries what they miss, and the faults of a seed. After the storm a third run asks for everything, and the world must come to rest with the right answer.
 */
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import { missingReasons } from "../../shared/formats/resolution.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import type { Filter } from "../../shared/dataset/types.ts";
import { inboxKey, runKey } from "../../shared/names.ts";
import type { SpotfoldError } from "../../shared/errors.ts";
import type { MasterEvent } from "../../master/context.ts";
import { ledgerRules, type LedgerRules } from "../../master/ledger/rules.ts";
import { workerRules, type WorkerRules } from "../../worker/rules.ts";
import type { WorkerEvent } from "../../worker/context.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import type { Random } from "../../shared/ports/clock.ts";
import { anyContent, damaged, etagOf, loaded, otherContent, type Content } from "./data.ts";
import { Kernel } from "./kernel.ts";
import { Monitor } from "./monitor.ts";
import { accessDenied, outage, SimStore } from "./ports.ts";
import { count, SimProcess, type FaultTables, type InFlight, type Weather } from "./process.ts";
import { FaultyQueue } from "./queue.ts";
import { Waste } from "./waste.ts";
import type { WorkLog } from "./runner.ts";
import { cancel, startMaster, startWorker, type Running } from "./start.ts";

export const aggregate = "dashboard";

/** How long faults go on; afterwards the world must come to rest. */
const stormMs = 3 * 60_000;
/** A world that is not at rest by then is stuck: it takes some minutes after the storm, and about 12,000 events. */
const patienceMs = 3_600_000;
const eventsMax = 120_000;

/** A run whose data are gone for ever: it stays in the inbox, with the reason that a master found. */
export const hopelessRun = "hopeless";

/** Of a run that retries: whatever blocks are missing by. */
const retry = Object.keys(missingReasons);

/** What one worker has in hand at most. */
export const slotsOfWorker = 2;
/** In hand at most: of each slot one that is read, and one that drains. */
export const jobsOfWorker = 2 * slotsOfWorker;

/** What a test replaces to plant a bug. */
export interface Planted {
  readonly ledgerRules?: Partial<LedgerRules>;
  readonly workerRules?: Partial<WorkerRules>;
  readonly store?: (store: BlobStore, role: "worker" | "master") => BlobStore;
  readonly web?: (store: BlobStore) => BlobStore;
  readonly jobs?: (queue: JobQueue) => JobQueue;
  readonly random?: (random: Random, role: "worker" | "master") => Random;
  /** The bug is the collector's: it is busy in every seed, and not in two of five. */
  readonly hastyCollection?: true;
  /** The bug is the publisher's: both masters publish all the time. */
  readonly hastyPublishing?: true;
}

export class World implements Weather {
  readonly kernel: Kernel;
  readonly tables: FaultTables;
  readonly planted: Planted;
  readonly monitor: Monitor;
  readonly store: MemoryBlobStore;
  readonly web: MemoryBlobStore;
  readonly data: MemoryBlobStore;
  readonly jobs: FaultyQueue;
  readonly ready: FaultyQueue;
  /** What lies under each key, now and before, by etag. */
  readonly contents = new Map<string, Content>();
  readonly keys: string[] = [];
  readonly waste = new Waste();
  readonly inFlight = new Set<InFlight>();
  readonly work: WorkLog = { executed: new Map() };
  /** The catalog: a cache that may be deleted at any moment. */
  catalog: string[] | null = null;
  #listener: (event: WorkerEvent | MasterEvent) => void = () => {};
  readonly runs: RunSpec[] = [];
  readonly #running = new Map<SimProcess, Running>();
  /** In some worlds garbage is deleted within seconds: sooner than a paused writer comes back. */
  readonly hastyCollection: boolean;
  readonly #masters: number;
  readonly #workers: number;
  #number = 0;
  #outageUntil = 0;
  #outageOf: SimProcess | null = null;
  #deniedUntil = 0;
  #stormy = true;

  constructor(seed: number, tables: FaultTables, planted: Planted = {}) {
    this.kernel = new Kernel(seed);
    this.tables = tables;
    this.planted = planted;
    const { clock, rng } = this.kernel;
    this.store = new MemoryBlobStore({ clock, name: "store", pageEntriesMax: rng.between(8, 60) });
    this.web = new MemoryBlobStore({ clock, name: "web", pageEntriesMax: 20 });
    this.data = new MemoryBlobStore({ clock, name: "data", pageEntriesMax: rng.between(10, 60) });
    this.monitor = new Monitor(this);
    this.jobs = new FaultyQueue("jobs", this);
    this.ready = new FaultyQueue("ready", this);
    this.hastyCollection = rng.chance(0.4) || planted.hastyCollection === true;
    this.#masters = 2;
    this.#workers = rng.between(3, 6);
  }

  get stormy(): boolean {
    return this.#stormy;
  }

  get rules(): { ledger: LedgerRules; worker: WorkerRules } {
    return {
      ledger: { ...ledgerRules, ...this.planted.ledgerRules },
      worker: { ...workerRules, ...this.planted.workerRules },
    };
  }

  /** Tells what masters and workers log. */
  listen(listener: (event: WorkerEvent | MasterEvent) => void): void {
    this.#listener = listener;
  }

  log(event: WorkerEvent | MasterEvent): void {
    this.waste.see(event);
    this.#listener(event);
  }

  kill(process: SimProcess): void {
    process.alive = false;
    this.#running.delete(process);
    const { role } = process;
    if (role === "submitter") return;
    this.kernel.after(this.kernel.rng.between(2_000, 60_000), () => this.start(role));
  }

  climate(process: SimProcess, label: string): SpotfoldError | null {
    if (!this.#stormy || process.role === "submitter") return null;
    if (process === this.#outageOf && this.kernel.now < this.#outageUntil && label.startsWith("store")) return outage;
    if (this.kernel.now < this.#deniedUntil && label.startsWith("data")) return accessDenied;
    return null;
  }

  start(role: "worker" | "master"): void {
    const process = new SimProcess(`${role}-${this.#number++}`, role, this.kernel, this);
    this.#running.set(process, role === "worker" ? startWorker(this, process) : startMaster(this, process));
  }

  /** One that nobody starts again: what it said is for the other to replace. */
  #loseMaster(): void {
    const process = this.anyProcess("master");
    if (process === undefined) return;
    process.alive = false;
    this.#running.delete(process);
  }

  /** A process that ended by itself is followed by another. */
  ended(process: SimProcess): void {
    if (process.alive) this.kill(process);
  }

  /** Runs the seed to its rest. Throws what the monitor found on the way, or that the world is stuck. */
  async run(): Promise<void> {
    this.#makeData();
    for (let i = 0; i < this.#masters; i++) this.start("master");
    for (let i = 0; i < this.#workers; i++) this.start("worker");
    const { rng } = this.kernel;
    this.#submitAt(0, "run-1", { date: { max: "20260102" } });
    const secondAt = rng.between(0, 60_000);
    this.#submitAt(secondAt, "run-2", { date: { min: "20260102" } });
    // Somebody thinks better of it at once: mostly before a master has seen it.
    if (rng.chance(0.1)) this.kernel.after(secondAt + rng.between(100, 5_000), () => this.cancelOne("run-2"));
    void this.submit(this.#specOf(hopelessRun, {}));
    // When most of the others have closed, and what they missed is nobody's.
    this.#submitAt(stormMs + rng.between(0, 150_000), "retry-1", {}, { format: 2, reprocess: true, retry });
    this.#scheduleFaults();
    this.kernel.after(stormMs, () => {
      this.#stormy = false;
      this.#submitAt(1_000, "run-3", {});
      if (rng.chance(0.2)) this.#loseMaster();
    });
    const rested = await this.kernel.run(
      () => this.monitor.failure !== null || this.monitor.isAtRest() || this.kernel.eventsRun > eventsMax,
      patienceMs,
    );
    if (this.monitor.failure !== null) throw this.monitor.failure;
    if (!rested || this.kernel.eventsRun > eventsMax)
      throw new Error(`the world did not come to rest: ${this.monitor.describe()}`);
  }

  #makeData(): void {
    const { rng } = this.kernel;
    const jobs = rng.between(20, 60);
    // 1 to 10 blocks a job on the average, mostly few.
    const blocks = Math.round(jobs * (1 + 9 * rng.float() ** 4));
    for (let i = 0; i < blocks; i++) {
      let content = anyContent(rng);
      if (content.suffix !== ".json" && rng.chance(0.008)) {
        content = damaged(content);
        count(this.tables.faults, "block corrupt");
      }
      const key = `d=2026010${1 + (i % 3)}/${String(i).padStart(4, "0")}${content.suffix}`;
      this.keys.push(key);
      this.putData(key, content);
    }
    this.slots = Math.max(1, Math.round(jobs / 8));
  }

  /** Slots that planning is told of: a quarter of the jobs of one run. */
  slots = 1;

  putData(key: string, content: Content): void {
    this.contents.set(`${key} ${etagOf(content.bytes)}`, content);
    void this.data.put(key, content.bytes);
  }

  #submitAt(ms: number, run: string, filter: Filter, change: Partial<RunSpec> = {}): void {
    const spec: RunSpec = { ...this.#specOf(run, filter), ...change };
    this.runs.push(spec);
    this.kernel.after(ms, () => void this.submit(spec));
  }

  #specOf(run: string, filter: Filter): RunSpec {
    return {
      format: 1,
      run,
      aggregate,
      submittedAt: 0,
      bundle: "0".repeat(64),
      analysis: { name: "sim", state: 1, key: ["kind", "id"], publishBy: 1, pointer: "versions.json" },
      params: loaded.description.params,
      inputs: [],
      dataset: { name: "data", place: "memory:data", layout: "d={date:yyyyMMdd}/", records: "ndjson" },
      filter: filter as RunSpec["filter"],
      partitionBy: "date",
      reprocess: false,
      deadlineMs: 3 * 3_600_000,
    };
  }

  /** A client that keeps trying: run.json first, the inbox last. */
  async submit(spec: RunSpec): Promise<void> {
    const process = new SimProcess(`submitter-${this.#number++}`, "submitter", this.kernel, this);
    const store = new SimStore("store", this.store, process);
    for (;;) {
      try {
        await store.create(runKey(spec.run), encodeStored(spec));
        await store.put(inboxKey(spec.run), encodeStored({ format: 1 }));
        return;
      } catch {
        await process.clock.sleep(5_000);
      }
    }
  }

  #scheduleFaults(): void {
    const { rng } = this.kernel;
    const actions = faultActions(this);
    const faults = rng.between(5, 14);
    for (let i = 0; i < faults; i++) {
      const action = rng.pick(actions);
      this.kernel.after(rng.float() * stormMs * 0.7, () => {
        if (this.#stormy) action();
      });
    }
  }

  get workerCount(): number {
    return [...this.#running.keys()].filter((process) => process.role === "worker").length;
  }

  isRunning(name: string): boolean {
    return [...this.#running.keys()].some((process) => process.name === name);
  }

  /** A process of this role that runs, or undefined. */
  anyProcess(role: "worker" | "master"): SimProcess | undefined {
    const processes = [...this.#running.keys()].filter((process) => process.role === role);
    return processes.length === 0 ? undefined : this.kernel.rng.pick(processes);
  }

  runningOf(process: SimProcess): Running | undefined {
    return this.#running.get(process);
  }

  replaceOne(): void {
    const key = this.kernel.rng.pick(this.keys);
    const content = [...this.contents].find(([id]) => id.startsWith(`${key} `))?.[1];
    if (content !== undefined) this.putData(key, otherContent(this.kernel.rng, content));
  }

  cancelOne(run: string): void {
    count(this.tables.faults, "run cancelled");
    const process = new SimProcess(`submitter-${this.#number++}`, "submitter", this.kernel, this);
    void cancel(this, process, run).then(
      (early) => {
        if (early) this.monitor.cancelledEarly(run);
      },
      () => {},
    );
  }

  /** All machines stop at once; of what was written and not synced, some is gone. */
  losePower(): void {
    const { rng } = this.kernel;
    for (const flight of [...this.inFlight].toReversed()) {
      flight.cancel?.();
      if (flight.syncedAt > this.kernel.now && rng.chance(0.5)) flight.undo?.();
    }
    this.inFlight.clear();
    this.waste.seeLoss(jobsOfWorker * [...this.#running.keys()].length);
    this.monitor.powerReturned();
    for (const process of this.#running.keys()) this.kill(process);
  }

  startOutage(process: SimProcess, ms: number): void {
    this.#outageOf = process;
    this.#outageUntil = this.kernel.now + ms;
  }

  startDenial(ms: number): void {
    this.#deniedUntil = this.kernel.now + ms;
  }
}

/** What may happen besides the troubles of single calls. */
function faultActions(world: World): (() => void)[] {
  const { kernel, tables } = world;
  const { rng } = kernel;
  return [
    () => {
      const process = world.anyProcess(rng.chance(0.7) ? "worker" : "master");
      process?.freeze(rng.between(20_000, 250_000));
      count(tables.faults, "process frozen");
    },
    () => {
      const process = world.anyProcess("worker");
      if (process === undefined) return;
      count(tables.faults, "spot notice");
      world.runningOf(process)?.drain?.("spot notice");
      kernel.after(120_000, () => world.ended(process));
    },
    () => {
      world.jobs.duplicateOne();
      count(tables.faults, "message duplicated");
    },
    () => {
      world.waste.seeLoss(jobsOfWorker * world.workerCount);
      world.jobs.purge();
      count(tables.faults, "queue purged");
    },
    () => {
      world.catalog = null;
      count(tables.faults, "catalog deleted");
    },
    () => {
      void world.data.delete([rng.pick(world.keys)]);
      count(tables.faults, "block gone");
    },
    () => {
      world.replaceOne();
      count(tables.faults, "block replaced");
    },
    () => {
      const process = world.anyProcess(rng.chance(0.5) ? "worker" : "master");
      if (process !== undefined) world.startOutage(process, rng.between(5_000, 90_000));
      count(tables.faults, "store outage");
    },
    () => {
      world.losePower();
      count(tables.faults, "power lost");
    },
    () => {
      world.startDenial(rng.between(5_000, 60_000));
      count(tables.faults, "access denied");
    },
    () => {
      world.cancelOne(rng.pick(["run-1", "run-2"]));
    },
    () => {
      const spec = world.runs[rng.between(0, 1)];
      if (spec !== undefined) void world.submit(spec);
      count(tables.faults, "inbox re-created");
    },
  ];
}
