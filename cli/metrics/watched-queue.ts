/** A worker's queue with its calls looked at: what is leased is counted, and a queue that does not answer shows in the health. */
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import type { Health } from "./health.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

/** Beyond the long poll that was asked for, if any. Queues have time-outs of their own, which end a call before. */
const callMsMax = 120_000;

export function watchedQueue(
  queue: JobQueue,
  health: Health,
  { leased, refused }: Pick<WorkerMetrics, "leased" | "refused">,
): JobQueue {
  return {
    name: queue.name,
    send: async (messages) => await queue.send(messages),
    lease: async (max, options) => {
      const call = async (): ReturnType<JobQueue["lease"]> => await queue.lease(max, options);
      const leases = await health.watch("leasing", callMsMax + options.waitMs, call);
      leased(leases.length);
      return leases;
    },
    extend: async (entries) => {
      const results = await health.watch("heartbeat", callMsMax, async () => await queue.extend(entries));
      refused(results.filter(({ ok }) => !ok).length);
      return results;
    },
    acknowledge: async (handles) => await queue.acknowledge(handles),
    release: async (entries) => await queue.release(entries),
    counts: async () => await queue.counts(),
    close: async () => await queue.close(),
  };
}
