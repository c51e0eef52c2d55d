/**
 * One open catalog file: short operations on it, by any number of processes. When the file turns out to be damaged or was
 * moved, the connection is *lost* for good: all that follows on it fails, so that nobody writes row numbers of the old file
 * into the new one.
 */
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { SpotfoldError } from "../errors.ts";
import { inTransaction, whenFree } from "../local/sqlite.ts";
import type { SqliteFile } from "../local/sqlite.ts";
import { isBusy, translateSqliteError } from "../local/sqlite-errors.ts";
import { memoryFile, openCatalogFile, putAside } from "./open.ts";

/** A reader meets a lock only while another process recovers the log after a crash, or ends it: milliseconds. */
const readRetryMs = 2;
const readRetriesMax = 2_500;

export class Connection {
  /** What was done about a file that could not be used, for people. */
  readonly notice: string | undefined;
  readonly #where: SqliteFile;
  readonly #db: DatabaseSync;
  readonly #inode: number | undefined;
  #lost: SpotfoldError | undefined;

  private constructor(where: SqliteFile, db: DatabaseSync, notice: string | undefined) {
    this.#where = where;
    this.#db = db;
    this.#inode = where.file === memoryFile ? undefined : statSync(where.file, { throwIfNoEntry: false })?.ino;
    this.notice = notice;
  }

  static async open(where: SqliteFile): Promise<Connection> {
    const { db, notice } = await openCatalogFile(where);
    return new Connection(where, db, notice);
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Runs short statements that only read. */
  read<Result>(work: (db: DatabaseSync) => Result): Result {
    if (this.#lost !== undefined) throw this.#lost;
    for (let tries = 1; ; tries++) {
      try {
        return work(this.#db);
      } catch (error) {
        if (!isBusy(error) || tries === readRetriesMax)
          throw this.#judged(translateSqliteError(error, this.#where.file));
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, readRetryMs);
    }
  }

  /** All or nothing; waits while others write. `work` may run again from its start. */
  async write<Result>(work: (db: DatabaseSync) => Result): Promise<Result> {
    if (this.#lost !== undefined) throw this.#lost;
    try {
      return await whenFree(this.#where, () => inTransaction(this.#db, () => work(this.#db)));
    } catch (error) {
      throw this.#judged(error);
    }
  }

  /** The error as it is, or `store-unavailable` when it means that the file is lost. */
  #judged(error: unknown): unknown {
    if (this.#lost !== undefined) return this.#lost;
    if (!(error instanceof SpotfoldError) || (error.code !== "corrupt" && error.code !== "no-such-store")) return error;
    this.#lost = new SpotfoldError(
      "store-unavailable",
      `The catalog ${this.#where.file} was lost while it was in use.`,
      {
        hint: "Start again: listing builds it anew.",
        retryable: true,
        context: { file: this.#where.file },
        cause: error,
      },
    );
    return this.#lost;
  }

  /** Closes a lost connection and opens the file again, put aside before if it is still the damaged one. */
  async again(): Promise<Connection> {
    this.close();
    const { file } = this.#where;
    const aside = file === memoryFile ? undefined : putAside(this.#where, this.#inode);
    const { db, notice } = await openCatalogFile(this.#where);
    const says = `The catalog ${file} is damaged. It was put aside as ${aside}; listing builds it anew.`;
    return new Connection(this.#where, db, aside === undefined ? notice : says);
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
