/** Series for tests of what is made of them. */
import { Evolution } from "../../../dashboard/client/evolution.ts";
import { FilterTree } from "../../../dashboard/client/filter-tree.ts";
import type { Measure } from "../../../dashboard/client/measure.ts";
import { seriesFrom, type Series } from "../../../dashboard/page/series.ts";

/** A series of rows by date, without dimensions: each row is its buckets. */
export function seriesOf(own: Measure, days: Readonly<Record<string, readonly number[]>>): Series {
  const rows = Object.entries(days).map(([date, counts]) => [date, [[...counts, -1, -1, -1, -1, -1, 1, 0]]] as const);
  return seriesFrom(
    "v",
    new Evolution(own, { days: new Map(rows), leftOut: 0 }, new FilterTree("tree", { _id: 0 })),
    new Map(),
  );
}
