/**
 * A queue as the worst server could be: delivers messages again while their lease lasts, to others, and fewer than it could.
 * The contract suite runs on it, to show that the suite asks for no more than the port promises.
 */
import type { JobQueue, Lease, LeaseOptions } from "../../shared/ports/job-queue.ts";
import type { Random } from "../../shared/ports/clock.ts";

const duplicateShare = 0.2;
/** Between the handle of a delivery and the number of its duplicate. */
const duplicateMark = "+";

function originalOf(handle: string): string {
  return handle.split(duplicateMark)[0] ?? handle;
}

export function disorderly(queue: JobQueue, random: Random): JobQueue {
  const delivered: Lease[] = [];
  let duplicates = 0;
  const gone = new Set<string>();
  return {
    name: queue.name,
    send: (messages) => queue.send(messages),
    async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
      const fewer = max > 1 ? Math.ceil(random.float() * max) : max;
      const leases = await queue.lease(fewer, options);
      delivered.push(...leases);
      const again = delivered[Math.floor(random.float() * delivered.length)];
      const duplicate = leases.length > 0 && leases.length < max && random.float() < duplicateShare;
      if (!duplicate || again === undefined) return leases;
      if (gone.has(again.handle) || leases.includes(again)) return leases;
      const handle = `${again.handle}${duplicateMark}${++duplicates}`;
      return [{ ...again, handle, receiveCount: again.receiveCount + 1 }, ...leases];
    },
    extend: (entries) => queue.extend(entries.map((entry) => ({ ...entry, handle: originalOf(entry.handle) }))),
    acknowledge(handles) {
      const originals = handles.map(originalOf);
      for (const handle of originals) gone.add(handle);
      return queue.acknowledge(originals);
    },
    release: (entries) => queue.release(entries.map((entry) => ({ ...entry, handle: originalOf(entry.handle) }))),
    counts: () => queue.counts(),
    close: () => queue.close(),
  };
}
