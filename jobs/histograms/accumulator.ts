/**
 * The histogram analysis' state on a worker: pings in, sums by key out.
 *
 *   group   what a block's key says (channel, version, build, ...); constant within a block
 *   view    group + filter path + revision: one map from measure to its cell
 *   drain   each cell becomes a pair by build date and, if it is not too old, one by submission date; cells that meet under
 *           one key are merged there
 *
 * `add` looks up one view a record and one cell a measure. It throws before it changes anything, or not at all; an odd
 * histogram in a good ping is dropped alone, and counted.
 */
import type { Accumulator, Inputs, Key, RecordView } from "../analysis.ts";
import type { BlockDimensions } from "./block-dimensions.ts";
import { blockDimensions, sameBlock } from "./block-dimensions.ts";
import { BUCKETS_MAX } from "./bounds.ts";
import type { Cell } from "./cells.ts";
import { Cells } from "./cells.ts";
import type { DefinitionTable } from "./definitions.ts";
import { Definitions, isObject } from "./definitions.ts";
import { drained } from "./drain.ts";
import type { FilterPath } from "./keys.ts";
import { PINGS } from "./keys.ts";
import type { Ping } from "./ping.ts";
import { readPing } from "./ping.ts";
import { SIMPLE_BOUNDS, eachSimpleMeasure, simpleBucket, simpleMeasureName } from "./simple-measures.ts";
import type { Value } from "./value.ts";
import { STATISTICS } from "./value.ts";

/** What counts as a measure: it names files. */
const MEASURE = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}$/;
/** No measurement is larger; sums of fewer than 2^27 such numbers stay below the greatest double. */
const NUMBER_MAX = 1e300;
/** Of a view's objects and strings, about. */
const VIEW_BYTES = 1500;

/** Measures that are dropped, by reason: names of counters of a unit. */
export type Dropped =
  "measure-name" | "histograms-not-an-object" | "not-an-array" | "not-a-number" | "too-short" | "too-long";

export interface Group {
  readonly dimensions: BlockDimensions;
  readonly counters: Map<string, number>;
  readonly views: Map<string, View>;
}

export interface View {
  readonly path: FilterPath;
  readonly revision: string;
  readonly table: DefinitionTable | undefined;
  readonly histograms: Map<string, Cell>;
  readonly simple: Map<string, Cell>;
  /** With at least one measure. */
  pings: number;
}

export class HistogramAccumulator implements Accumulator<Value> {
  readonly #definitions: Definitions;
  #cells = new Cells();
  #groups: Group[] = [];
  #group: Group | undefined;
  #viewBytes = 0;

  constructor(inputs: Inputs) {
    this.#definitions = new Definitions(inputs);
  }

  add(record: RecordView): void {
    const dimensions = record.block.dimensions;
    const known = this.#group !== undefined && sameBlock(this.#group.dimensions, dimensions) ? this.#group : undefined;
    const checked = known?.dimensions ?? blockDimensions(dimensions);
    const ping = readPing(record);
    const table = this.#definitions.forRevision(ping.revision);
    // From here on nothing is rejected.
    const group = known ?? this.#enter(checked);
    const view = this.#view(group, ping, table);
    count(group, PINGS);
    const measures = this.#addHistograms(group, view, ping.histograms) + this.#addSimple(group, view, ping);
    if (measures > 0) view.pings++;
  }

  bytes(): number {
    return this.#cells.bytes + this.#viewBytes;
  }

  drain(): Iterable<readonly [Key, Value]> {
    const groups = this.#groups;
    this.#cells = new Cells();
    this.#groups = [];
    this.#group = undefined;
    this.#viewBytes = 0;
    return drained(groups);
  }

  #enter(dimensions: BlockDimensions): Group {
    let group = this.#groups.find((other) => sameBlock(other.dimensions, dimensions.raw));
    if (group === undefined) {
      group = { dimensions, counters: new Map(), views: new Map() };
      this.#groups.push(group);
      this.#viewBytes += VIEW_BYTES;
    }
    this.#group = group;
    return group;
  }

  #view(group: Group, ping: Ping, table: DefinitionTable | undefined): View {
    const id = `${ping.os.length},${ping.osVersion.length},${ping.arch.length},${ping.os}${ping.osVersion}${ping.arch}${ping.revision}`;
    let view = group.views.get(id);
    if (view === undefined) {
      const { reason, appName } = group.dimensions;
      const path: FilterPath = [reason, appName, ping.os, ping.osVersion, ping.arch];
      view = { path, revision: ping.revision, table, histograms: new Map(), simple: new Map(), pings: 0 };
      group.views.set(id, view);
      this.#viewBytes += VIEW_BYTES;
    }
    return view;
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
      const first = view.histograms.get(name) ?? null;
      let cell = first;
      while (cell !== null && cell.buckets !== buckets) cell = cell.next;
      if (cell === null) {
        if (first === null && !MEASURE.test(name)) {
          count(group, "measure-name" satisfies Dropped);
          continue;
        }
        cell = this.#cells.make(buckets, first);
        view.histograms.set(name, cell);
      }
      this.#cells.addArray(cell, array as readonly number[]);
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
      const logarithm = Math.log(Math.abs(value) + 1);
      this.#cells.addSimple(cell, simpleBucket(value), value, logarithm, logarithm * logarithm);
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

function isMeasurement(value: unknown): value is number {
  return typeof value === "number" && value <= NUMBER_MAX && value >= -NUMBER_MAX;
}

function count(group: Group, name: string): void {
  group.counters.set(name, (group.counters.get(name) ?? 0) + 1);
}
