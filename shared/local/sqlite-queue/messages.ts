/**
 * The tables of a queue file, and the operations on them. Each is synchronous and short; the caller brings the time and, for
 * those that write, the transaction.
 *
 *   queue    one row for each named queue
 *   message  visible when `visible_at` has come; leased = it has a token and `visible_at` is ahead; delayed = no token
 *   body     apart, so that a lease rewrites a short row
 *   clock    the latest time that anybody saw
 *
 * Ends of leases and delays are wall-clock times, for they must outlive processes and boots. Should the clock step back,
 * `keepTime` moves them back as far, so that nothing stays invisible for longer than it was meant to. A step while nobody
 * wrote goes unseen; a message then stays invisible for at most as long again as its lease or delay was.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { SpotfoldError } from "../../errors.ts";
import type { Lease, QueueCounts } from "../../ports/job-queue.ts";
import type { SqliteFormat } from "../sqlite.ts";

/** Steps back below this are let be; all processes of one machine read one clock, so that none is due to a comparison. */
export const clockStepMs = 1_000;
/** The latest time is written at most this often: it costs a page. */
const clockMarkMs = 250;

export const queueFormat: SqliteFormat = {
  /** "SpfQ". */
  applicationId: 0x53706651,
  version: 1,
  what: "a job queue of Spotfold",
  schema: `
    CREATE TABLE queue (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE message (
      id INTEGER PRIMARY KEY,
      queue INTEGER NOT NULL,
      visible_at INTEGER NOT NULL,
      token TEXT,
      deliveries INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX message_by_time ON message (queue, visible_at);
    CREATE TABLE body (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE clock (latest INTEGER NOT NULL) STRICT;
    INSERT INTO clock VALUES (0);
  `,
};

/** Names one delivery. The token is random: a file that is made anew counts its messages from 1 again. */
export interface Delivery {
  readonly id: number;
  readonly token: string;
}

type Row = Record<string, SQLOutputValue>;

function numberOf(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== "number") throw damaged(`${column} is not a number`);
  return value;
}

function damaged(what: string): SpotfoldError {
  return new SpotfoldError("corrupt", `The job queue's file is damaged: ${what}.`, {
    hint: "Move the file away: it is made anew, and open runs send their jobs again.",
  });
}

export class Messages {
  readonly #queue: number;
  readonly #insert: StatementSync;
  readonly #insertBody: StatementSync;
  readonly #claim: StatementSync;
  readonly #deleteBody: StatementSync;
  readonly #delete: StatementSync;
  readonly #hide: StatementSync;
  readonly #next: StatementSync;
  readonly #visible: StatementSync;
  readonly #hidden: StatementSync;
  readonly #latest: StatementSync;
  readonly #mark: StatementSync;
  readonly #stepBack: StatementSync;
  readonly #version: StatementSync;

  /** `queue`: of `queueId`. */
  constructor(db: DatabaseSync, queue: number) {
    this.#queue = queue;
    const held = "id = ? AND token = ? AND visible_at > ?";
    this.#insert = db.prepare("INSERT INTO message (queue, visible_at) VALUES (?, ?)");
    this.#insertBody = db.prepare("INSERT INTO body (id, body) VALUES (?, ?)");
    this.#claim = db.prepare(`
      UPDATE message SET visible_at = ?, token = ?, deliveries = deliveries + 1
      WHERE id IN (SELECT id FROM message WHERE queue = ? AND visible_at <= ? ORDER BY visible_at LIMIT ?)
      RETURNING id, deliveries, (SELECT body FROM body WHERE body.id = message.id) AS body
    `);
    this.#delete = db.prepare(`DELETE FROM message WHERE ${held}`);
    this.#deleteBody = db.prepare("DELETE FROM body WHERE id = ?");
    this.#hide = db.prepare(`UPDATE message SET visible_at = ?, token = ? WHERE ${held}`);
    this.#next = db.prepare("SELECT min(visible_at) AS next FROM message WHERE queue = ?");
    this.#visible = db.prepare("SELECT count(*) AS visible FROM message WHERE queue = ? AND visible_at <= ?");
    this.#hidden = db.prepare(
      "SELECT count(token) AS leased, count(*) AS hidden FROM message WHERE queue = ? AND visible_at > ?",
    );
    this.#latest = db.prepare("SELECT latest FROM clock");
    this.#mark = db.prepare("UPDATE clock SET latest = ?");
    this.#stepBack = db.prepare("UPDATE message SET visible_at = visible_at - ? WHERE visible_at > ?");
    this.#version = db.prepare("PRAGMA data_version");
  }

  /** Begins every transaction that writes. `now` must have been read inside of it. */
  keepTime(now: number): void {
    const latest = this.#latestTime();
    const stepMs = latest - now;
    if (stepMs > clockStepMs) this.#stepBack.run(stepMs, now);
    if (stepMs > clockStepMs || -stepMs >= clockMarkMs) this.#mark.run(now);
  }

  add(body: string, visibleAt: number): void {
    const { lastInsertRowid } = this.#insert.run(this.#queue, visibleAt);
    this.#insertBody.run(lastInsertRowid, body);
  }

  /** Leases up to `max` visible messages, those first that have been visible for longest. */
  claim(max: number, now: number, visibleAt: number, token: string): (Delivery & Omit<Lease, "handle">)[] {
    const rows = this.#claim.all(visibleAt, token, this.#queue, now, max);
    return rows.map((row) => {
      const body = row["body"];
      if (typeof body !== "string") throw damaged("a message has lost its body");
      return { id: numberOf(row, "id"), token, body, receiveCount: numberOf(row, "deliveries") };
    });
  }

  /** Like the following two, does nothing unless this delivery's lease lasts. */
  remove({ id, token }: Delivery, now: number): void {
    if (this.#delete.run(id, token, now).changes !== 0) this.#deleteBody.run(id);
  }

  extend({ id, token }: Delivery, now: number, visibleAt: number): void {
    this.#hide.run(visibleAt, token, id, token, now);
  }

  giveBack({ id, token }: Delivery, now: number, visibleAt: number): void {
    this.#hide.run(visibleAt, null, id, token, now);
  }

  /**
   * How long until a message may be there to claim: 0 or less when one is, Infinity when the queue is empty. 0 as well when
   * the clock has stepped back, for a claim sets that right.
   */
  dueInMs(now: number): number {
    if (this.#latestTime() - now > clockStepMs) return 0;
    const next = this.#next.get(this.#queue)?.["next"];
    return typeof next === "number" ? next - now : Infinity;
  }

  counts(now: number): QueueCounts {
    const hidden = this.#hidden.get(this.#queue, now);
    const leased = numberOf(hidden, "leased");
    const visible = numberOf(this.#visible.get(this.#queue, now), "visible");
    return { visible, leased, delayed: numberOf(hidden, "hidden") - leased };
  }

  /** Differs from the last answer when another connection has committed since. */
  version(): number {
    return numberOf(this.#version.get(), "data_version");
  }

  #latestTime(): number {
    return numberOf(this.#latest.get(), "latest");
  }
}

/** The id of the named queue, made if need be; in a transaction. */
export function queueId(db: DatabaseSync, name: string): number {
  db.prepare("INSERT INTO queue (name) VALUES (?) ON CONFLICT DO NOTHING").run(name);
  return numberOf(db.prepare("SELECT id FROM queue WHERE name = ?").get(name), "id");
}
