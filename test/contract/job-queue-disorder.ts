/**
 * A queue as the worst server could be: delivers messages again while their lease lasts, to others, fewer than it could, and
 * in any order. The contract suite runs on it, to show that the suite asks for no more than the port promises; and whole runs
 * do, over servers that speak SQS (test/e2e/disorder.test.ts).
 */
import type { EntryResult, JobQueue, Lease, LeaseOptions, OutgoingMessage } from "../../shared/ports/job-queue.ts";
import type { Random } from "../../shared/ports/clock.ts";

export interface Disorder {
  /** Of the leases that could bring a duplicate, those that do. Default 0.2. */
  readonly duplicateShare?: number;
  /** Also of messages that were acknowledged: SQS may, seldom. Default: no. */
  readonly duplicatesOfGone?: boolean;
  /** Messages come late by up to so much, each by another time: later ones overtake them. Default 0. */
  readonly lateMsMax?: number;
}

/** Between the handle of a delivery and the number of its duplicate. */
const duplicateMark = "+";

function originalOf(handle: string): string {
  return handle.split(duplicateMark)[0] ?? handle;
}

/** Whether a handle is that of a duplicate. */
export function isDuplicate(handle: string): boolean {
  return handle.includes(duplicateMark);
}

function shuffled<Entry>(entries: readonly Entry[], random: Random): Entry[] {
  return entries
    .map((entry) => ({ entry, at: random.float() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ entry }) => entry);
}

export function disorderly(queue: JobQueue, random: Random, disorder: Disorder = {}): JobQueue {
  const { duplicateShare = 0.2, duplicatesOfGone = false, lateMsMax = 0 } = disorder;
  const delivered: Lease[] = [];
  let duplicates = 0;
  const gone = new Set<string>();

  /** An earlier delivery once more, if chance and what was delivered allow it. */
  function duplicate(besides: readonly Lease[]): Lease[] {
    const again = delivered[Math.floor(random.float() * delivered.length)];
    if (again === undefined || besides.includes(again)) return [];
    if (gone.has(again.handle) && !duplicatesOfGone) return [];
    if (random.float() >= duplicateShare) return [];
    const handle = `${again.handle}${duplicateMark}${++duplicates}`;
    return [{ ...again, handle, receiveCount: again.receiveCount + 1 }];
  }

  return {
    name: queue.name,
    async send(messages) {
      const order = shuffled([...messages.keys()], random);
      const late = ({ delayMs = 0, ...message }: OutgoingMessage): OutgoingMessage =>
        lateMsMax === 0 ? { ...message, delayMs } : { ...message, delayMs: delayMs + random.float() * lateMsMax };
      const results = await queue.send(order.map((at) => late(messages[at] as OutgoingMessage)));
      return messages.map((_, at) => results[order.indexOf(at)] as EntryResult);
    },
    async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
      // Who takes one message at a time gets the duplicate instead of another one.
      const alone = max === 1 ? duplicate([]) : [];
      if (alone.length > 0) return alone;
      const fewer = max > 1 ? Math.ceil(random.float() * max) : max;
      const leases = await queue.lease(fewer, options);
      delivered.push(...leases);
      const beside = leases.length > 0 && leases.length < max ? duplicate(leases) : [];
      return shuffled([...beside, ...leases], random);
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
