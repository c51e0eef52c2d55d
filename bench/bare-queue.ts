/**
 * The least that a durable queue can do with SQLite: rows put into a bare table, marked and removed a few at a time. What the real queue
 * costs is a ratio to this, on whatever machine and beside whatever else it does.
 */
import { DatabaseSync } from "node:sqlite";

export class BareQueue {
  readonly #database: DatabaseSync;
  /** The first row that is still there. */
  #next = 1;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    this.#database.exec("CREATE TABLE m (id INTEGER PRIMARY KEY, body TEXT, leased INTEGER)");
  }

  /** In one transaction. */
  insert(bodies: readonly string[]): void {
    const insert = this.#database.prepare("INSERT INTO m (body, leased) VALUES (?, 0)");
    this.#database.exec("BEGIN");
    for (const body of bodies) insert.run(body);
    this.#database.exec("COMMIT");
  }

  /** So many rows from the front; two durable transactions for each batch, as a lease and its end are. */
  remove(count: number, batch: number): void {
    const mark = this.#database.prepare("UPDATE m SET leased = 1 WHERE id BETWEEN ? AND ?");
    const remove = this.#database.prepare("DELETE FROM m WHERE id BETWEEN ? AND ?");
    const end = this.#next + count;
    for (; this.#next < end; this.#next += batch) {
      const last = Math.min(this.#next + batch, end) - 1;
      mark.run(this.#next, last);
      remove.run(this.#next, last);
    }
    this.#next = end;
  }

  close(): void {
    this.#database.close();
  }
}
