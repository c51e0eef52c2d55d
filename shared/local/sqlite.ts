/**
 * Opens a SQLite file that several processes use at once, and runs short operations on it.
 *
 * The file is in WAL mode: readers and the one writer do not wait for each other, and what a killed process left unfinished
 * never happened. `node:sqlite` works on the calling thread, so an operation must be short, and waiting for another process's
 * write lock is done by trying again later, never by blocking the thread for long. Local disks only: WAL needs shared memory.
 */
import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SpotfoldError } from "../errors.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { makeFolders } from "./make-folders.ts";
import { isBusy, translateSqliteError } from "./sqlite-errors.ts";

/** SQLite itself waits this long for a lock, on this thread: most locks are held for less. */
const lockWaitMs = 3;
/** Then it is tried again after up to this long; several processes must not meet again and again. */
const retryMsMax = 8;
/** Locks are held for milliseconds: one that is not free for so long is held by something that hangs. */
const busyMsMax = 30_000;
/**
 * The log is cut back to this after a burst. As much is gathered in it before it is copied into the file: copying waits for the
 * disk twice, and a page that many transactions write is copied once.
 */
const logBytesMax = 16_777_216;
/** Bytes of a page, unless the format says otherwise: SQLite's own default. */
const pageBytesDefault = 4_096;

export interface SqliteFile {
  /** Absolute. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: Random;
}

export interface SqliteFormat {
  /** 32 bits that tell our files from others, written into the file's header. */
  readonly applicationId: number;
  readonly version: number;
  /** Statements that make an empty file one of this format and version. */
  readonly schema: string;
  /** Statements that make a file of an older version (the key) one of the next. Older files without any are refused. */
  readonly upgrades?: Readonly<Record<number, string>>;
  /**
   * Of a new file: a power of two from 512 to 65,536. Default 4,096, for rows that come and go one by one. Larger pages cost less
   * where many neighbours are written and read together.
   */
  readonly pageBytes?: number;
  /** For messages: `a job queue`. */
  readonly what: string;
}

/** Runs a synchronous operation, again while another process is in the way. Throws SpotfoldErrors. */
export async function whenFree<Result>(where: SqliteFile, operation: () => Result): Promise<Result> {
  const { file, clock, random } = where;
  const until = clock.monotonic() + busyMsMax;
  for (;;) {
    try {
      return operation();
    } catch (error) {
      if (!isBusy(error)) throw translateSqliteError(error, file);
      if (clock.monotonic() >= until) {
        throw new SpotfoldError("store-unavailable", `The file ${file} has been locked for ${busyMsMax / 1000} s.`, {
          hint: "Look for a process that holds it (lsof, fuser) and hangs.",
          retryable: true,
          context: { file },
          cause: error,
        });
      }
    }
    await clock.sleep(1 + random.float() * (retryMsMax - 1));
  }
}

/** All or nothing. Holds the file's write lock: keep `work` to milliseconds. */
export function inTransaction<Result>(db: DatabaseSync, work: () => Result): Result {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // Some errors (a full disk) have rolled back already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** What the file lacks, in order. Throws when it is somebody else's, or of a version that cannot be brought up to ours. */
function missing(db: DatabaseSync, file: string, format: SqliteFormat): string[] {
  const applicationId = pragma(db, "application_id");
  const version = Number(pragma(db, "user_version"));
  const empty = db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (empty && applicationId === 0 && version === 0) return [format.schema];
  const foreign = applicationId !== format.applicationId;
  const steps = Array.from({ length: Math.max(0, format.version - version) }, (_, i) => format.upgrades?.[version + i]);
  if (!foreign && version <= format.version && steps.every((step) => step !== undefined)) return steps;
  throw new SpotfoldError(
    "invalid-format",
    `The file ${file} is not ${format.what}${foreign ? "" : " of this version"}.`,
    {
      hint: foreign
        ? "Name another file, or move this one away."
        : "Use the version of Spotfold that made it, or move it away.",
      context: { file, version },
    },
  );
}

function prepare(db: DatabaseSync, file: string, format: SqliteFormat): void {
  const ready = missing(db, file, format).length === 0;
  // Without effect on a file that has pages.
  db.exec(`PRAGMA page_size = ${format.pageBytes ?? pageBytesDefault}`);
  const mode = db.prepare("PRAGMA journal_mode = WAL").get();
  if (mode?.["journal_mode"] !== "wal") {
    throw new SpotfoldError("store-unfit", `The disk of ${file} cannot be shared between processes.`, {
      hint: "Name a file on a local disk.",
      context: { file, mode: mode?.["journal_mode"] },
    });
  }
  db.exec(
    `PRAGMA journal_size_limit = ${logBytesMax}; PRAGMA wal_autocheckpoint = ${logBytesMax / Number(pragma(db, "page_size"))}`,
  );
  db.exec("PRAGMA synchronous = NORMAL");
  if (ready) return;
  inTransaction(db, () => {
    // Another process may have done it meanwhile.
    const steps = missing(db, file, format);
    if (steps.length === 0) return;
    for (const step of steps) db.exec(step);
    db.exec(`PRAGMA application_id = ${format.applicationId}; PRAGMA user_version = ${format.version}`);
  });
}

/**
 * Opens the file, or makes it, with the folders above it; one of an older version is brought up to this one, if it can be.
 * `synchronous` is NORMAL: commits survive the death of any process; the last ones may be undone by a power loss, whole and in
 * order. See `durably`.
 * Fails with `invalid-format` for a file that is not of this format (it stays as it is), `corrupt` for a damaged one.
 */
export async function openSqlite(where: SqliteFile, format: SqliteFormat): Promise<DatabaseSync> {
  const { file } = where;
  let db: DatabaseSync;
  try {
    makeFolders(dirname(file));
    // SQLite says only that it "cannot open"; the system says why.
    closeSync(openSync(file, "a"));
    db = new DatabaseSync(file, { timeout: lockWaitMs });
  } catch (error) {
    throw translateSqliteError(error, file);
  }
  try {
    await whenFree(where, () => prepare(db, file, format));
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What `work` commits survives a power loss too, with all that was committed before it. */
export function durably<Result>(db: DatabaseSync, work: () => Result): Result {
  // `fullfsync` matters on macOS only, whose fsync leaves the bytes in the disk's cache.
  db.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
  try {
    return work();
  } finally {
    db.exec("PRAGMA synchronous = NORMAL; PRAGMA fullfsync = OFF");
  }
}
