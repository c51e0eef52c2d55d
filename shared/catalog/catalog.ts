/**
 * The catalog: which blocks a dataset has, as far as they were listed. A SQLite file that any number of processes of one
 * machine read and sync at once, or `:memory:`. It is a cache. The data store is the truth; whoever deletes the file at any
 * moment costs a listing and nothing else.
 *
 * A block is `present`; `changed` once its size or etag differed from an earlier listing's; `vanished` when a listing that
 * covered its place did not find it any more. Vanished blocks are not selected.
 */
import { compileLayout } from "../dataset/layout.ts";
import type { PrefixDimensions } from "../dataset/layout.ts";
import type { DatasetSpec, Filter } from "../dataset/types.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { Connection } from "./connection.ts";
import { datasetId, fullListings } from "./passes.ts";
import type { FullListing } from "./passes.ts";
import type { BlockState } from "./rows.ts";
import { restRule, Selection } from "./selection.ts";
import type { SelectedBlock } from "./selection.ts";
import { rowsOf } from "./statements.ts";
import { tuplesOf } from "./tuples.ts";

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
type BlockRow = readonly [
  key: string,
  size: number,
  etag: string,
  state: BlockState,
  seenMs: number,
  changedMs: number,
];

export class Catalog {
  /** Absolute, or `:memory:`. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: Random;
  #connection: Connection;
  #reopening: Promise<Connection> | undefined;

  private constructor(file: string, options: CatalogOptions, connection: Connection) {
    this.file = file;
    this.clock = options.clock;
    this.random = options.random;
    this.#connection = connection;
  }

  /**
   * `file` is absolute, or `:memory:`; made if need be, with its folders. Look at `notice` afterwards. Fails with
   * `invalid-format` for a database of another program, `access-denied`, `read-only`, `disk-full`.
   */
  static async open(file: string, options: CatalogOptions): Promise<Catalog> {
    return new Catalog(file, options, await Connection.open({ file, ...options }));
  }

  /** For people: the file could not be used and was put aside. Undefined when all was well. */
  get notice(): string | undefined {
    return this.#connection.notice;
  }

  /**
   * The blocks that a filter selects, sorted by partition, leading dimensions, key, each in byte order. Read as they are
   * asked for, some thousand at a time; each block comes once, also while others sync. Throws `store-unavailable` when the file
   * is lost meanwhile: row numbers of one file say nothing in the next.
   */
  select(dataset: DatasetSpec, filter: Filter): Selection {
    return new Selection(this.#connection, dataset, filter);
  }

  /** `select` for any states, with times. */
  *list(
    dataset: DatasetSpec,
    filter: Filter,
    states: readonly BlockState[] = ["present", "changed", "vanished"],
  ): Generator<ListedBlock> {
    const connection = this.#connection;
    const layout = compileLayout(dataset.layout);
    const { restDimension } = layout;
    const isRestAllowed = restRule(layout, filter);
    for (const { id, dimensions, partition } of tuplesOf(connection, dataset, layout, filter)) {
      for (const rows of this.#blocks(connection, id)) {
        for (const [key, size, etag, state, seenMs, changedMs] of rows) {
          if (!states.includes(state)) continue;
          const spelled = restDimension === undefined ? dimensions : (layout.match(key) ?? dimensions);
          if (isRestAllowed(spelled))
            yield { key, size, etag, dimensions: spelled, partition, state, seenMs, changedMs };
        }
      }
    }
  }

  /** What is known of blocks that are there, and of prefixes that were left out: for `explainEmpty`. */
  *known(dataset: DatasetSpec): Generator<PrefixDimensions> {
    const connection = this.#connection;
    const layout = compileLayout(dataset.layout);
    if (layout.restDimension === undefined) {
      const query = "SELECT 1 FROM block WHERE tuple = ? AND state <> 'vanished' LIMIT 1";
      for (const { id, dimensions } of tuplesOf(connection, dataset, layout, {})) {
        if (connection.read((db) => rowsOf(db, query, id)).length > 0) yield { dimensions };
      }
    } else {
      for (const { dimensions } of this.select(dataset, {})) yield { dimensions };
    }
    const id = connection.read((db) => datasetId(db, dataset));
    let after = "";
    for (;;) {
      const rows = connection.read((db) => {
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
    const rows = this.#connection.read((db) =>
      rowsOf<readonly [string, string, string]>(
        db,
        "SELECT name, place, layout FROM dataset ORDER BY name, place, layout",
      ),
    );
    return rows.map(([name, place, layout]) => ({ name, place, layout }));
  }

  /** Finished full listings of a dataset, the latest first. */
  fullListings(dataset: DatasetSpec): readonly FullListing[] {
    return this.#connection.read((db) => fullListings(db, datasetId(db, dataset)));
  }

  /** The rows of one tuple by key, some at a time. */
  *#blocks(connection: Connection, tuple: number): Generator<readonly BlockRow[]> {
    const query = `SELECT key, size, etag, state, seen_ms, changed_ms FROM block WHERE tuple = ? AND key > ? ORDER BY key LIMIT ?`;
    let after = "";
    for (;;) {
      const rows = connection.read((db) => rowsOf<BlockRow>(db, query, tuple, after, rowsAtOnce));
      yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsAtOnce) return;
      [after] = last;
    }
  }

  /**
   * The open file, for those who write; begun anew if it was lost. One sync keeps to one connection: what it remembers of rows
   * belongs to that file.
   */
  async connect(): Promise<Connection> {
    if (this.#connection.lost) {
      this.#reopening ??= this.#connection.again().finally(() => (this.#reopening = undefined));
      this.#connection = await this.#reopening;
    }
    return this.#connection;
  }

  close(): void {
    this.#connection.close();
  }
}
