/** Reading the distinct dimensions of a dataset's blocks: which tuples a filter allows, in the order of blocks. */
import { allows } from "../dataset/filter.ts";
import { partitionOf } from "../dataset/layout.ts";
import type { Layout } from "../dataset/layout.ts";
import type { Allowed, DatasetSpec, Filter } from "../dataset/types.ts";
import type { Connection } from "./connection.ts";
import { datasetId } from "./passes.ts";
import { tupleDimensions } from "./rows.ts";
import { rowsOf } from "./statements.ts";

export interface Tuple {
  readonly id: number;
  /** Without the one that takes the end of keys. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly partition: string;
}

/** Rows that one statement reads: some 100 KB, a few milliseconds. */
const rowsAtOnce = 1_000;

type TupleRow = readonly [id: number, dimensions: string];

/** What the filter says of the dimension that takes the end of keys is not looked at: tuples do not have it. */
export function* tuplesOf(
  connection: Connection,
  dataset: DatasetSpec,
  layout: Layout,
  filter: Filter,
): Generator<Tuple> {
  const id = connection.read((db) => datasetId(db, dataset));
  const names = tupleDimensions(layout);
  const isAllowed = tupleRule(names, layout, filter);
  let after = 0;
  for (;;) {
    const rows = connection.read((db) => {
      // By the number of the last one: to read the bytes that they are sorted by costs more than all the rest.
      const query = `SELECT id, dimensions FROM tuple WHERE dataset = ?
        AND sort > ifnull((SELECT sort FROM tuple WHERE id = ?), x'') ORDER BY sort LIMIT ?`;
      return rowsOf<TupleRow>(db, query, id, after, rowsAtOnce);
    });
    for (const [tuple, text] of rows) {
      const values = JSON.parse(text) as readonly string[];
      if (!isAllowed(values)) continue;
      const dimensions: Record<string, string> = {};
      for (let i = 0; i < names.length; i++) dimensions[names[i] ?? ""] = values[i] ?? "";
      yield { id: tuple, dimensions, partition: partitionOf(layout, dimensions) };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    [after] = last;
  }
}

/** `matches` for the values of tuples: there may be a million of them, and neighbours mostly have the same. */
function tupleRule(names: readonly string[], layout: Layout, filter: Filter): (values: readonly string[]) => boolean {
  const rules: { readonly at: number; readonly allowed: Allowed; value: string | undefined; passes: boolean }[] = [];
  for (const [name, allowed] of Object.entries(filter)) {
    if (allowed === "*" || name === layout.restDimension) continue;
    rules.push({ at: names.indexOf(name), allowed, value: undefined, passes: false });
  }
  return (values) => {
    for (const rule of rules) {
      const value = values[rule.at];
      // A dimension that the layout lacks is allowed by "*" only.
      if (value === undefined) return false;
      if (value !== rule.value) {
        rule.value = value;
        rule.passes = allows(rule.allowed, value);
      }
      if (!rule.passes) return false;
    }
    return true;
  };
}
