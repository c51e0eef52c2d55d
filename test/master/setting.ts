/** A master's surroundings in memory: stores, queues, a catalog, a clock that stands still; and what workers would write. */
import { loaded } from "../sim/data.ts";
import { SimExecutors } from "../sim/executors.ts";
import type { SimProcess } from "../sim/process.ts";
import { ManualClock, seededRandom } from "../support/manual-clock.ts";
import { Ledger, type Snapshot } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import type { MasterContext, MasterEvent, PartitionedBlock } from "../../master/context.ts";
import type { BlockRef } from "../../shared/dataset/types.ts";
import type { Manifest, OpenRun } from "../../shared/formats/ledger.ts";
import { blocksDigest, type PlannedBlock } from "../../shared/formats/plan.ts";
import type { Resolution } from "../../shared/formats/resolution.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { encodeStored } from "../../shared/formats/stored.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import { attemptKey, inboxKey, resolutionKey, runKey } from "../../shared/names.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { encodeKey } from "../../shared/segment/key.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";

export const aggregate = "agg";

export function specOf(run: string, change: Partial<RunSpec> = {}): RunSpec {
  return {
    format: 1,
    run,
    aggregate,
    submittedAt: 0,
    bundle: "0".repeat(64),
    analysis: { name: "sim", state: 1, key: ["kind", "id"], publishBy: 1, pointer: "versions.json" },
    params: {},
    inputs: [],
    dataset: { name: "data", place: "memory:", layout: "d={date:yyyyMMdd}/", records: "ndjson" },
    filter: {},
    partitionBy: "date",
    reprocess: false,
    deadlineMs: 7 * 86_400_000,
    ...change,
  };
}

/** `d=20260101/a` is a block of partition 20260101. */
export function blocksNamed(...keys: readonly string[]): PartitionedBlock[] {
  return keys.toSorted(compareTexts).map((key) => ({
    key,
    size: 100,
    etag: `etag of ${key}`,
    dimensions: { date: key.slice(2, 10) },
    partition: key.slice(2, 10),
  }));
}

/** Any key, day by day: `count` of them. */
export function manyBlocks(count: number, days = 1): PartitionedBlock[] {
  const name = (i: number): string => `d=2026010${1 + (i % days)}/block${String(i).padStart(5, "0")}`;
  return blocksNamed(...Array.from({ length: count }, (_, i) => name(i)));
}

/** What a job's worker says of it; by default every block is covered with one record. */
export interface Told {
  readonly missing?: Resolution["missing"];
  readonly remaining?: Resolution["remaining"];
  readonly handedOn?: string | null;
  readonly attempt?: string;
  readonly change?: Partial<Resolution>;
}

export class MasterSetting {
  readonly clock = new ManualClock();
  readonly random = seededRandom(7);
  readonly store = new MemoryBlobStore({ clock: this.clock, name: "store" });
  readonly web = new MemoryBlobStore({ clock: this.clock, name: "web" });
  readonly jobs = new MemoryJobQueue({ clock: this.clock, random: this.random });
  readonly ready = new MemoryJobQueue({ clock: this.clock, random: this.random });
  readonly events: MasterEvent[] = [];
  /** What the catalog lists for every run. */
  catalog: readonly PartitionedBlock[] = [];

  context(change: Partial<MasterContext> = {}): MasterContext {
    const at = { call: async (_: string, act: () => unknown) => act() };
    const clock = { sleep: async () => {} };
    const still = { ...at, clock, kernel: { rng: { latency: () => 0 } } } as unknown as SimProcess;
    const executors = new SimExecutors(still, loaded);
    const store = change.store ?? this.store;
    return {
      id: "master",
      store,
      web: this.web,
      jobs: this.jobs,
      ready: this.ready,
      dead: null,
      ledger: new Ledger(store, this.random),
      rules: ledgerRules,
      executors,
      blocksOf: async () => this.catalog,
      bundleOf: async () => ({ sha256: "0".repeat(64), path: "bundle", params: {}, inputs: [] }),
      page: async () => [],
      readFile: (path) => executors.readFile(path),
      liveSlots: async () => 1,
      timing: {
        foldMs: 5_000,
        publishMs: 60_000,
        compactMs: 60_000,
        collectMs: 60_000,
        resendMs: 60_000,
        statusMs: 30_000,
        retainMs: 86_400_000,
        standbyMs: 20_000,
        scale: 1,
      },
      clock: this.clock,
      random: this.random,
      log: (event) => this.events.push(event),
      ...change,
    };
  }

  of<Name extends MasterEvent["event"]>(name: Name): Extract<MasterEvent, { event: Name }>[] {
    return this.events.filter((event): event is Extract<MasterEvent, { event: Name }> => event.event === name);
  }

  async submit(spec: RunSpec): Promise<void> {
    await this.store.create(runKey(spec.run), encodeStored(spec));
    await this.store.put(inboxKey(spec.run), encodeStored({ format: 1, run: spec.run, aggregate: spec.aggregate }));
  }

  async read(): Promise<Snapshot> {
    const base = await new Ledger(this.store, this.random).read(aggregate);
    if (base.manifest === null) throw new Error("the aggregate has no manifest");
    return base;
  }

  async manifest(): Promise<Manifest> {
    return (await this.read()).manifest;
  }

  async open(run: string): Promise<OpenRun> {
    const open = (await this.manifest()).open.find((candidate) => candidate.run === run);
    if (open === undefined) throw new Error(`${run} is not open`);
    return open;
  }

  async keys(prefix = ""): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of this.store.list(prefix)) keys.push(...page.blobs.map(({ key }) => key));
    return keys;
  }

  /** What a worker writes that executed the job: segment and resolution. Answers the resolution's key. */
  async resolve(open: OpenRun, job: string, blocks: readonly PlannedBlock[], told: Told = {}): Promise<string> {
    const attempt = told.attempt ?? this.random.hex(16);
    const { missing = [], remaining = [], handedOn = null } = told;
    const others = new Set([...missing.map(({ block }) => block), ...remaining.flat()]);
    const covered = blocks.flatMap((_, block) =>
      others.has(block) ? [] : [{ block, records: 1, rawBytes: 10, rejected: {} }],
    );
    const key = attemptKey(aggregate, open.plan, job, attempt, "segment");
    const bytes = segmentOf(covered.flatMap(({ block }) => blocks[block] ?? []));
    if (covered.length > 0) await this.store.put(key, bytes);
    const partitions = [...new Set(covered.map(({ block }) => blocks[block]?.partition ?? ""))];
    const resolution: Resolution = {
      format: 1,
      run: open.run,
      plan: open.plan,
      job,
      attempt,
      worker: "w",
      digest: blocksDigest(blocks),
      covered,
      missing,
      remaining,
      handedOn,
      segment:
        covered.length === 0
          ? null
          : { key, bytes: bytes.length, entries: covered.length, partitions, units: ["block"] },
      ...told.change,
    };
    const name = resolutionKey(aggregate, open.plan, job);
    await this.store.create(name, encodeStored(resolution));
    return name;
  }
}

/** `[partition, "block", key] -> 1` of each. */
function segmentOf(blocks: readonly (BlockRef & { readonly partition: string })[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new SegmentWriter((bytes) => chunks.push(bytes), { columns: 3 });
  const keys = blocks.map(({ partition, key }) => encodeKey([partition, "block", key])).toSorted(compareTexts);
  for (const key of keys) writer.addText(key, "1");
  writer.finish();
  return Buffer.concat(chunks);
}

type Method = "get" | "head" | "put" | "create" | "swap" | "list" | "delete" | "lend";

/** The store, with something that happens before a call takes effect (or after, before its reply). */
export function intercepted(
  store: BlobStore,
  before: (method: Method, key: string) => Promise<void> | void,
  after: (method: Method, key: string) => Promise<void> | void = () => {},
): BlobStore {
  const around =
    <Args extends [string, ...unknown[]], T>(method: Method, call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      await before(method, args[0]);
      const answer = await call(...args);
      await after(method, args[0]);
      return answer;
    };
  return {
    name: store.name,
    get: around("get", store.get.bind(store)),
    head: around("head", store.head.bind(store)),
    put: around("put", store.put.bind(store)),
    create: around("create", store.create.bind(store)),
    swap: around("swap", store.swap.bind(store)),
    lend: around("lend", store.lend.bind(store)),
    async *list(prefix, options) {
      await before("list", prefix);
      yield* store.list(prefix, options);
    },
    async delete(keys) {
      for (const key of keys) await before("delete", key);
      await store.delete(keys);
    },
    close: async () => {},
  };
}
