/**
 * What an accumulator's groups amount to, in key order. Sums become values one measure at a time: the state may be at its
 * limit, and all its keys at once would take several times as much again.
 */
import type { Key } from "../analysis.ts";
import { decodeKeyText, encodeKey } from "../../shared/segment/key.ts";
import { sortTexts } from "../../shared/segment/order.ts";
import type { Group, View } from "./groups.ts";
import type { Cells } from "./cells.ts";
import { NO_CELL } from "./cells.ts";
import { definitionColumn } from "./definitions.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE, counterKey, newestKey, pathKey, sumsKey } from "./keys.ts";
import { SIMPLE_DEFINITION, SIMPLE_NEWEST, simpleMeasureName } from "./simple-measures.ts";
import type { Value } from "./value.ts";
import { mergeValues } from "./value.ts";

/** A value is made when it is its turn. */
type Pair = readonly [Key, () => Value];

/** Names under which the pings of a unit have one measure. */
interface Names {
  histogram: boolean;
  readonly simple: Set<string>;
}

/** The groups' cells are in `cells`. */
export function* drained(groups: readonly Group[], cells: Cells): Iterable<readonly [Key, Value]> {
  const units = Map.groupBy(groups, ({ dimensions }) => encodeKey([dimensions.channel, dimensions.major]));
  for (const unit of sortTexts(units.keys())) {
    const own = units.get(unit) ?? [];
    yield* inKeyOrder(counted(own));
    const measures = measuresOf(own);
    for (const measure of sortTexts(measures.keys())) {
      const names = measures.get(measure);
      if (names !== undefined) yield* inKeyOrder(pairsOf(cells, own, measure, names));
    }
  }
}

function* counted(groups: readonly Group[]): Iterable<Pair> {
  for (const { dimensions, counters, views } of groups) {
    const { channel, major } = dimensions;
    for (const [name, count] of counters) yield [counterKey(channel, major, name), () => count];
    for (const { path, pings } of views.values()) {
      if (pings > 0) yield [pathKey(channel, major, path), () => pings];
    }
  }
}

function measuresOf(groups: readonly Group[]): Map<string, Names> {
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
        yield [newestKey(group.dimensions.channel, group.dimensions.major, measure), () => SIMPLE_NEWEST];
        yield* byDates(group, view, measure, SIMPLE_DEFINITION, () => cells.sums(cell));
      }
    }
  }
}

function* histogramOf(cells: Cells, group: Group, view: View, measure: string): Iterable<Pair> {
  const { channel, major, buildId } = group.dimensions;
  const known = view.table?.get(measure);
  for (let cell = view.histograms.get(measure) ?? NO_CELL; cell !== NO_CELL; cell = cells.next(cell)) {
    const length = cells.bucketsOf(cell);
    const own = cell;
    const definition = definitionColumn(length, known);
    yield [newestKey(channel, major, measure), () => ({ buildId, revision: view.revision, length, definition })];
    yield* byDates(group, view, measure, definition, () => cells.sums(own));
  }
}

function* byDates(group: Group, view: View, measure: string, definition: string, sums: () => Value): Iterable<Pair> {
  const { channel, major: version, buildDate, submissionDate, countsBySubmission } = group.dimensions;
  const parts = { channel, version, measure, path: view.path, definition };
  yield [sumsKey({ ...parts, dateType: BY_BUILD_DATE, date: buildDate }), sums];
  if (countsBySubmission) yield [sumsKey({ ...parts, dateType: BY_SUBMISSION_DATE, date: submissionDate }), sums];
}

/** Merges values of equal keys. */
function* inKeyOrder(pairs: Iterable<Pair>): Iterable<readonly [Key, Value]> {
  const byKey = new Map<string, (() => Value)[]>();
  for (const [key, value] of pairs) {
    const text = encodeKey(key);
    const others = byKey.get(text);
    if (others === undefined) byKey.set(text, [value]);
    else others.push(value);
  }
  for (const text of sortTexts(byKey.keys())) {
    const key = decodeKeyText(text);
    const values = byKey.get(text) ?? [];
    yield [key, values.map((value) => value()).reduce((a, b) => mergeValues(a, b, key))];
  }
}
