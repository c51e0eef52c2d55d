/** What an accumulator's groups amount to: pairs in no order, several of one key perhaps. Sums are made when asked for. */
import type { Key } from "../analysis.ts";
import type { Group, View } from "./accumulator.ts";
import { sumsOf } from "./cells.ts";
import type { Cell } from "./cells.ts";
import { definitionColumn } from "./definitions.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE, counterKey, newestKey, pathKey, sumsKey } from "./keys.ts";
import { SIMPLE_DEFINITION, SIMPLE_NEWEST, simpleMeasureName } from "./simple-measures.ts";
import type { Newest, Value } from "./value.ts";

type Pair = readonly [Key, () => Value];

export function* drainedValues(groups: readonly Group[]): Iterable<Pair> {
  for (const group of groups) {
    const { channel, major } = group.dimensions;
    for (const [name, count] of group.counters) yield [counterKey(channel, major, name), () => count];
    for (const view of group.views.values()) {
      if (view.pings > 0) yield [pathKey(channel, major, view.path), () => view.pings];
      yield* histogramsOf(group, view);
      for (const [name, cell] of view.simple) {
        const measure = simpleMeasureName(name);
        yield [newestKey(channel, major, measure), () => SIMPLE_NEWEST];
        yield* byDates(group, view, measure, SIMPLE_DEFINITION, cell);
      }
    }
  }
}

function* histogramsOf(group: Group, view: View): Iterable<Pair> {
  const { channel, major, buildId } = group.dimensions;
  for (const [measure, first] of view.histograms) {
    const known = view.table?.get(measure);
    for (let cell: Cell | null = first; cell !== null; cell = cell.next) {
      const definition = definitionColumn(cell.buckets, known);
      const newest: Newest = { buildId, revision: view.revision, length: cell.buckets, definition };
      yield [newestKey(channel, major, measure), () => newest];
      yield* byDates(group, view, measure, definition, cell);
    }
  }
}

function* byDates(group: Group, view: View, measure: string, definition: string, cell: Cell): Iterable<Pair> {
  const { channel, major: version, buildDate, submissionDate, countsBySubmission } = group.dimensions;
  const parts = { channel, version, measure, path: view.path, definition };
  const sums = (): Value => sumsOf(cell);
  yield [sumsKey({ ...parts, dateType: BY_BUILD_DATE, date: buildDate }), sums];
  if (countsBySubmission) yield [sumsKey({ ...parts, dateType: BY_SUBMISSION_DATE, date: submissionDate }), sums];
}
