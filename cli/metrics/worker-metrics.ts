/**
 * What a worker counts: the ends of jobs by the events of its log, attempts by looking over the shoulder of their runner, leases by
 * the queue that they come from.
 */
import { Counter, Gauge, Histogram } from "prom-client";
import { readyOf } from "../../executor/runner-ready.ts";
import type { JobProgress, JobRunner } from "../../executor/types.ts";
import type { JobEnd } from "../../worker/job-types.ts";
import {
  addLook,
  boundedLabel,
  counting,
  daemonMetrics,
  joined,
  type CountEvent,
  type DaemonMetrics,
} from "./registry.ts";

export interface WorkerMetrics extends DaemonMetrics {
  /** The runner, with its attempts counted. */
  readonly watch: (runner: JobRunner) => JobRunner;
  /** So many messages were leased. Each has one `lease-ended`. */
  readonly leased: (messages: number) => void;
  /** So many extensions were refused by the queue. */
  readonly refused: (extensions: number) => void;
}

export interface WorkerLooks {
  readonly slots: number;
  readonly monotonicSeconds: () => number;
}

/** A small job is a second's work, a usual one some minutes'; no attempt is longer than 6 h. */
const attemptSeconds = [1, 5, 15, 60, 180, 600, 1_800, 3_600, 10_800, 21_600];

/** Authors choose their reasons; each is a series in the scraper's database. */
const reasonsMax = 50;

export function workerMetrics(version: string, { slots, monotonicSeconds }: WorkerLooks): WorkerMetrics {
  const { registry, count } = daemonMetrics("worker", version);
  const registers = [registry];
  addLook(
    registry,
    "spotfold_worker_slots",
    "Jobs whose blocks it reads at once, at most; beside each another one may drain",
    () => slots,
  );
  const inUse = new Gauge({
    name: "spotfold_worker_slots_in_use",
    help: "Attempts that are under way: reading, or draining",
    registers,
  });
  const leases = new Gauge({ name: "spotfold_worker_leases", help: "Messages that are leased and in hand", registers });
  const attempts = new Histogram({
    name: "spotfold_worker_attempt_duration_seconds",
    help: "How long attempts took; end: finished, or the cause that ended them before",
    labelNames: ["end"] as const,
    buckets: attemptSeconds,
    registers,
  });
  const bytes = new Counter({
    name: "spotfold_worker_read_bytes_total",
    help: "Compressed bytes of blocks that attempts have read, in vain or not",
    registers,
  });
  const heartbeats = new Counter({
    name: "spotfold_worker_heartbeat_failures_total",
    help: "Extensions of leases that failed: a whole call, or one message that the queue refused",
    registers,
  });
  return {
    registry,
    count: joined(
      count,
      jobCounters(registers),
      counting({
        "lease-ended": () => leases.dec(),
        "queue-failed": ({ what }) => {
          if (what === "extend") heartbeats.inc();
        },
      }),
    ),
    leased: (messages) => leases.inc(messages),
    refused: (extensions) => heartbeats.inc(extensions),
    watch: (runner) => ({
      ...readyOf(runner),
      run: async (task, hooks) => {
        const begunAt = monotonicSeconds();
        let [end, read] = ["failed", 0];
        const progress = (now: JobProgress): void => {
          bytes.inc(Math.max(0, now.bytes - read));
          read = Math.max(read, now.bytes);
          hooks.progress(now);
        };
        inUse.inc();
        try {
          const outcome = await runner.run(task, { ...hooks, progress });
          end = outcome.ended?.cause ?? "finished";
          return outcome;
        } finally {
          inUse.dec();
          attempts.observe({ end }, monotonicSeconds() - begunAt);
        }
      },
      release: async (attempt) => await runner.release(attempt),
    }),
  };
}

/** There from the start, so that the first of a kind shows as a rise. */
const jobEnds: readonly JobEnd[] = [
  "resolved",
  "dropped",
  "released",
  "held",
  "newer",
  "lost",
  "lease-lost",
  "away",
  "refused",
  "failed-here",
];

function jobCounters(registers: DaemonMetrics["registry"][]): CountEvent {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name: `spotfold_worker_${name}_total`, help, labelNames, registers });
  const jobs = counter("jobs", "Leased jobs that are out of hand, by how", ["end"]);
  const covered = counter("blocks_covered", "Blocks that this worker's resolutions cover", []);
  const missing = counter("blocks_missing", "Blocks that this worker's resolutions give up, by reason", ["reason"]);
  const handedOn = counter("blocks_handed_on", "Blocks that this worker's resolutions hand on to other jobs", []);
  const records = counter("records", "Records of settled blocks, rejected ones included", []);
  const rejected = counter("records_rejected", "Rejected records, by reason; beyond 50 reasons: other", ["reason"]);
  const decoded = counter("decoded_bytes", "Decoded bytes of covered blocks", []);
  const failures = counter("queue_failures", "Calls of queue or store around jobs that failed, by what for", ["what"]);
  for (const end of jobEnds) jobs.inc({ end }, 0);
  const reasonOf = boundedLabel(reasonsMax);
  return counting({
    "lease-ended": ({ how }) => jobs.inc({ end: how }),
    "queue-failed": ({ what }) => failures.inc({ what }),
    "job-ended": ({ counts }) => {
      if (counts === undefined) return;
      covered.inc(counts.covered);
      handedOn.inc(counts.handedOn);
      records.inc(counts.records);
      decoded.inc(counts.rawBytes);
      for (const [reason, blocks] of Object.entries(counts.missing)) missing.inc({ reason }, blocks);
      for (const [reason, number] of Object.entries(counts.rejected))
        rejected.inc({ reason: reasonOf(reason) }, number);
    },
  });
}
