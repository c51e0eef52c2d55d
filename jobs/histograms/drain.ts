/**
 * What an accumulator's groups amount to, in key order: the plain way, which says what drain-encoded.ts must give. Sums become
 * values one measure at a time: the state may be at its limit, and all its keys at once would take several times as much again.
 */
import type { Key } from "../analysis.ts";
import { encodeKey } from "../../shared/segment/key.ts";
import { sortTexts } from "../../shared/segment/order.ts";
import type { Group, View } from "./groups.ts";
import type { Cells } from "./cells.ts";
import { NO_CELL } from "./cells.ts";
import { sumsOf } from "./cell-sums.ts";
import { definitionColumn } from "./definitions.ts";
import type { DateType } from "./keys.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE, NEWEST, counterKey, newestKey, pathKey, sumsKey } from "./keys.ts";
import { SIMPLE_DEFINITION, SIMPLE_NEWEST, simpleMeasureName } from "./simple-measures.ts";
import type { Newest, Value } from "./value.ts";
import { mergeValues } from "./value.ts";

/** What a key is sorted by among those beside it, the key, and its value, which is made when it is its turn. */
type Pair = readonly [text: string, key: Key, value: () => Value];

/** Names under which the pings of a unit have one measure. */
export interface Names {
  histogram: boolean;
  readonly simple: Set<string>;
}

/** The groups' cells are in `cells`. */
export function* drained(groups: readonly Group[], cells: Cells): Iterable<readonly [Key, Value]> {
  for (const [, own] of unitsOf(groups)) {
    yield* countsOf(own);
    const measures = measuresOf(own);
    for (const measure of sortTexts(measures.keys())) {
      const names = measures.get(measure);
      if (names !== undefined) yield* inKeyOrder(pairsOf(cells, own, measure, names));
    }
  }
}

/** The groups by unit, in the order of units; each with its unit's columns of the key, encoded. */
export function unitsOf(groups: readonly Group[]): readonly (readonly [string, readonly Group[]])[] {
  const units = Map.groupBy(groups, ({ dimensions }) => encodeKey([dimensions.channel, dimensions.major]));
  return sortTexts(units.keys()).map((unit) => [unit, units.get(unit) ?? []] as const);
}

/** The pairs of a unit that are before its measures. */
export function countsOf(groups: readonly Group[]): Iterable<readonly [Key, Value]> {
  return inKeyOrder(counted(groups));
}

function* counted(groups: readonly Group[]): Iterable<Pair> {
  for (const { dimensions, counters, views } of groups) {
    const { channel, major } = dimensions;
    for (const [name, count] of counters) yield pairOf(counterKey(channel, major, name), count);
    for (const { path, pings } of views.values()) {
      if (pings > 0) yield pairOf(pathKey(channel, major, path), pings);
    }
  }
}

/** By measure, in no order. */
export function measuresOf(groups: readonly Group[]): Map<string, Names> {
  const measures = new Map<string, Names>();
  const namesOf = (measure: string): Names => {
    const names = measures.get(measure) ?? { histogram: false, simple: new Set() };
    measures.set(measure, names);
    return names;
  };
  for (const { views } of groups) {
    for (const { histograms, simple } of views.values()) {
      for (const measure of histograms.keys()) namesOf(measure).histogram = true;
      for (const name of simple.keys()) namesOf(simpleMeasureName(name)).simple.add(name);
    }
  }
  return measures;
}

function* pairsOf(cells: Cells, groups: readonly Group[], measure: string, names: Names): Iterable<Pair> {
  for (const group of groups) {
    for (const view of group.views.values()) {
      if (names.histogram) yield* histogramOf(cells, group, view, measure);
      for (const name of names.simple) {
        const cell = view.simple.get(name);
        if (cell === undefined) continue;
        yield newestOf(group, measure, SIMPLE_NEWEST);
        yield* byDates(group, view, measure, SIMPLE_DEFINITION, () => sumsOf(cells, cell));
      }
    }
  }
}

function* histogramOf(cells: Cells, group: Group, view: View, measure: string): Iterable<Pair> {
  const { buildId } = group.dimensions;
  const known = view.table?.get(measure);
  for (let cell = view.histograms.get(measure) ?? NO_CELL; cell !== NO_CELL; cell = cells.next(cell)) {
    const length = cells.bucketsOf(cell);
    const own = cell;
    const definition = definitionColumn(length, known);
    yield newestOf(group, measure, { buildId, revision: view.revision, length, definition });
    yield* byDates(group, view, measure, definition, () => sumsOf(cells, own));
  }
}

/** Two pairs of one value: its sums are made once. All these pairs are of one unit and measure. */
function* byDates(group: Group, view: View, measure: string, definition: string, make: () => Value): Iterable<Pair> {
  const { channel, major: version, buildDate, submissionDate, countsBySubmission } = group.dimensions;
  const parts = { channel, version, measure, path: view.path, definition };
  const rest = `${(view.pathText ??= encodeKey(view.path))}\t${definition}`;
  let made: Value | undefined;
  const sums = (): Value => (made ??= make());
  const pair = (dateType: DateType, date: string, dateText: string): Pair => [
    `${dateType}\t${dateText}\t${rest}`,
    sumsKey({ ...parts, dateType, date }),
    sums,
  ];
  yield pair(BY_BUILD_DATE, buildDate, group.buildDateText);
  if (countsBySubmission) yield pair(BY_SUBMISSION_DATE, submissionDate, group.submissionDateText);
}

function newestOf({ dimensions: { channel, major } }: Group, measure: string, newest: Newest): Pair {
  return [NEWEST, newestKey(channel, major, measure), () => newest];
}

function pairOf(key: Key, value: number): Pair {
  return [encodeKey(key), key, () => value];
}

/** Merges values of equal keys. */
function* inKeyOrder(pairs: Iterable<Pair>): Iterable<readonly [Key, Value]> {
  const byText = new Map<string, { readonly key: Key; readonly values: (() => Value)[] }>();
  for (const [text, key, value] of pairs) {
    const same = byText.get(text);
    if (same === undefined) byText.set(text, { key, values: [value] });
    else same.values.push(value);
  }
  for (const text of sortTexts(byText.keys())) {
    const { key, values } = byText.get(text) as { readonly key: Key; readonly values: readonly (() => Value)[] };
    yield [key, values.map((value) => value()).reduce((a, b) => mergeValues(a, b, key))];
  }
}
