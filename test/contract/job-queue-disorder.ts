/**
 * A queue as the worst server could be: delivers messages again while their lease lasts, to others, fewer than it could, and
 * in any order.
 * The contract suite runs on it, to show that the suite asks for no more than the port promises.
 */
import type { EntryResult, JobQueue, Lease, LeaseOptions, OutgoingMessage } from "../../shared/ports/job-queue.ts";
import type { Random } from "../../shared/ports/clock.ts";

/** Of the leases that have room for one. */
const duplicateShareDefault = 0.2;
/** Between the handle of a delivery and the number of its duplicate. */
const duplicateMark = "+";

function originalOf(handle: string): string {
  return handle.split(duplicateMark)[0] ?? handle;
}

/** Sends a batch, and gives what came, in any order. */
function shuffled<Entry>(entries: readonly Entry[], random: Random): Entry[] {
  return entries
    .map((entry) => ({ entry, at: random.float() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ entry }) => entry);
}

export function disorderly(queue: JobQueue, random: Random, duplicateShare = duplicateShareDefault): JobQueue {
  const delivered: Lease[] = [];
  let duplicates = 0;
  const gone = new Set<string>();
  return {
    name: queue.name,
    async send(messages) {
      const order = shuffled([...messages.keys()], random);
      const results = await queue.send(order.map((at) => messages[at] as OutgoingMessage));
      return messages.map((_, at) => results[order.indexOf(at)] as EntryResult);
    },
    async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
      const fewer = max > 1 ? Math.ceil(random.float() * max) : max;
      const leases = await queue.lease(fewer, options);
      delivered.push(...leases);
      const again = delivered[Math.floor(random.float() * delivered.length)];
      const duplicate = leases.length > 0 && leases.length < max && random.float() < duplicateShare;
      if (!duplicate || again === undefined) return shuffled(leases, random);
      if (gone.has(again.handle) || leases.includes(again)) return shuffled(leases, random);
      const handle = `${again.handle}${duplicateMark}${++duplicates}`;
      return shuffled([{ ...again, handle, receiveCount: again.receiveCount + 1 }, ...leases], random);
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
