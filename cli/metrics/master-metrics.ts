/** What a master counts: most of it are events of its log; passes and open runs are looked at. */
import { Counter, Gauge, Histogram } from "prom-client";
import type { OpenRun } from "../../shared/formats/ledger.ts";
import { loopNames, type WatchPass } from "../compose/master-loops.ts";
import { addLook, counting, daemonMetrics, joined, type CountEvent, type DaemonMetrics } from "./registry.ts";

export interface MasterLooks {
  readonly isLeading: () => boolean;
  /** Of the last pass; none while it stands by. */
  readonly open: () => readonly OpenRun[];
  /** Seconds since the epoch. */
  readonly nowSeconds: () => number;
  readonly monotonicSeconds: () => number;
}

export interface MasterMetrics extends DaemonMetrics {
  readonly watch: WatchPass;
}

/** A pass that finds nothing takes some milliseconds on a disk; one that compacts a large aggregate, minutes. */
const passSeconds = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600, 3_600];

export function masterMetrics(version: string, looks: MasterLooks): MasterMetrics {
  const { registry, count } = daemonMetrics("master", version);
  const registers = [registry];
  const passes = new Counter({
    name: "spotfold_master_passes_total",
    help: "Passes that ended, by loop and outcome",
    labelNames: ["loop", "outcome"] as const,
    registers,
  });
  const durations = new Histogram({
    name: "spotfold_master_pass_duration_seconds",
    help: "How long passes took, without waiting for something to do",
    labelNames: ["loop"] as const,
    buckets: passSeconds,
    registers,
  });
  const lastSuccess = new Gauge({
    name: "spotfold_master_last_success_timestamp_seconds",
    help: "When a pass of the loop last succeeded, seconds since the epoch",
    labelNames: ["loop"] as const,
    registers,
  });
  for (const loop of loopNames) for (const outcome of ["done", "failed"]) passes.inc({ loop, outcome }, 0);
  addLook(registry, "spotfold_master_leading", "1 while this master leads, 0 while it stands by", () =>
    looks.isLeading() ? 1 : 0,
  );
  const runsOpen = "Open runs at the last pass of the leading master; 0 while it stands by";
  addLook(registry, "spotfold_master_runs_open", runsOpen, () => looks.open().length);
  const outstanding = "Jobs of open runs that are not entered yet, at the last pass of the leading master";
  addLook(registry, "spotfold_master_jobs_outstanding", outstanding, () =>
    looks.open().reduce((sum, run) => sum + run.jobs - run.foldedJobs + run.successors.length, 0),
  );
  return {
    registry,
    count: joined(count, eventCounters(registers)),
    watch: async (loop, pass) => {
      const begunAt = looks.monotonicSeconds();
      let outcome = "failed";
      try {
        const result = await pass();
        outcome = "done";
        lastSuccess.set({ loop }, looks.nowSeconds());
        return result;
      } finally {
        passes.inc({ loop, outcome });
        durations.observe({ loop }, looks.monotonicSeconds() - begunAt);
      }
    },
  };
}

function eventCounters(registers: DaemonMetrics["registry"][]): CountEvent {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name: `spotfold_master_${name}_total`, help, labelNames, registers });
  const admitted = counter("runs_admitted", "Runs that were admitted", []);
  const refused = counter("runs_refused", "Runs that were refused, or stay in the inbox", []);
  const closed = counter("runs_closed", "Runs that were closed, by how they ended", ["state"]);
  const sent = counter("jobs_sent", "Messages that were sent for jobs; again: the job had been sent before", ["again"]);
  const entered = counter("jobs_entered", "Jobs whose resolutions were entered", []);
  const published = counter("publications", "Publications of aggregates, by outcome", ["outcome"]);
  const compacted = counter("compactions", "Merges of segments, by what they are of", ["what"]);
  const deleted = counter("blobs_collected", "Blobs that the collector has deleted", []);
  // There from the start, so that the first of a kind shows as a rise.
  for (const state of ["finished", "cancelled", "expired"]) closed.inc({ state }, 0);
  for (const again of ["false", "true"]) sent.inc({ again }, 0);
  for (const outcome of ["published", "failed"]) published.inc({ outcome }, 0);
  return counting({
    "run-admitted": () => admitted.inc(),
    "run-refused": () => refused.inc(),
    "run-closed": ({ state }) => closed.inc({ state }),
    "jobs-sent": ({ again, jobs }) => sent.inc({ again: String(again) }, jobs),
    "jobs-entered": ({ jobs }) => entered.inc(jobs),
    published: () => published.inc({ outcome: "published" }),
    "publish-failed": () => published.inc({ outcome: "failed" }),
    compacted: ({ what }) => compacted.inc({ what }),
    collected: (event) => deleted.inc(event.deleted),
  });
}
