/**
 * What a filter selects of a dataset: block by block, or, for plans, as rows that SQLite writes, which costs a third. Each way may
 * be gone more than once, and reads the file as it stands then.
 */
import { matches } from "../dataset/filter.ts";
import { compileLayout } from "../dataset/layout.ts";
import type { Layout } from "../dataset/layout.ts";
import type { CataloguedBlock, DatasetSpec, Filter } from "../dataset/types.ts";
import type { RowText } from "../formats/block-rows.ts";
import type { Connection } from "./connection.ts";
import { selectedRows, selectedTexts } from "./selected.ts";
import { tuplesOf, type Tuple } from "./tuples.ts";

export interface SelectedBlock extends CataloguedBlock {
  /** The block's date, or "". */
  readonly partition: string;
}

/** Tuples whose blocks are asked for together: most have few. */
const tuplesAtOnce = 32;

export class Selection implements Iterable<SelectedBlock> {
  /**
   * The same blocks in the same order, as rows of a plan that no run has tried, at most some thousand in each text. Undefined
   * where each key has to be looked at: the filter names the dimension that takes the end of keys.
   */
  readonly rowTexts: (() => Generator<RowText>) | undefined;
  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #dataset: DatasetSpec;
  readonly #filter: Filter;

  constructor(connection: Connection, dataset: DatasetSpec, filter: Filter) {
    this.#connection = connection;
    this.#layout = compileLayout(dataset.layout);
    this.#dataset = dataset;
    this.#filter = filter;
    const { restDimension } = this.#layout;
    const isByTuple = restDimension === undefined || (filter[restDimension] ?? "*") === "*";
    this.rowTexts = isByTuple ? () => this.#rowTexts() : undefined;
  }

  *[Symbol.iterator](): Generator<SelectedBlock> {
    const layout = this.#layout;
    const isRestAllowed = restRule(layout, this.#filter);
    for (const batch of batched(this.#tuples(), () => true)) {
      for (const { dimensions, partition, rows } of selectedRows(this.#connection, batch)) {
        for (const [, key, size, etag] of rows) {
          const spelled = layout.restDimension === undefined ? dimensions : (layout.match(key) ?? dimensions);
          if (isRestAllowed(spelled)) yield { key, size, etag, dimensions: spelled, partition };
        }
      }
    }
  }

  *#rowTexts(): Generator<RowText> {
    const isTogether = (a: Tuple, b: Tuple): boolean => a.partition === b.partition;
    for (const batch of batched(this.#tuples(), isTogether)) yield* selectedTexts(this.#connection, batch);
  }

  #tuples(): Generator<Tuple> {
    return tuplesOf(this.#connection, this.#dataset, this.#layout, this.#filter);
  }
}

/** Whether a block passes what a filter says of the dimension that takes the end of keys. */
export function restRule(
  { restDimension }: Layout,
  filter: Filter,
): (dimensions: Readonly<Record<string, string>>) => boolean {
  const allowed = restDimension === undefined ? undefined : filter[restDimension];
  if (restDimension === undefined || allowed === undefined) return () => true;
  const rest = { [restDimension]: allowed };
  return (dimensions) => matches(rest, dimensions);
}

/** Neighbours that go together, some at a time. */
function* batched(tuples: Iterable<Tuple>, isTogether: (a: Tuple, b: Tuple) => boolean): Generator<readonly Tuple[]> {
  let batch: Tuple[] = [];
  for (const tuple of tuples) {
    const [first] = batch;
    if (first !== undefined && (batch.length === tuplesAtOnce || !isTogether(first, tuple))) {
      yield batch;
      batch = [];
    }
    batch.push(tuple);
  }
  if (batch.length > 0) yield batch;
}
