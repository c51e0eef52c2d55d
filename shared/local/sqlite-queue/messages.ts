/**
 * The operations on the tables of a queue file (`schema.ts`). Each is synchronous and short; the caller brings the time and,
 * for those that write, the transaction.
 *
 *   visible --claim--> leased --extend--> leased
 *   leased --remove--> gone;  leased --give back--> delayed;  leased, delayed --due--> visible, at the next claim
 *
 * Ends of leases and delays are wall-clock times, for they must outlive processes and boots. Should the clock step back,
 * `keepTime` moves them back as far, so that nothing stays invisible for longer than it was meant to. A step while nobody
 * wrote goes unseen; a message then stays invisible for at most as long again as its lease or delay was.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { SpotfoldError } from "../../errors.ts";
import type { Lease, QueueCounts } from "../../ports/job-queue.ts";
import { shares } from "./shares.ts";

/** Steps back below this are let be; all processes of one machine read one clock, so that none is due to a comparison. */
export const clockStepMs = 1_000;
/** The latest time is written at most this often: it costs a page. */
const clockMarkMs = 250;
/** Messages that one claim shows when they are due: some ms of work. The rest is for the next. */
const shownAtOnceMax = 1_000;

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
  readonly #group: StatementSync;
  readonly #groupId: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertBody: StatementSync;
  readonly #show: StatementSync;
  readonly #next: StatementSync;
  readonly #claim: StatementSync;
  readonly #serve: StatementSync;
  readonly #turn: StatementSync;
  readonly #delete: StatementSync;
  readonly #extend: StatementSync;
  readonly #giveBack: StatementSync;
  readonly #due: StatementSync;
  readonly #counts: StatementSync;
  readonly #overdue: StatementSync;
  readonly #latest: StatementSync;
  readonly #mark: StatementSync;
  readonly #stepBack: StatementSync;
  readonly #version: StatementSync;

  /** `queue`: of `queueId`. */
  constructor(db: DatabaseSync, queue: number) {
    this.#queue = queue;
    const held = "id = ? AND token = ? AND due_at > ?";
    // A group that comes anew has the last one's turn: it is neither before nor behind those that wait.
    this.#group = db.prepare(`
      INSERT INTO message_group (queue, name, turn) SELECT id, ?, turn FROM queue WHERE id = ? ON CONFLICT DO NOTHING
    `);
    this.#groupId = db.prepare("SELECT id FROM message_group WHERE queue = ? AND name = ?");
    this.#insert = db.prepare("INSERT INTO message (queue, message_group, visible, due_at) VALUES (?, ?, ?, ?)");
    this.#insertBody = db.prepare("INSERT INTO body (id, body) VALUES (?, ?)");
    this.#show = db.prepare(`
      UPDATE message SET visible = 1, token = NULL WHERE id IN (
        SELECT id FROM message WHERE queue = ? AND visible = 0 AND due_at <= ? ORDER BY due_at LIMIT ${shownAtOnceMax}
      )
    `);
    this.#next = db.prepare(
      "SELECT id, visible, leased FROM message_group WHERE queue = ? AND visible > 0 ORDER BY leased, turn LIMIT ?",
    );
    this.#claim = db.prepare(`
      UPDATE message SET visible = 0, due_at = ?, token = ?, deliveries = deliveries + 1
      WHERE id IN (SELECT id FROM message WHERE message_group = ? AND visible = 1 ORDER BY due_at LIMIT ?)
      RETURNING id, deliveries, (SELECT body FROM body WHERE body.id = message.id) AS body
    `);
    this.#serve = db.prepare("UPDATE message_group SET turn = ? WHERE id = ?");
    this.#turn = db.prepare("UPDATE queue SET turn = turn + 1 WHERE id = ? RETURNING turn");
    this.#delete = db.prepare(`DELETE FROM message WHERE ${held}`);
    this.#extend = db.prepare(`UPDATE message SET due_at = ? WHERE ${held}`);
    this.#giveBack = db.prepare(`UPDATE message SET due_at = ?, token = NULL WHERE ${held}`);
    this.#due = db.prepare(`
      SELECT EXISTS (SELECT 1 FROM message_group WHERE queue = ?1 AND visible > 0) AS visible,
        (SELECT min(due_at) FROM message WHERE queue = ?1 AND visible = 0) AS next
    `);
    this.#counts = db.prepare(`
      SELECT ifnull(sum(messages), 0) AS messages, ifnull(sum(visible), 0) AS visible, ifnull(sum(leased), 0) AS leased
      FROM message_group WHERE queue = ?
    `);
    this.#overdue = db.prepare(`
      SELECT count(*) AS messages, count(token) AS leased FROM message WHERE queue = ? AND visible = 0 AND due_at <= ?
    `);
    this.#latest = db.prepare("SELECT latest FROM clock");
    this.#mark = db.prepare("UPDATE clock SET latest = ?");
    this.#stepBack = db.prepare("UPDATE message SET due_at = due_at - ? WHERE visible = 0 AND due_at > ?");
    this.#version = db.prepare("PRAGMA data_version");
  }

  /** Begins every transaction that writes. `now` must have been read inside of it. */
  keepTime(now: number): void {
    const latest = this.#latestTime();
    const stepMs = latest - now;
    if (stepMs > clockStepMs) this.#stepBack.run(stepMs, now);
    if (stepMs > clockStepMs || -stepMs >= clockMarkMs) this.#mark.run(now);
  }

  /** The id of the named group, made if need be: good until the transaction ends. */
  groupId(name: string): number {
    this.#group.run(name, this.#queue);
    return numberOf(this.#groupId.get(this.#queue, name), "id");
  }

  /** `group`: of `groupId`. */
  add(group: number, body: string, now: number, delayMs: number): void {
    const { lastInsertRowid } = this.#insert.run(this.#queue, group, delayMs > 0 ? 0 : 1, Math.ceil(now + delayMs));
    this.#insertBody.run(lastInsertRowid, body);
  }

  /**
   * Leases up to `max` visible messages: each of the group with the fewest leased ones, of several the one that was served
   * least recently; of a group, those first that have been visible for longest.
   */
  claim(max: number, now: number, dueAt: number, token: string): (Delivery & Omit<Lease, "handle">)[] {
    this.#show.run(this.#queue, now);
    const groups = this.#next.all(this.#queue, max).map((row) => ({
      id: numberOf(row, "id"),
      visible: numberOf(row, "visible"),
      leased: numberOf(row, "leased"),
    }));
    if (groups.length === 0) return [];
    const turn = numberOf(this.#turn.get(this.#queue), "turn");
    const leases: (Delivery & Omit<Lease, "handle">)[] = [];
    for (const [index, share] of shares(groups, max).entries()) {
      const group = groups[index]?.id ?? 0;
      if (share === 0) continue;
      this.#serve.run(turn, group);
      for (const row of this.#claim.all(dueAt, token, group, share)) {
        const body = row["body"];
        if (typeof body !== "string") throw damaged("a message has lost its body");
        leases.push({ id: numberOf(row, "id"), token, body, receiveCount: numberOf(row, "deliveries") });
      }
    }
    if (leases.length === 0) throw damaged("groups count messages that are not there");
    return leases;
  }

  /** Like the following two, does nothing unless this delivery's lease lasts. */
  remove({ id, token }: Delivery, now: number): void {
    this.#delete.run(id, token, now);
  }

  extend({ id, token }: Delivery, now: number, dueAt: number): void {
    this.#extend.run(dueAt, id, token, now);
  }

  giveBack({ id, token }: Delivery, now: number, dueAt: number): void {
    this.#giveBack.run(dueAt, id, token, now);
  }

  /**
   * How long until a message may be there to claim: 0 or less when one is, Infinity when the queue is empty. 0 as well when
   * the clock has stepped back, for a claim sets that right.
   */
  dueInMs(now: number): number {
    if (this.#latestTime() - now > clockStepMs) return 0;
    const due = this.#due.get(this.#queue);
    if (due?.["visible"] === 1) return 0;
    const next = due?.["next"];
    return typeof next === "number" ? next - now : Infinity;
  }

  counts(now: number): QueueCounts {
    const all = this.#counts.get(this.#queue);
    const overdue = this.#overdue.get(this.#queue, now);
    const visible = numberOf(all, "visible") + numberOf(overdue, "messages");
    const leased = numberOf(all, "leased") - numberOf(overdue, "leased");
    return { visible, leased, delayed: numberOf(all, "messages") - visible - leased };
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
