/** A worker's queue with its calls looked at: what is leased is counted, and a queue that does not answer shows in the health. */
import { failingMsMin } from "../../shared/failing.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import type { Health } from "./health.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

/** Before scaling, beyond the long poll that was asked for: as long as calls may fail until that is failing. */
const leaseMsMax = failingMsMin;

/** Of `timing`. */
export interface WatchedTiming {
  readonly heartbeatMs: number;
  readonly scale: number;
}

export function watchedQueue(
  queue: JobQueue,
  health: Health,
  { leased, refused }: Pick<WorkerMetrics, "leased" | "refused">,
  { heartbeatMs, scale }: WatchedTiming,
): JobQueue {
  return {
    name: queue.name,
    send: async (messages) => await queue.send(messages),
    lease: async (max, options) => {
      const call = async (): ReturnType<JobQueue["lease"]> => await queue.lease(max, options);
      const leases = await health.watch("leasing", leaseMsMax * scale + options.waitMs, call);
      leased(leases.length);
      return leases;
    },
    extend: async (entries) => {
      // Until the next one is due; a lease is worth some four of them.
      const results = await health.watch("heartbeat", heartbeatMs, async () => await queue.extend(entries));
      refused(results.filter(({ ok }) => !ok).length);
      return results;
    },
    acknowledge: async (handles) => await queue.acknowledge(handles),
    release: async (entries) => await queue.release(entries),
    counts: async () => await queue.counts(),
    close: async () => await queue.close(),
  };
}
