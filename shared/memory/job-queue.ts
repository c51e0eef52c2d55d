/**
 * A job queue in memory: for tests, for trying things out, and under the simulator.
 *
 * Every call takes effect at one moment, synchronously when it is made (a `lease` that waits: when a message comes), and
 * answers by a promise. Time is the clock's monotonic one. It promises no more than the port: messages come in an order that
 * the given `Random` chooses, a message whose lease ended is delivered again, and what is asked of an ended lease is
 * answered with yes and does nothing. Groups take turns: see the schedule.
 */
import {
  accepted,
  checkLease,
  unknownHandle,
  whyNotDelayed,
  whyNotLeased,
  whyNotSent,
} from "../ports/job-queue-limits.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { EntryResult, JobQueue, Lease, LeaseOptions, OutgoingMessage, QueueCounts } from "../ports/job-queue.ts";
import { Schedule } from "./job-queue-schedule.ts";
import type { Message } from "./job-queue-schedule.ts";

/** `<number of the message>-<number of the delivery>`. */
const handlePattern = /^([0-9]+)-[0-9]+$/;

export interface MemoryJobQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Default `memory:`. */
  readonly name?: string;
}

export class MemoryJobQueue implements JobQueue {
  readonly name: string;
  readonly #clock: Clock;
  readonly #schedule: Schedule;
  readonly #messages = new Map<number, Message>();
  /** Leases that wait, in the order in which they began. */
  readonly #waiters = new Set<() => void>();
  #closed = false;

  constructor(options: MemoryJobQueueOptions) {
    this.name = options.name ?? "memory:";
    this.#clock = options.clock;
    this.#schedule = new Schedule(options.random);
  }

  async send(messages: readonly OutgoingMessage[]): Promise<EntryResult[]> {
    const results = messages.map((outgoing) => {
      const refusal = whyNotSent(outgoing);
      if (refusal !== undefined) return refusal;
      const { body, group = "", delayMs = 0 } = outgoing;
      // Also without a delay: `advance` shows it.
      const message = this.#schedule.add(body, group, this.#clock.monotonic() + delayMs);
      this.#messages.set(message.number, message);
      return accepted;
    });
    this.#wakeWaiters();
    return results;
  }

  /** Rejects with the signal's reason when it aborts before there is a message. */
  async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
    checkLease(this.name, max, options);
    const { leaseMs, waitMs, signal } = options;
    const until = this.#clock.monotonic() + waitMs;
    for (;;) {
      signal?.throwIfAborted();
      const now = this.#clock.monotonic();
      const nextAt = this.#schedule.advance(now);
      const leases = this.#take(max, now + leaseMs);
      if (leases.length > 0 || now >= until || this.#closed) return leases;
      await this.#wait(Math.min(until, nextAt) - now, signal);
    }
  }

  async extend(entries: readonly { readonly handle: string; readonly leaseMs: number }[]): Promise<EntryResult[]> {
    return this.#each(entries, ({ handle, leaseMs }) => {
      const held = this.#held(handle);
      const refusal = whyNotLeased(leaseMs);
      if (held === undefined || refusal !== undefined) return refusal ?? unknownHandle;
      if (held === null) return accepted;
      this.#schedule.extend(held, this.#clock.monotonic() + leaseMs);
      return accepted;
    });
  }

  async acknowledge(handles: readonly string[]): Promise<EntryResult[]> {
    return this.#each(handles, (handle) => {
      const held = this.#held(handle);
      if (held === undefined) return unknownHandle;
      if (held === null) return accepted;
      this.#schedule.remove(held);
      this.#messages.delete(held.number);
      return accepted;
    });
  }

  async release(entries: readonly { readonly handle: string; readonly delayMs: number }[]): Promise<EntryResult[]> {
    return this.#each(entries, ({ handle, delayMs }) => {
      const held = this.#held(handle);
      const refusal = whyNotDelayed(delayMs);
      if (held === undefined || refusal !== undefined) return refusal ?? unknownHandle;
      if (held !== null) this.#schedule.giveBack(held, this.#clock.monotonic() + delayMs);
      return accepted;
    });
  }

  async counts(): Promise<QueueCounts> {
    this.#schedule.advance(this.#clock.monotonic());
    const { visible, leased, delayed } = this.#schedule;
    return { visible, leased, delayed };
  }

  /** Leases that wait answer empty. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wakeWaiters();
  }

  #each<Entry>(entries: readonly Entry[], apply: (entry: Entry) => EntryResult): EntryResult[] {
    const nextAt = this.#schedule.advance(this.#clock.monotonic());
    const results = entries.map(apply);
    // A message that is visible now, or sooner than a waiting lease reckoned with.
    if (this.#schedule.nextAt < nextAt) this.#wakeWaiters();
    return results;
  }

  /** The message of a lease that lasts; null when it has ended, undefined when the handle is none of ours. */
  #held(handle: string): Message | null | undefined {
    const match = handlePattern.exec(handle);
    if (match === null) return undefined;
    const message = this.#messages.get(Number(match[1]));
    return message?.handle === handle ? message : null;
  }

  #take(max: number, visibleAt: number): Lease[] {
    const leases: Lease[] = [];
    while (leases.length < max) {
      const lease = this.#schedule.take(visibleAt);
      if (lease === undefined) break;
      leases.push(lease);
    }
    return leases;
  }

  #wakeWaiters(): void {
    for (const wake of this.#waiters) wake();
  }

  async #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort("a message may be there");
    this.#waiters.add(wake);
    signal?.addEventListener("abort", wake);
    await this.#clock.sleep(ms, woken.signal);
    signal?.removeEventListener("abort", wake);
    this.#waiters.delete(wake);
  }
}
