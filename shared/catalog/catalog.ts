/**
 * The catalog: which blocks a dataset has, as far as they were listed. A SQLite file that any number of processes of one
 * machine read and sync at once, or `:memory:`. It is a cache. The data store is the truth; whoever deletes the file at any
 * moment costs a listing and nothing else.
 *
 * A block is `present`; `changed` once its size or etag differed from an earlier listing's; `vanished` when a listing that
 * covered its place did not find it any more. Vanished blocks are not selected.
 */
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { compileLayout, partitionOf } from "../dataset/layout.ts";
import type { Layout, PrefixDimensions } from "../dataset/layout.ts";
import { matches } from "../dataset/filter.ts";
import type { CataloguedBlock, DatasetSpec, Filter } from "../dataset/types.ts";
import { SpotfoldError } from "../errors.ts";
import { inTransaction, whenFree } from "../local/sqlite.ts";
import type { SqliteFile } from "../local/sqlite.ts";
import { isBusy, translateSqliteError } from "../local/sqlite-errors.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { memoryFile, openCatalogFile, putAside } from "./open.ts";
import { decodeTuple, tupleDimensions } from "./rows.ts";
import type { BlockState } from "./rows.ts";
import { rowsOf } from "./statements.ts";

export interface SelectedBlock extends CataloguedBlock {
  /** The block's date, or "". */
  readonly partition: string;
}

export interface ListedBlock extends SelectedBlock {
  readonly state: BlockState;
  /** When it was first listed, and when its state or etag last changed: ms since the epoch, this machine's clock. */
  readonly seenMs: number;
  readonly changedMs: number;
}

export interface CatalogOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** Rows that one statement reads: some 100 KB, a few milliseconds. */
const rowsAtOnce = 1_000;
/** A reader meets a lock only while another process recovers the log after a crash, or ends it: milliseconds. */
const readRetryMs = 2;
const readRetriesMax = 2_500;

type TupleRow = readonly [id: number, sort: Uint8Array, dimensions: string];
type BlockRow = readonly [
  key: string,
  size: number,
  etag: string,
  state: BlockState,
  seenMs: number,
  changedMs: number,
];

export class Catalog {
  readonly file: string;
  /** Said once to whoever opened it: a file that could not be used was put aside. */
  notice: string | undefined;
  /** Counts the times that the file was lost while it was open: what was read and written before is gone. */
  losses = 0;
  readonly #where: SqliteFile;
  #db: DatabaseSync;
  #inode: number | undefined;

  private constructor(where: SqliteFile, db: DatabaseSync, notice: string | undefined) {
    this.file = where.file;
    this.#where = where;
    this.#db = db;
    this.notice = notice;
    this.#inode = inodeOf(where.file);
  }

  /**
   * `file` is absolute, or `:memory:`; made if need be, with its folders. Look at `notice` afterwards. Fails with
   * `invalid-format` for a database of another program, `access-denied`, `read-only`, `disk-full`.
   */
  static async open(file: string, options: CatalogOptions): Promise<Catalog> {
    const where = { file, ...options };
    const { db, notice } = await openCatalogFile(where);
    return new Catalog(where, db, notice);
  }

  /** This machine's clock and randomness, as given. */
  get clock(): Clock {
    return this.#where.clock;
  }

  get random(): Random {
    return this.#where.random;
  }

  /**
   * The blocks that a filter selects, sorted by partition, leading dimensions, key, each in byte order. Read as they are
   * asked for, some thousand at a time; each block comes once, also while others sync.
   */
  *select(dataset: DatasetSpec, filter: Filter): Generator<SelectedBlock> {
    yield* this.list(dataset, filter, ["present", "changed"]);
  }

  /** `select` for any states, with times. */
  *list(
    dataset: DatasetSpec,
    filter: Filter,
    states: readonly BlockState[] = ["present", "changed", "vanished"],
  ): Generator<ListedBlock> {
    const layout = compileLayout(dataset.layout);
    const { restDimension } = layout;
    const { [restDimension ?? ""]: restAllowed, ...ofTuple } = filter;
    for (const { id, dimensions } of this.#tuples(dataset, layout)) {
      if (!matches(ofTuple, dimensions)) continue;
      const partition = partitionOf(layout, dimensions);
      for (const [key, size, etag, state, seenMs, changedMs] of this.#blocks(id, states)) {
        let spelled: Readonly<Record<string, string>> = dimensions;
        if (restDimension !== undefined) {
          spelled = layout.match(key) ?? dimensions;
          if (restAllowed !== undefined && !matches({ [restDimension]: restAllowed }, spelled)) continue;
        }
        yield { key, size, etag, dimensions: spelled, partition, state, seenMs, changedMs };
      }
    }
  }

  /** What is known of blocks that are there, and of prefixes that were left out: for `explainEmpty`. */
  *known(dataset: DatasetSpec): Generator<PrefixDimensions> {
    const layout = compileLayout(dataset.layout);
    for (const { id, dimensions } of this.#tuples(dataset, layout)) {
      for (const _ of this.#blocks(id, ["present", "changed"])) {
        yield { dimensions };
        break;
      }
    }
    const id = this.datasetId(dataset);
    let after = "";
    for (;;) {
      const rows = this.read((db) => {
        const query = "SELECT prefix, known FROM skipped WHERE dataset = ? AND prefix > ? ORDER BY prefix LIMIT ?";
        return rowsOf<readonly [string, string]>(db, query, id, after, rowsAtOnce);
      });
      for (const [, known] of rows) yield JSON.parse(known) as PrefixDimensions;
      const last = rows.at(-1);
      if (last === undefined) return;
      [after] = last;
    }
  }

  /** The datasets that were ever listed into this file. */
  datasets(): readonly Pick<DatasetSpec, "name" | "place" | "layout">[] {
    const rows = this.read((db) =>
      rowsOf<readonly [string, string, string]>(
        db,
        "SELECT name, place, layout FROM dataset ORDER BY name, place, layout",
      ),
    );
    return rows.map(([name, place, layout]) => ({ name, place, layout }));
  }

  /** The row of a dataset, 0 when it was never listed. */
  datasetId(dataset: DatasetSpec): number {
    return this.read((db) => {
      const query = "SELECT id FROM dataset WHERE name = ? AND place = ? AND layout = ?";
      const [row] = rowsOf<readonly [number]>(db, query, dataset.name, dataset.place, dataset.layout);
      return row?.[0] ?? 0;
    });
  }

  /** Distinct dimensions in the order of blocks, without the one that takes the end of keys. */
  *#tuples(dataset: DatasetSpec, layout: Layout): Generator<{ id: number; dimensions: Record<string, string> }> {
    const id = this.datasetId(dataset);
    const names = tupleDimensions(layout);
    let after: Uint8Array = new Uint8Array(0);
    for (;;) {
      const rows = this.read((db) => {
        const query = "SELECT id, sort, dimensions FROM tuple WHERE dataset = ? AND sort > ? ORDER BY sort LIMIT ?";
        return rowsOf<TupleRow>(db, query, id, after, rowsAtOnce);
      });
      for (const [tuple, , dimensions] of rows) yield { id: tuple, dimensions: decodeTuple(names, dimensions) };
      const last = rows.at(-1);
      if (last === undefined) return;
      [, after] = last;
    }
  }

  *#blocks(tuple: number, states: readonly BlockState[]): Generator<BlockRow> {
    const query = `SELECT key, size, etag, state, seen_ms, changed_ms FROM block WHERE tuple = ? AND key > ? ORDER BY key LIMIT ?`;
    let after = "";
    for (;;) {
      const rows = this.read((db) => rowsOf<BlockRow>(db, query, tuple, after, rowsAtOnce));
      for (const row of rows) if (states.includes(row[3])) yield row;
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return;
      [after] = last;
    }
  }

  /** Runs short statements that only read. Throws SpotfoldErrors. */
  read<Result>(work: (db: DatabaseSync) => Result): Result {
    for (let tries = 1; ; tries++) {
      try {
        return work(this.#db);
      } catch (error) {
        if (!isBusy(error) || tries === readRetriesMax) throw translateSqliteError(error, this.file);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, readRetryMs);
    }
  }

  /**
   * All or nothing; waits while others write. `work` may run again from its start. When the file turns out to be damaged or
   * gone it is begun anew, `losses` counts it, and this fails with `store-unavailable`, to be tried again from the beginning.
   */
  async write<Result>(work: (db: DatabaseSync) => Result): Promise<Result> {
    try {
      return await whenFree(this.#where, () => inTransaction(this.#db, () => work(this.#db)));
    } catch (error) {
      if (!(error instanceof SpotfoldError) || (error.code !== "corrupt" && error.code !== "no-such-store"))
        throw error;
      await this.#beginAnew();
      throw new SpotfoldError("store-unavailable", `The catalog ${this.file} was lost while it was in use.`, {
        hint: "Start again: listing builds it anew.",
        retryable: true,
        cause: error,
      });
    }
  }

  async #beginAnew(): Promise<void> {
    this.#db.close();
    const aside = this.file === memoryFile ? undefined : putAside(this.#where, this.#inode);
    const { db, notice } = await openCatalogFile(this.#where);
    this.#db = db;
    this.#inode = inodeOf(this.file);
    this.losses++;
    this.notice = aside === undefined ? notice : `The catalog ${this.file} is damaged. It was put aside as ${aside}.`;
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

function inodeOf(file: string): number | undefined {
  return file === memoryFile ? undefined : statSync(file, { throwIfNoEntry: false })?.ino;
}
