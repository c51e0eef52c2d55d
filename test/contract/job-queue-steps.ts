/** What the parts of the JobQueue suite share. */
import assert from "node:assert/strict";
import type { JobQueue, Lease } from "../../shared/ports/job-queue.ts";
import type { Lack } from "../support/requirements.ts";

export interface QueueUnderTest {
  /** Two ways to the same new, empty queue; they may be one object where there is no other way in. */
  open(): Promise<readonly [JobQueue, JobQueue]>;
  /** Leases and delays of the tests are multiples of this. */
  readonly unitMs: number;
  /** From a send, or the end of a delay or lease, until a waiting lease answers. */
  readonly wakeMsMax: number;
  /** Delivers once while a lease lasts, counts right, and an ended lease's handle does nothing to the next holder. */
  readonly strict: boolean;
  /** Groups take turns. */
  readonly fair: boolean;
  /** What the server behind it is known not to do. */
  readonly lacks?: readonly Lack[];
}

/** A lease that none of the tests outlives. */
export const longMs = 60_000;

/** Leases and acknowledges until nothing comes for a while; the distinct bodies, sorted. */
export async function drain(queue: JobQueue, quietMs: number): Promise<string[]> {
  const bodies = new Set<string>();
  for (;;) {
    const leases = await queue.lease(10, { leaseMs: longMs, waitMs: quietMs });
    if (leases.length === 0) return [...bodies].toSorted();
    for (const { body } of leases) bodies.add(body);
    const results = await queue.acknowledge(leases.map(({ handle }) => handle));
    assert.ok(results.every(({ ok }) => ok));
  }
}

export async function leaseOne(queue: JobQueue, leaseMs: number, waitMs: number): Promise<Lease> {
  const leases = await queue.lease(1, { leaseMs, waitMs });
  assert.equal(leases.length, 1, `a message within ${waitMs} ms`);
  return leases[0] as Lease;
}

/** Milliseconds until the promise is settled, and its value. */
export async function timed<Value>(promise: Promise<Value>): Promise<[Value, number]> {
  const start = performance.now();
  const value = await promise;
  return [value, performance.now() - start];
}

export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `job ${String(index).padStart(5, "0")}`);
}

/** Opens the queue under test for one test, and closes it after. */
export type Open = () => Promise<readonly [JobQueue, JobQueue]>;

/** A queue that holds this one message. */
export async function openWith(open: Open, body: string): Promise<readonly [JobQueue, JobQueue]> {
  const queues = await open();
  assert.deepEqual(await queues[0].send([{ body }]), [{ ok: true }]);
  return queues;
}
