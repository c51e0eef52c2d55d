/**
 * The lock of a folder store: every change of a key's entry happens while it is held, whichever process makes it.
 *
 * It is the write lock of an empty SQLite database in the store's hidden area. Nothing is ever written to it: what is used
 * is a kernel lock, which dies with its process, kill -9 included. (Node has no other call for one.) What runs under the
 * lock is synchronous, a handful of system calls, so it is held for microseconds and never across an await. Hence waiting
 * is asynchronous, too: the event loop of a process that waits goes on.
 *
 * What may go wrong: a process stopped (SIGSTOP) in that moment holds everybody up: `store-unavailable` after
 * `lockWaitMsMax`. The file replaced under us: `no-such-store`, since our lock would exclude nobody.
 */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { SpotfoldError } from "../../errors.ts";

/** Far beyond any held lock, short of the shortest lease. */
const lockWaitMsMax = 30_000;
/** So many sections are some milliseconds: then others have their turn. */
const sectionsPerHoldMax = 64;
/** Between two tries: random up to this, so that waiters do not march in step. */
const retryMsMax = 4;

const sqliteBusy = 5;
const sqliteReadOnly = 8;
const sqliteFull = 13;

interface Waiting {
  readonly run: () => void;
  readonly fail: (error: unknown) => void;
}

export class FolderLock {
  readonly #path: string;
  /** Known from the first hold: the file comes into being with it. */
  #inode: bigint | undefined;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #waiting: Waiting[] = [];
  #number = 0;
  /** Changed in step with `#waiting` only, never across an await: who waits is always seen. */
  #running = false;

  /**
   * Opens the lock file, makes it when it is absent. Nobody may open this file by `node:fs`: closing any descriptor of it
   * would drop the locks of the whole process.
   */
  constructor(path: string) {
    this.#path = path;
    this.#database = new DatabaseSync(path, { timeout: 0 });
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#end = this.#database.prepare("ROLLBACK");
  }

  /**
   * Runs `section` while the lock is held. It must not throw after it changed something that has to be undone. Sections that
   * wait at the same time share one hold, one after the other: taking the lock costs more than what is done under it.
   */
  hold<T>(section: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        run: () => {
          try {
            resolve(section());
          } catch (error) {
            reject(error);
          }
        },
        fail: reject,
      });
      if (!this.#running) void this.#runWaiting();
    });
  }

  async #runWaiting(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // Whoever is ready in this turn of the event loop comes along.
      await nextTurn();
      try {
        await this.#take();
        for (const { run } of this.#waiting.splice(0, sectionsPerHoldMax)) run();
        this.#end.run();
      } catch (error) {
        // Taking or giving back failed: sections keep what they throw to themselves.
        for (const { fail } of this.#waiting.splice(0)) fail(error);
      }
    }
    this.#running = false;
  }

  async #take(): Promise<void> {
    const startedAt = performance.now();
    while (!this.#taken()) {
      if (performance.now() - startedAt > lockWaitMsMax) {
        throw new SpotfoldError(
          "store-unavailable",
          `The store's lock was not free within ${lockWaitMsMax / 1000} s.`,
          {
            hint: "A process that uses this folder seems to be stopped; let it go on, or end it.",
            retryable: true,
            context: { path: this.#path },
          },
        );
      }
      await sleep(Math.random() * retryMsMax);
    }
    this.#number++;
    try {
      this.#checkInode();
    } catch (error) {
      this.#end.run();
      throw error;
    }
  }

  /** Of the hold that is now, or was last: what was seen under it may have changed under the next one. */
  get number(): number {
    return this.#number;
  }

  close(): void {
    this.#database.close();
  }

  #taken(): boolean {
    try {
      this.#begin.run();
      return true;
    } catch (error) {
      const number = sqliteCode(error);
      if (number === sqliteBusy) return false;
      if (number === sqliteFull) {
        throw new SpotfoldError("disk-full", `The disk is full: the store's lock cannot be taken (${this.#path}).`, {
          hint: "Free some space on the disk.",
          context: { path: this.#path },
          cause: error,
        });
      }
      throw new SpotfoldError(
        number === sqliteReadOnly ? "read-only" : "store-unavailable",
        `The store's lock cannot be taken: ${String(error)}`,
        { hint: "The folder must be on a local disk and writable.", context: { path: this.#path }, cause: error },
      );
    }
  }

  #checkInode(): void {
    const inode = statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino;
    this.#inode ??= inode;
    if (inode !== undefined && inode === this.#inode) return;
    throw new SpotfoldError("no-such-store", "The folder was removed or replaced while it was in use.", {
      hint: "Start again.",
      context: { path: this.#path },
    });
  }
}

function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
