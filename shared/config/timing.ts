/**
 * All times that Spotfold keeps, in one block: what they are, how they depend on each other, and the one factor that scales
 * them all, so that tests with real processes see in seconds what takes minutes.
 */
import { leaseMsMax, waitMsMax } from "../ports/job-queue-limits.ts";
import type { Problem } from "./problems.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Before scaling. */
export const timingDefaults = {
  /** A job is a worker's for so long, unless extended. */
  leaseMs: 120 * secondMs,
  /** Between two extensions of all leases of a worker. */
  heartbeatMs: 25 * secondMs,
  /** A long poll on the queue. */
  waitMs: 20 * secondMs,
  /** No block bytes consumed for so long = timeout. */
  stallMs: minuteMs,
  /** An attempt in all, whatever its progress. */
  attemptMs: 6 * hourMs,
  /** State is drained to disk when it is so old. */
  checkpointMs: 30 * secondMs,
  /** After a notice, an attempt hands on when so much work is checkpointed. */
  handOnMs: minuteMs,
  /** Between two writes of a worker's status. */
  statusMs: 30 * secondMs,
  /** The master's lease has expired when it did not change for so long. */
  standbyMs: 20 * secondMs,
  /** A pass over the resolutions of open runs, at least so often. */
  foldMs: 10 * secondMs,
  /** While a run goes on. */
  publishMs: 10 * minuteMs,
  compactMs: minuteMs,
  collectMs: hourMs,
  /** Jobs are sent again when the queue was empty in two passes so far apart. */
  resendMs: minuteMs,
  /** An open run is closed after so long; the clock stops while it is held. */
  runDeadlineMs: 7 * dayMs,
  /** What nothing names is kept for so long, and manifests count as names for so long. */
  retainMs: dayMs,
  /** Published folders that no pointer names any more are kept for so long. */
  retainPublishedMs: 2 * dayMs,
  /** A data store is listed in full when the last full listing is so old. */
  fullListingMs: dayMs,
  /** `run` gives up when the environment has held it for so long. */
  heldMs: minuteMs,
  /** A daemon that drains is aborted after so long. */
  drainMs: 90 * secondMs,
} as const;

export type TimingName = keyof typeof timingDefaults;

export const timingNames = Object.keys(timingDefaults) as readonly TimingName[];

/** All in ms, scaled. */
export type Timing = Readonly<Record<TimingName, number>> & {
  /** For what is derived from no other time, such as back-off. */
  readonly scale: number;
};

/** A fiftieth is what tests use; below a thousandth the shortest times are shorter than a disk's answer. */
export const scaleMin = 0.001;
/** Longer times are set one by one: queues have limits of their own. */
export const scaleMax = 1;

type Relation = readonly [name: TimingName, rule: string, holds: (timing: Timing) => boolean];

/** Two beats may be lost, and the third still comes in time. */
const beatsPerLease = 3;

const relations: readonly Relation[] = [
  ["heartbeatMs", "must be less than a third of timing.leaseMs", (t) => t.heartbeatMs * beatsPerLease < t.leaseMs],
  ["leaseMs", "must be less than timing.attemptMs", (t) => t.leaseMs < t.attemptMs],
  ["stallMs", "must be less than timing.attemptMs", (t) => t.stallMs < t.attemptMs],
  ["checkpointMs", "must be less than timing.attemptMs", (t) => t.checkpointMs < t.attemptMs],
  ["attemptMs", "must be less than timing.runDeadlineMs", (t) => t.attemptMs < t.runDeadlineMs],
  ["attemptMs", `and timing.leaseMs must be at most 12 h together`, (t) => t.attemptMs + t.leaseMs <= leaseMsMax],
  ["attemptMs", "must be less than timing.retainMs", (t) => t.attemptMs < t.retainMs],
  ["foldMs", "must be less than timing.standbyMs", (t) => t.foldMs < t.standbyMs],
  ["foldMs", "must be at most timing.publishMs", (t) => t.foldMs <= t.publishMs],
  ["statusMs", "must be less than timing.resendMs", (t) => t.statusMs < t.resendMs],
  ["retainPublishedMs", "must be more than timing.publishMs", (t) => t.publishMs < t.retainPublishedMs],
  ["waitMs", `must be at most ${waitMsMax} ms, scaled`, (t) => t.waitMs <= waitMsMax],
];

/** `times` before scaling. */
export function scaled(times: Readonly<Record<TimingName, number>>, scale: number): Timing {
  const entries = timingNames.map((name) => [name, times[name] * scale]);
  return Object.freeze({ ...(Object.fromEntries(entries) as Record<TimingName, number>), scale });
}

/** The relations that do not hold. `sourceOf` says where a time was set. */
export function timingProblems(timing: Timing, sourceOf: (name: TimingName) => string): Problem[] {
  return relations
    .filter(([, , holds]) => !holds(timing))
    .map(([name, rule]) => ({
      field: `timing.${name}`,
      value: Math.round((timing[name] / timing.scale) * 1_000) / 1_000,
      rule,
      source: sourceOf(name),
    }));
}

/** As they are when nobody sets anything. */
export const defaultTiming: Timing = scaled(timingDefaults, 1);
