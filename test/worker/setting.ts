/** A worker's surroundings in memory: stores, queues, a clock that stands still, a runner that does as the test says. */
import type { JobHooks, JobOutcome, JobTask } from "../../executor/types.ts";
import type { Hold } from "../../shared/formats/hold.ts";
import type { AttemptRecord } from "../../shared/formats/attempt.ts";
import type { JobMessage } from "../../shared/formats/message.ts";
import { blocksDigest, toRow, type PlannedBlock } from "../../shared/formats/plan.ts";
import { resolutionSchema, type Resolution } from "../../shared/formats/resolution.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { encodeStored, parseStored } from "../../shared/formats/stored.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import { attemptKey, attemptsPrefix, holdKey, resolutionKey, runKey } from "../../shared/names.ts";
import { readAll } from "../../shared/read-all.ts";
import type { WorkerContext, WorkerEvent } from "../../worker/context.ts";
import { readAttempts } from "../../worker/records.ts";
import { workerRules } from "../../worker/rules.ts";
import { specOf } from "../master/setting.ts";
import { ManualClock, seededRandom } from "../support/manual-clock.ts";

export const aggregate = "agg";
export const plan = "r1.0123456789ab";

export function blocksOf(count: number): PlannedBlock[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `d=20260101/${i}`,
    size: 100,
    etag: `e${i}`,
    partition: "20260101",
    tries: 0,
  }));
}

export function messageOf(blocks: readonly PlannedBlock[], change: Partial<JobMessage> = {}): JobMessage {
  return {
    format: 1,
    run: "r1",
    aggregate,
    plan,
    job: "000000",
    bundle: "0".repeat(64),
    send: 1,
    digest: blocksDigest(blocks),
    blocks: blocks.map(toRow),
    ...change,
  };
}

export function recordOf(change: Partial<AttemptRecord> & { readonly attempt: string }): AttemptRecord {
  return {
    format: 1,
    run: "r1",
    plan,
    job: "000000",
    worker: "w",
    handle: "h",
    startedAt: 0,
    memory: 1,
    end: null,
    ...change,
  };
}

/** As a runner waits with user code; false when it was stopped before. */
async function isRecorded({ recorded, stop }: JobHooks): Promise<boolean> {
  const stopped = new Promise<boolean>((resolve) => {
    if (stop.aborted) resolve(false);
    stop.addEventListener("abort", () => resolve(false));
  });
  return await Promise.race([Promise.resolve(recorded).then(() => true), stopped]);
}

/** Every block was read. */
export function allCounted(blocks: number): JobOutcome {
  return {
    reports: Array.from({ length: blocks }, (_, index) => ({
      index,
      records: 2,
      rawBytes: 20,
      rejected: {},
      verdict: "counted" as const,
    })),
    faults: [],
    ended: null,
    segment: {
      path: "segment",
      entries: 1,
      bytes: 7,
      rawBytes: 7,
      firstKey: Buffer.from("a"),
      lastKey: Buffer.from("a"),
      partitions: ["20260101"],
      units: ["u"],
    },
    log: new Uint8Array(),
  };
}

export class WorkerSetting {
  readonly clock = new ManualClock();
  readonly random = seededRandom(3);
  readonly store = new MemoryBlobStore({ clock: this.clock, name: "store" });
  readonly dataStore = new MemoryBlobStore({ clock: this.clock, name: "data" });
  readonly jobs = new MemoryJobQueue({ clock: this.clock, random: this.random });
  readonly ready = new MemoryJobQueue({ clock: this.clock, random: this.random });
  readonly events: WorkerEvent[] = [];
  readonly tasks: JobTask[] = [];
  readonly released: string[] = [];
  /** What the children do with a task. */
  run: (task: JobTask, hooks: JobHooks) => Promise<JobOutcome> | JobOutcome = (task) => allCounted(task.blocks.length);

  context(change: Partial<WorkerContext> = {}): WorkerContext {
    return {
      id: "w1",
      slots: 2,
      store: this.store,
      data: async () => this.dataStore,
      jobs: this.jobs,
      ready: this.ready,
      runner: {
        run: async (task, hooks) => {
          if (!(await isRecorded(hooks))) return { ...allCounted(0), segment: null };
          this.tasks.push(task);
          return await this.run(task, hooks);
        },
        release: async (attempt) => void this.released.push(attempt),
      },
      bundles: { fetch: async ({ bundle }) => ({ sha256: bundle, path: "bundle", params: {}, inputs: [] }) },
      dimensionsOf: () => ({}),
      readFile: async function* (path) {
        yield Buffer.from(path);
      },
      rules: workerRules,
      limits: {
        heapBytesMax: 512,
        rssBytesMax: 1024,
        stallMs: 60_000,
        attemptMs: 6 * 3_600_000,
        checkpointStateBytes: 1,
        checkpointMs: 30_000,
      },
      timing: { leaseMs: 120_000, heartbeatMs: 25_000, waitMs: 20_000, statusMs: 30_000, handOnMs: 60_000, scale: 1 },
      clock: this.clock,
      random: this.random,
      log: (event) => this.events.push(event),
      ...change,
    };
  }

  of<Name extends WorkerEvent["event"]>(name: Name): Extract<WorkerEvent, { event: Name }>[] {
    return this.events.filter((event): event is Extract<WorkerEvent, { event: Name }> => event.event === name);
  }

  async submit(spec: RunSpec = specOf("r1")): Promise<void> {
    await this.store.put(runKey(spec.run), encodeStored(spec));
  }

  async hold(change: Partial<Hold>): Promise<void> {
    const hold: Hold = {
      format: 1,
      run: "r1",
      kind: "none",
      what: "",
      where: "",
      hint: "",
      since: 0,
      until: 0,
      times: 1,
      heldMs: 0,
      ...change,
    };
    await this.store.put(holdKey(hold.run), encodeStored(hold));
  }

  async record(record: AttemptRecord): Promise<void> {
    const { job, attempt } = record;
    await this.store.put(attemptKey(aggregate, plan, job, attempt, "record"), encodeStored(record));
  }

  async records(job = "000000"): Promise<AttemptRecord[]> {
    return await readAttempts(this.store, aggregate, plan, job);
  }

  async resolution(job = "000000"): Promise<Resolution | null> {
    const blob = await readAll(this.store, resolutionKey(aggregate, plan, job));
    return blob === null ? null : parseStored("a resolution", blob.bytes, resolutionSchema);
  }

  async attemptKeys(job = "000000"): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of this.store.list(attemptsPrefix(aggregate, plan, job))) {
      keys.push(...page.blobs.map(({ key }) => key.slice(key.lastIndexOf("/") + 1)));
    }
    return keys;
  }
}
