/**
 * The histogram analysis' state on a worker: pings in, sums by key out.
 *
 *   group, view   where a ping belongs (groups.ts): one map from measure to its cells
 *   drain         each cell becomes a pair by build date and, if it is not too old, one by submission date; cells that meet
 *                 under one key are merged there
 *
 * A ping is read from its bytes (ping-scan.ts) into numbers by numbers of names; what the scan leaves goes the plain way
 * (ping.ts), with the same result. `add` throws before it changes anything, or not at all; an odd histogram in a good ping is
 * dropped alone, and counted.
 */
import type { Accumulator, EncodedPairs, Inputs, Key, RecordView } from "../analysis.ts";
import { BUCKETS_MAX } from "./bounds.ts";
import type { Cell } from "./cells.ts";
import { Cells, NO_CELL } from "./cells.ts";
import { definitionsOf, isObject } from "./definitions.ts";
import { drained } from "./drain.ts";
import { drainEncoded } from "./drain-encoded.ts";
import type { Group, View } from "./groups.ts";
import { Groups } from "./groups.ts";
import { PINGS } from "./keys.ts";
import { MEASURE, isMeasurement } from "./measure.ts";
import type { Ping } from "./ping.ts";
import { readPing } from "./ping.ts";
import { PingScan } from "./ping-scan.ts";
import { SIMPLE_BOUNDS, eachSimpleMeasure, simpleBucket, simpleMeasureName } from "./simple-measures.ts";
import type { Value } from "./value.ts";
import { STATISTICS } from "./value.ts";

/** Measures of a view, at first. */
const ROOM_FIRST = 64;

/** Measures that are dropped, by reason: names of counters of a unit. */
export type Dropped =
  "measure-name" | "histograms-not-an-object" | "not-an-array" | "not-a-number" | "too-short" | "too-long";

export class HistogramAccumulator implements Accumulator<Value> {
  readonly #groups: Groups;
  readonly #scan: PingScan;
  #cells = new Cells();

  /** `hashMask`: which bits of the hashes of names count; all, but in tests. */
  constructor(inputs: Inputs, hashMask = -1) {
    this.#groups = new Groups(definitionsOf(inputs));
    this.#scan = new PingScan(hashMask);
  }

  add(record: RecordView): void {
    const group = this.#groups.of(record.block.dimensions);
    if (this.#scan.read(record.bytes) && this.#addScanned(group)) return;
    const ping = readPing(record);
    const view = this.#groups.view(group, ping);
    // From here on nothing is rejected.
    this.#groups.enter(group);
    count(group, PINGS);
    const measures = this.#addHistograms(group, view, ping.histograms) + this.#addSimple(group, view, ping);
    if (measures > 0) view.pings++;
  }

  bytes(): number {
    return this.#cells.bytes + this.#groups.bytes + this.#scan.bytes;
  }

  drain(): Iterable<readonly [Key, Value]> {
    return drained(...this.#take());
  }

  drainEncoded(pairs: EncodedPairs): void {
    drainEncoded(...this.#take(), pairs);
  }

  /** All of the state; none is left. */
  #take(): readonly [readonly Group[], Cells] {
    const groups = this.#groups.take();
    const cells = this.#cells;
    this.#cells = new Cells();
    this.#scan.clear();
    return [groups, cells];
  }

  /** The ping that was scanned; false when it is to be read the plain way, and nothing was changed. */
  #addScanned(group: Group): boolean {
    const scan = this.#scan;
    const view = this.#groups.scannedView(group, scan);
    if (view === undefined) return false;
    this.#groups.enter(group);
    count(group, PINGS);
    const cells = this.#cells;
    let fetched = 0;
    for (let i = 0; i < scan.histograms; i++) {
      const name = scan.histogramNames[i] as number;
      const buckets = (scan.lengths[i] as number) - STATISTICS;
      const known = name < view.histogramCells.length ? (view.histogramCells[name] as number) : NO_CELL;
      const first = known === NO_CELL ? this.#firstCell(view, name, buckets) : known;
      const cell = cells.bucketsOf(first) === buckets ? first : cells.ofLength(first, buckets);
      scan.cells[i] = cell;
      const firstPlace = scan.numbers.places[scan.starts[i] as number] as number;
      fetched += cells.fetch(cell, firstPlace < buckets ? firstPlace : 0);
    }
    cells.fetched = fetched;
    for (let i = 0; i < scan.histograms; i++) {
      cells.addSparse(scan.cells[i] as number, scan.numbers, scan.starts[i] as number, scan.starts[i + 1] as number);
    }
    for (let i = 0; i < scan.simples; i++) {
      const name = scan.simpleNames[i] as number;
      const known = name < view.simpleCells.length ? (view.simpleCells[name] as number) : NO_CELL;
      const cell = known === NO_CELL ? this.#simpleCell(view, name) : known;
      this.#addSimpleValue(cell, scan.simpleValues[i] as number);
    }
    if (scan.histograms + scan.simples > 0) view.pings++;
    return true;
  }

  /** By the number of a name that this view has not met, where the plain way may have. */
  #firstCell(view: View, number: number, buckets: number): Cell {
    const name = this.#scan.histogramName(number);
    const cell = view.histograms.get(name) ?? this.#cells.make(buckets);
    view.histograms.set(name, cell);
    view.histogramCells = withRoom(view.histogramCells, number);
    return (view.histogramCells[number] = cell);
  }

  #simpleCell(view: View, number: number): Cell {
    const name = this.#scan.simpleName(number);
    const cell = view.simple.get(name) ?? this.#cells.make(SIMPLE_BOUNDS.length);
    view.simple.set(name, cell);
    view.simpleCells = withRoom(view.simpleCells, number);
    return (view.simpleCells[number] = cell);
  }

  #addSimpleValue(cell: Cell, value: number): void {
    const logarithm = Math.log(Math.abs(value) + 1);
    this.#cells.addSimple(cell, simpleBucket(value), value, logarithm, logarithm * logarithm);
  }

  /** How many were added. */
  #addHistograms(group: Group, view: View, histograms: unknown): number {
    if (histograms === undefined) return 0;
    if (!isObject(histograms)) {
      count(group, "histograms-not-an-object" satisfies Dropped);
      return 0;
    }
    let added = 0;
    for (const name of Object.keys(histograms)) {
      const array = histograms[name];
      const problem = problemOf(array);
      if (problem !== undefined) {
        count(group, problem);
        continue;
      }
      const buckets = (array as readonly number[]).length - STATISTICS;
      let first = view.histograms.get(name);
      if (first === undefined) {
        if (!MEASURE.test(name)) {
          count(group, "measure-name" satisfies Dropped);
          continue;
        }
        first = this.#cells.make(buckets);
        view.histograms.set(name, first);
      }
      this.#cells.addArray(this.#cells.ofLength(first, buckets), array as readonly number[]);
      added++;
    }
    return added;
  }

  #addSimple(group: Group, view: View, ping: Ping): number {
    let added = 0;
    eachSimpleMeasure(ping.simpleMeasurements, (name, value) => {
      if (!isMeasurement(value)) {
        count(group, "not-a-number" satisfies Dropped);
        return;
      }
      let cell = view.simple.get(name);
      if (cell === undefined) {
        if (!MEASURE.test(simpleMeasureName(name))) {
          count(group, "measure-name" satisfies Dropped);
          return;
        }
        cell = this.#cells.make(SIMPLE_BOUNDS.length);
        view.simple.set(name, cell);
      }
      this.#addSimpleValue(cell, value);
      added++;
    });
    return added;
  }
}

/** Why this is no histogram; undefined when it is one. */
function problemOf(array: unknown): Dropped | undefined {
  if (!Array.isArray(array)) return "not-an-array";
  if (array.length < STATISTICS) return "too-short";
  if (array.length > BUCKETS_MAX + STATISTICS) return "too-long";
  for (let i = 0; i < array.length; i++) {
    if (!isMeasurement(array[i] as unknown)) return "not-a-number";
  }
  return undefined;
}

/** The list, or a copy that has a place `index`. */
function withRoom(list: Int32Array, index: number): Int32Array {
  if (index < list.length) return list;
  const longer = new Int32Array(Math.max(ROOM_FIRST, 2 * list.length, index + 1));
  longer.set(list);
  return longer;
}

function count(group: Group, name: string): void {
  group.counters.set(name, (group.counters.get(name) ?? 0) + 1);
}
