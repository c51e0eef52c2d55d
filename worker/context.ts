/** What a worker is given: ports, children, time. Everything that a test or the simulator replaces is here. */
import type { AttemptLimits, BundleRef, JobRunner } from "../executor/types.ts";
import type { DatasetSpec } from "../shared/dataset/types.ts";
import type { RunSpec } from "../shared/formats/run.ts";
import type { BlobBody, BlobStore } from "../shared/ports/blob-store.ts";
import type { Clock, Random } from "../shared/ports/clock.ts";
import type { JobQueue } from "../shared/ports/job-queue.ts";
import type { JobCounts } from "./job-counts.ts";
import type { WorkerRules } from "./rules.ts";

/** All in ms. */
export interface WorkerTiming {
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Long poll on the queue. */
  readonly waitMs: number;
  /** Between two writes of `workers/<id>`. */
  readonly statusMs: number;
  /** After a notice, an attempt hands on only when this much work is checkpointed (or a quarter of the job). */
  readonly handOnMs: number;
  /** Unit of back-off: 1 normally; tests scale it with the rest. */
  readonly scale: number;
}

/** Fetches what a run needs to local files, and keeps it. */
export interface BundleCache {
  /** Verified by hash. Throws SpotfoldError when it cannot be fetched or is not what its name says. */
  fetch(spec: RunSpec): Promise<BundleRef>;
}

/** Answers which values of the dimensions a block's key spells. */
export type DimensionsOf = (dataset: DatasetSpec, key: string) => Readonly<Record<string, string>>;

export interface WorkerContext {
  /** Unique for each start of a worker. */
  readonly id: string;
  readonly slots: number;
  /** The work store. */
  readonly store: BlobStore;
  /** The store that a dataset lies in. */
  readonly data: (dataset: DatasetSpec) => Promise<BlobStore>;
  readonly jobs: JobQueue;
  readonly ready: JobQueue;
  readonly runner: JobRunner;
  readonly bundles: BundleCache;
  readonly dimensionsOf: DimensionsOf;
  /** Reads a file that the runner made. */
  readonly readFile: (path: string) => BlobBody;
  readonly rules: WorkerRules;
  readonly limits: AttemptLimits;
  readonly timing: WorkerTiming;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (event: WorkerEvent) => void;
}

/** The vocabulary of a worker's log. */
export type WorkerEvent =
  | { readonly event: "job-started"; readonly run: string; readonly job: string; readonly attempt: string }
  | {
      readonly event: "job-ended";
      readonly run: string;
      readonly job: string;
      readonly how: string;
      /** Of a job that an attempt's failure resolved: handed on, or given up. Elsewhere `how` is the cause. */
      readonly cause?: string;
      readonly message?: string;
      readonly hint?: string;
      /** The key of the block that was in hand. */
      readonly block?: string;
      /** When its resolution is this worker's. */
      readonly counts?: JobCounts;
    }
  /** A leased message is out of hand: each that was leased has one end. */
  | { readonly event: "lease-ended"; readonly how: string }
  | { readonly event: "message-refused"; readonly why: string }
  | {
      readonly event: "queue-failed";
      readonly what: string;
      readonly message: string;
      readonly hint?: string;
      /** Of leases and heartbeats: in a row, this one included. */
      readonly failures?: number;
    }
  | { readonly event: "status-failed"; readonly message: string; readonly hint?: string }
  /** A pair for each outage (reach.ts): nothing is leased between them. */
  | { readonly event: "store-away"; readonly message: string; readonly hint?: string }
  | { readonly event: "store-back"; readonly awayMs: number }
  /** After `queue-failed` of leases. */
  | { readonly event: "queue-back"; readonly failures: number; readonly awayMs: number }
  | { readonly event: "worker-gives-up"; readonly why: string };
