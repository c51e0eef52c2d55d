/**
 * Job queues in a SQLite file: several by name in one file, used by any number of processes of one machine.
 *
 * What was sent survives a power loss. A lease, an extension or an acknowledgement survives the death of any process; a power
 * loss may undo the last ones, and then a message comes again, as it may anyway. Messages of a group come roughly in the
 * order in which they became visible, which is no promise. Groups take turns: a message comes from the group that has the
 * fewest leased, so that a short run is not behind a long one's backlog; messages without a group are one group.
 *
 * Nobody tells a waiting process that another one has sent: it asks the file, every few milliseconds, whether there was a
 * commit (3 µs), and looks for messages only then, or when a lease or delay ends.
 */
import type { DatabaseSync } from "node:sqlite";
import { SpotfoldError, messageOf } from "../../errors.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import {
  accepted,
  checkLease,
  unknownHandle,
  whyNotDelayed,
  whyNotLeased,
  whyNotSent,
} from "../../ports/job-queue-limits.ts";
import type {
  EntryResult,
  JobQueue,
  Lease,
  LeaseOptions,
  OutgoingMessage,
  QueueCounts,
} from "../../ports/job-queue.ts";
import { durably, inTransaction, openSqlite, whenFree } from "../sqlite.ts";
import type { SqliteFile } from "../sqlite.ts";
import { batches } from "./batches.ts";
import { Messages, queueId } from "./messages.ts";
import type { Delivery } from "./messages.ts";
import { queueFormat } from "./schema.ts";

/**
 * How often a waiting lease asks whether anything happened. Waking up is what it costs, not asking: at 10 ms it is 2 % of a
 * core, at 25 ms below 1 %, and a message is had within 50 ms.
 */
const pollMs = 25;
/** Of one `lease`: more at a time would hold the lock, and memory, for long. */
const leasedAtOnceMax = 1_000;
const tokenDigits = 16;
const handlePattern = /^([0-9]{1,15})-([0-9a-f]{16})$/;

export interface SqliteJobQueueOptions {
  /** Which of the file's queues, e.g. `jobs`. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
}

function deliveryOf(handle: string): Delivery | undefined {
  const match = handlePattern.exec(handle);
  if (match === null) return undefined;
  return { id: Number(match[1]), token: match[2] ?? "" };
}

export class SqliteJobQueue implements JobQueue {
  readonly name: string;
  readonly #where: SqliteFile;
  readonly #db: DatabaseSync;
  readonly #messages: Messages;
  /** Our own commits that may have made a message visible: `data_version` tells of those of others only. */
  #ownCommits = 0;
  #closed = false;

  private constructor(name: string, where: SqliteFile, db: DatabaseSync, queue: number) {
    this.name = `sqlite:${where.file}#${name}`;
    this.#where = where;
    this.#db = db;
    this.#messages = new Messages(db, queue);
  }

  /** `file`: absolute; made if need be, with its folders. Fails as `openSqlite` does. */
  static async open(file: string, options: SqliteJobQueueOptions): Promise<SqliteJobQueue> {
    const { name, clock, random } = options;
    const where = { file, clock, random };
    const db = await openSqlite(where, queueFormat);
    try {
      const queue = await whenFree(where, () => inTransaction(db, () => queueId(db, name)));
      return new SqliteJobQueue(name, where, db, queue);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** In transactions of bounded size. Throws when nothing was sent; later failures are those of their entries. */
  async send(messages: readonly OutgoingMessage[]): Promise<EntryResult[]> {
    const results = messages.map((message) => whyNotSent(message) ?? accepted);
    const fit = [...messages.entries()].filter(([index]) => results[index] === accepted);
    let sent = 0;
    for (const batch of batches(fit, ([, { body }]) => body.length)) {
      try {
        await this.#write((now) => {
          const groups = new Map<string, number>();
          for (const [, { body, group = "", delayMs = 0 }] of batch) {
            const id = groups.get(group) ?? this.#messages.groupId(group);
            groups.set(group, id);
            this.#messages.add(id, body, now, delayMs);
          }
        }, durably);
      } catch (error) {
        if (sent === 0) throw error;
        const failed: EntryResult = { ok: false, reason: messageOf(error), retryable: true };
        for (const [index] of fit.slice(sent)) results[index] = failed;
        break;
      }
      sent += batch.length;
    }
    return results;
  }

  /** Rejects with the signal's reason when it aborts before there is a message. */
  async lease(max: number, options: LeaseOptions): Promise<Lease[]> {
    checkLease(this.name, max, options);
    const { clock } = this.#where;
    const until = clock.monotonic() + options.waitMs;
    for (;;) {
      options.signal?.throwIfAborted();
      if (this.#isClosed()) return [];
      // News is asked for before the messages: what is committed while we look counts as news.
      const { seen, dueInMs } = await this.#read((now) => ({
        seen: this.#news(),
        dueInMs: this.#messages.dueInMs(now),
      }));
      if (this.#isClosed()) return [];
      const leases = dueInMs <= 0 ? await this.#claim(Math.min(max, leasedAtOnceMax), options.leaseMs) : [];
      const now = clock.monotonic();
      if (leases.length > 0 || now >= until) return leases;
      await this.#waitForNews(seen, Math.min(until, now + Math.max(0, dueInMs)), options.signal);
    }
  }

  async extend(entries: readonly { readonly handle: string; readonly leaseMs: number }[]): Promise<EntryResult[]> {
    return this.#each(
      entries.map(({ handle, leaseMs }) => ({ handle, refusal: whyNotLeased(leaseMs), ms: leaseMs })),
      (delivery, now, ms) => this.#messages.extend(delivery, now, Math.ceil(now + ms)),
    );
  }

  async acknowledge(handles: readonly string[]): Promise<EntryResult[]> {
    return this.#each(
      handles.map((handle) => ({ handle, refusal: undefined, ms: 0 })),
      (delivery, now) => this.#messages.remove(delivery, now),
    );
  }

  async release(entries: readonly { readonly handle: string; readonly delayMs: number }[]): Promise<EntryResult[]> {
    return this.#each(
      entries.map(({ handle, delayMs }) => ({ handle, refusal: whyNotDelayed(delayMs), ms: delayMs })),
      (delivery, now, ms) => this.#messages.giveBack(delivery, now, Math.ceil(now + ms)),
    );
  }

  async counts(): Promise<QueueCounts> {
    return this.#read((now) => this.#messages.counts(now));
  }

  /** Leases that wait answer empty. The last process to close the file tidies its log away. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#db.close();
  }

  /** Throws when the first batch fails; handles of a later batch that does are answered one by one. */
  async #each(
    entries: readonly { readonly handle: string; readonly refusal: EntryResult | undefined; readonly ms: number }[],
    apply: (delivery: Delivery, now: number, ms: number) => void,
  ): Promise<EntryResult[]> {
    const results: EntryResult[] = [];
    for (const batch of batches(entries, () => 0)) {
      try {
        const answers = await this.#write((now) =>
          batch.map(({ handle, refusal, ms }) => {
            const delivery = deliveryOf(handle);
            if (delivery === undefined || refusal !== undefined) return refusal ?? unknownHandle;
            apply(delivery, now, ms);
            return accepted;
          }),
        );
        results.push(...answers);
      } catch (error) {
        if (results.length === 0) throw error;
        const failed: EntryResult = { ok: false, reason: messageOf(error), retryable: true };
        while (results.length < entries.length) results.push(failed);
        break;
      }
    }
    return results;
  }

  #claim(max: number, leaseMs: number): Promise<Lease[]> {
    const token = this.#where.random.hex(tokenDigits);
    return this.#write((now) =>
      this.#messages
        .claim(max, now, Math.ceil(now + leaseMs), token)
        .map(({ id, body, receiveCount }) => ({ body, handle: `${id}-${token}`, receiveCount })),
    );
  }

  async #waitForNews(seen: string, until: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#where;
    for (;;) {
      const leftMs = until - clock.monotonic();
      if (leftMs <= 0 || signal?.aborted === true || this.#isClosed()) return;
      if ((await this.#read(() => this.#news())) !== seen) return;
      await clock.sleep(Math.min(pollMs, leftMs), signal);
    }
  }

  #news(): string {
    return `${this.#messages.version()}-${this.#ownCommits}`;
  }

  /** A method, for it changes while others wait. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #read<Result>(work: (now: number) => Result): Promise<Result> {
    return whenFree(this.#where, () => {
      this.#checkOpen();
      return work(this.#where.clock.now());
    });
  }

  #write<Result>(
    work: (now: number) => Result,
    how: (db: DatabaseSync, commit: () => Result) => Result = (_, commit) => commit(),
  ): Promise<Result> {
    return whenFree(this.#where, () => {
      this.#checkOpen();
      const result = how(this.#db, () =>
        inTransaction(this.#db, () => {
          const now = Math.floor(this.#where.clock.now());
          this.#messages.keepTime(now);
          return work(now);
        }),
      );
      this.#ownCommits++;
      return result;
    });
  }

  #checkOpen(): void {
    if (!this.#closed) return;
    throw new SpotfoldError("internal", `The queue ${this.name} is closed.`, { context: { queue: this.name } });
  }
}
