/**
 * Opens a catalog file. A file that is damaged, no database at all, or of another version is put aside under a name that
 * says so, and a new one is begun: listing fills it again. Only a database of another program is refused.
 */
import { closeSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { SpotfoldError, codeOf } from "../errors.ts";
import { openSqlite } from "../local/sqlite.ts";
import type { SqliteFile } from "../local/sqlite.ts";
import { catalogFormat } from "./schema.ts";

/** The name under which SQLite keeps a database in memory. */
export const memoryFile = ":memory:";

export interface Opened {
  readonly db: DatabaseSync;
  /** What was done about the file that was there, for people; undefined when nothing had to be. */
  readonly notice: string | undefined;
}

/** https://sqlite.org/fileformat.html: the header of every database. */
const header = { bytes: 100, magic: "SQLite format 3\0", applicationIdAt: 68 } as const;
/** Another process may put a file aside at the same moment, and a third may damage it again; more than that is no accident. */
const triesMax = 3;

export async function openCatalogFile(where: SqliteFile): Promise<Opened> {
  if (where.file === memoryFile) {
    const db = new DatabaseSync(memoryFile);
    db.exec(catalogFormat.schema);
    return { db, notice: undefined };
  }
  let notice: string | undefined;
  for (let tries = 1; ; tries++) {
    const inode = inodeOf(where.file);
    try {
      const db = await openSqlite(where, catalogFormat);
      readable(db);
      // As much as a sync of one prefix touches: without it, listing a million blocks takes twice as long.
      db.exec(`PRAGMA cache_size = -${cacheKiB}`);
      return { db, notice };
    } catch (error) {
      const why = whyReplaceable(where.file, error);
      if (why === undefined || tries === triesMax) throw error;
      const aside = putAside(where, inode);
      if (aside !== undefined)
        notice = `The catalog ${where.file} ${why}. It was put aside as ${aside}; listing builds it anew.`;
    }
  }
}

const cacheKiB = 32_768;
/** Damage of the schema or of the smallest tables shows here, that of others when it is met. */
function readable(db: DatabaseSync): void {
  try {
    db.prepare("SELECT count(*) FROM dataset").get();
    db.prepare("SELECT count(*) FROM pass").get();
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What is wrong with the file, when it is one that may be put aside. */
function whyReplaceable(file: string, error: unknown): string | undefined {
  const sqlite = codeOf(error) === "ERR_SQLITE_ERROR";
  const code = error instanceof SpotfoldError ? error.code : undefined;
  if (!sqlite && code !== "corrupt" && code !== "invalid-format") return undefined;
  const found = readHeader(file);
  if (found === undefined) return undefined;
  if (!found.isSqlite) return "is no database";
  if (found.applicationId !== catalogFormat.applicationId) return undefined;
  return code === "invalid-format" ? "is of another version" : "is damaged";
}

function readHeader(file: string): { readonly isSqlite: boolean; readonly applicationId: number } | undefined {
  let descriptor: number;
  try {
    if (!statSync(file).isFile()) return undefined;
    descriptor = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(header.bytes);
    readSync(descriptor, bytes, 0, header.bytes, 0);
    const isSqlite = bytes.toString("latin1", 0, header.magic.length) === header.magic;
    return { isSqlite, applicationId: bytes.readUInt32BE(header.applicationIdAt) };
  } finally {
    closeSync(descriptor);
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

/**
 * Renames the file and its log. Does nothing when somebody else has replaced the file meanwhile (its inode is another); in
 * the moment between this look and the rename a good file may be put aside as well, which costs a listing.
 */
export function putAside({ file, clock, random }: SqliteFile, inode: number | undefined): string | undefined {
  if (inode === undefined || inodeOf(file) !== inode) return undefined;
  const stamp = new Date(clock.now())
    .toISOString()
    .replaceAll(/[^0-9]/g, "")
    .slice(0, 14);
  const aside = `${file}.aside-${stamp}-${random.hex(4)}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      renameSync(file + suffix, aside + suffix);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
  return aside;
}
