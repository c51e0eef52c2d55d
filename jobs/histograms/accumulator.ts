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
import type { Accumulator, Inputs, Key, RecordView } from "../analysis.ts";
import { BUCKETS_MAX } from "./bounds.ts";
import type { Cell, Chain } from "./cells.ts";
import { Cells } from "./cells.ts";
import { Definitions, isObject } from "./definitions.ts";
import { drained } from "./drain.ts";
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

/** Measures that are dropped, by reason: names of counters of a unit. */
export type Dropped =
  "measure-name" | "histograms-not-an-object" | "not-an-array" | "not-a-number" | "too-short" | "too-long";

export class HistogramAccumulator implements Accumulator<Value> {
  readonly #groups: Groups;
  readonly #scan: PingScan;
  #cells = new Cells();

  /** `hashMask`: which bits of the hashes of names count; all, but in tests. */
  constructor(inputs: Inputs, hashMask = -1) {
    this.#groups = new Groups(new Definitions(inputs));
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
    const groups = this.#groups.take();
    this.#cells = new Cells();
    this.#scan.clear();
    return drained(groups);
  }

  /** The ping that was scanned; false when it is to be read the plain way, and nothing was changed. */
  #addScanned(group: Group): boolean {
    const scan = this.#scan;
    const view = this.#groups.scannedView(group, scan);
    if (view === undefined) return false;
    this.#groups.enter(group);
    count(group, PINGS);
    for (let i = 0; i < scan.histograms; i++) {
      const name = scan.histogramNames[i] as number;
      const chain = view.chains[name] ?? this.#chain(view, name);
      const cell = this.#cells.of(chain, (scan.lengths[i] as number) - STATISTICS);
      this.#cells.addSparse(cell, scan.numbers, scan.starts[i] as number, scan.starts[i + 1] as number);
    }
    for (let i = 0; i < scan.simples; i++) {
      const name = scan.simpleNames[i] as number;
      this.#addSimpleValue(view.simpleCells[name] ?? this.#simpleCell(view, name), scan.simpleValues[i] as number);
    }
    if (scan.histograms + scan.simples > 0) view.pings++;
    return true;
  }

  /** By the number of a name that this view has not met, where the plain way may have. */
  #chain(view: View, number: number): Chain {
    const name = this.#scan.histogramName(number);
    const chain = view.histograms.get(name) ?? { first: null };
    view.histograms.set(name, chain);
    put(view.chains, number, chain);
    return chain;
  }

  #simpleCell(view: View, number: number): Cell {
    const name = this.#scan.simpleName(number);
    const cell = view.simple.get(name) ?? this.#cells.make(SIMPLE_BOUNDS.length, null);
    view.simple.set(name, cell);
    put(view.simpleCells, number, cell);
    return cell;
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
      let chain = view.histograms.get(name);
      if (chain === undefined) {
        if (!MEASURE.test(name)) {
          count(group, "measure-name" satisfies Dropped);
          continue;
        }
        chain = { first: null };
        view.histograms.set(name, chain);
      }
      this.#cells.addArray(this.#cells.of(chain, buckets), array as readonly number[]);
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
        cell = this.#cells.make(SIMPLE_BOUNDS.length, null);
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

/** Without holes of thousands, which would make a hash table of the list. */
function put<T>(list: (T | undefined)[], index: number, value: T): void {
  while (list.length < index) list.push(undefined);
  list[index] = value;
}

function count(group: Group, name: string): void {
  group.counters.set(name, (group.counters.get(name) ?? 0) + 1);
}
