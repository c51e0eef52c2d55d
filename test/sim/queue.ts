/**
 * A queue that misbehaves as SQS may, and worse: messages twice, late, lost, all gone, groups that take no turns. The monitor
 * sees what is deleted.
 */
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import type {
  EntryResult,
  JobQueue,
  Lease,
  LeaseOptions,
  OutgoingMessage,
  QueueCounts,
} from "../../shared/ports/job-queue.ts";
import { count } from "./process.ts";
import type { World } from "./world.ts";

export class FaultyQueue implements JobQueue {
  readonly name: string;
  readonly #world: World;
  #inner: MemoryJobQueue;
  /** Raised by a purge: handles of an earlier life do nothing, as late ones do. */
  #life = 0;
  readonly #sent: string[] = [];
  readonly #bodies = new Map<string, string>();

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
    this.#inner = this.#fresh();
  }

  #fresh(): MemoryJobQueue {
    const { clock, rng } = this.#world.kernel;
    return new MemoryJobQueue({ clock, random: rng, name: this.name });
  }

  /** All messages are gone; handles of the old life mean nothing. */
  purge(): void {
    this.#life++;
    this.#inner = this.#fresh();
  }

  duplicateOne(): void {
    if (this.#sent.length > 0) void this.#inner.send([{ body: this.#world.kernel.rng.pick(this.#sent) }]);
  }

  async send(messages: readonly OutgoingMessage[]): Promise<EntryResult[]> {
    const { rng } = this.#world.kernel;
    const { stormy, tables } = this.#world;
    for (const { body, delayMs = 0 } of messages) {
      const message = { body, delayMs };
      this.#sent.push(body);
      const lost = stormy && rng.chance(0.01);
      if (lost) count(tables.faults, "message lost");
      const twice = stormy && !lost && rng.chance(0.02);
      if (twice) count(tables.faults, "message duplicated");
      const copies = lost ? [] : twice ? [message, message] : [message];
      await this.#inner.send(copies);
    }
    return messages.map(() => ({ ok: true }));
  }

  async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
    const leases = await this.#inner.lease(max, options);
    return leases.map((lease) => {
      const handle = `${this.#life}:${lease.handle}`;
      this.#bodies.set(handle, lease.body);
      return { ...lease, handle };
    });
  }

  async extend(entries: readonly { readonly handle: string; readonly leaseMs: number }[]): Promise<EntryResult[]> {
    const live = entries.flatMap((entry) => this.#live(entry.handle, (handle) => ({ ...entry, handle })));
    await this.#inner.extend(live);
    return entries.map(() => ({ ok: true }));
  }

  async acknowledge(handles: readonly string[]): Promise<EntryResult[]> {
    if (this.name === "jobs") {
      for (const handle of handles) this.#world.monitor.messageDeleted(this.#bodies.get(handle));
    }
    await this.#inner.acknowledge(handles.flatMap((handle) => this.#live(handle, (inner) => inner)));
    return handles.map(() => ({ ok: true }));
  }

  async release(entries: readonly { readonly handle: string; readonly delayMs: number }[]): Promise<EntryResult[]> {
    const live = entries.flatMap((entry) => this.#live(entry.handle, (handle) => ({ ...entry, handle })));
    await this.#inner.release(live);
    return entries.map(() => ({ ok: true }));
  }

  #live<T>(handle: string, make: (inner: string) => T): T[] {
    const prefix = `${this.#life}:`;
    return handle.startsWith(prefix) ? [make(handle.slice(prefix.length))] : [];
  }

  async counts(): Promise<QueueCounts> {
    return await this.#inner.counts();
  }

  async close(): Promise<void> {}
}
