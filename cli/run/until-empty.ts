/**
 * A queue that is asked without waiting, and tells when it has nothing for a worker that has nothing in hand: one that asks for
 * all of its slots. What the worker gave back or acknowledged says less, since of a lease that ended it says nothing.
 */
import type { JobQueue } from "../../shared/ports/job-queue.ts";

export function untilEmpty(queue: JobQueue, slots: number, empty: () => void): JobQueue {
  return {
    name: queue.name,
    send: async (messages) => await queue.send(messages),
    lease: async (max, options) => {
      const leases = await queue.lease(max, { ...options, waitMs: 0 });
      if (leases.length === 0 && max === slots) empty();
      return leases;
    },
    extend: async (entries) => await queue.extend(entries),
    acknowledge: async (handles) => await queue.acknowledge(handles),
    release: async (entries) => await queue.release(entries),
    counts: async () => await queue.counts(),
    close: async () => await queue.close(),
  };
}
