/**
 * The fast way of drain.ts: the same pairs, as bytes. Of a unit's views, the columns from the date's type to the path are put in
 * order once, as *slots*; then each measure goes through them:
 *
 *   measure   its parts (view, cell, definition) -> its newest build
 *   slot      no part here: nothing    one: its cell's text, made once for both dates    several: those of one definition are added up
 */
import { Buffer } from "node:buffer";
import type { EncodedPairs } from "../analysis.ts";
import { encodeKey } from "../../shared/segment/key.ts";
import { sortTexts } from "../../shared/segment/order.ts";
import { writeSums } from "./cell-sums.ts";
import type { Cell, Cells } from "./cells.ts";
import { NO_CELL } from "./cells.ts";
import type { Definition, DefinitionTable } from "./definitions.ts";
import { definitionColumn } from "./definitions.ts";
import type { Names } from "./drain.ts";
import { countsOf, measuresOf, unitsOf } from "./drain.ts";
import type { Group, View } from "./groups.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE, UNIT_COLUMNS, newestKey } from "./keys.ts";
import { Line } from "./line.ts";
import { SIMPLE_DEFINITION, SIMPLE_NEWEST } from "./simple-measures.ts";
import type { Newest, Value } from "./value.ts";
import { encodeValue, newerOf } from "./value.ts";

/** Some of a view's pings: what one cell has of the measure in hand. */
interface Part {
  readonly cell: Cell;
  readonly definition: string;
  readonly isSimple: boolean;
  /** Where its text lies; -1 until it was made. */
  start: number;
  end: number;
}

interface Owner {
  readonly group: Group;
  readonly view: View;
  /** Of the measure in hand. */
  parts: Part[];
}

/** Columns of keys, dateType to arch, with a TAB behind each; and who has them. */
interface Slot {
  readonly text: Uint8Array;
  readonly owners: readonly Owner[];
}

const NO_PARTS: Part[] = [];

/** What stands behind the measure in the key of its newest build. */
const NEWEST_COLUMNS = encodeKey(newestKey("", "", "").slice(UNIT_COLUMNS + 1));

/** The groups' cells are in `cells`, and more are made there. */
export function drainEncoded(groups: readonly Group[], cells: Cells, pairs: EncodedPairs): void {
  const drain = new Drain(cells, pairs);
  for (const [unit, own] of unitsOf(groups)) drain.unit(unit, own);
}

class Drain {
  readonly #cells: Cells;
  readonly #pairs: EncodedPairs;
  readonly #key = new Line();
  /** Texts of cells of the measure in hand, and of one pair behind them. */
  readonly #values = new Line();
  /** By number of buckets: a cell in which others are added up. */
  readonly #sums = new Map<number, Cell>();
  /** What a definition was last looked up by, and what came of it. */
  #table: DefinitionTable | undefined;
  #known: Definition | undefined;
  #length = -1;
  #column = "";

  constructor(cells: Cells, pairs: EncodedPairs) {
    this.#cells = cells;
    this.#pairs = pairs;
  }

  unit(unit: string, groups: readonly Group[]): void {
    for (const [key, value] of countsOf(groups)) this.#addPlain(encodeKey(key), value);
    const owners = groups.flatMap((group) =>
      [...group.views.values()].map((view): Owner => ({ group, view, parts: NO_PARTS })),
    );
    const slots = slotsOf(owners);
    const measures = measuresOf(groups);
    for (const measure of sortTexts(measures.keys())) {
      const names = measures.get(measure);
      if (names !== undefined) this.#measure(`${unit}\t${encodeKey([measure])}\t`, measure, names, owners, slots);
    }
  }

  #measure(prefix: string, measure: string, names: Names, owners: readonly Owner[], slots: readonly Slot[]): void {
    this.#values.length = 0;
    this.#table = undefined;
    this.#length = -1;
    let newest: Newest | undefined;
    for (const owner of owners) {
      owner.parts = this.#partsOf(owner, measure, names);
      for (const part of owner.parts) newest = this.#newerOf(newest, owner, part);
    }
    if (newest !== undefined) this.#addPlain(`${prefix}${NEWEST_COLUMNS}`, newest);
    this.#key.length = 0;
    this.#key.text(prefix);
    const prefixBytes = this.#key.length;
    for (const { text, owners } of slots) {
      this.#key.length = prefixBytes;
      this.#key.copy(text);
      const parts = owners.length === 1 ? (owners[0] as Owner).parts : owners.flatMap((owner) => owner.parts);
      if (parts.length === 1) this.#addPart(parts[0] as Part);
      else if (parts.length > 1) this.#addParts(parts);
    }
  }

  #partsOf({ view }: Owner, measure: string, names: Names): Part[] {
    const parts: Part[] = [];
    const cells = this.#cells;
    let cell = names.histogram ? (view.histograms.get(measure) ?? NO_CELL) : NO_CELL;
    for (; cell !== NO_CELL; cell = cells.next(cell)) {
      const definition = this.#columnOf(view.table, measure, cells.bucketsOf(cell));
      parts.push({ cell, definition, isSimple: false, start: -1, end: -1 });
    }
    for (const name of names.simple) {
      const cell = view.simple.get(name);
      if (cell !== undefined) parts.push({ cell, definition: SIMPLE_DEFINITION, isSimple: true, start: -1, end: -1 });
    }
    return parts.length === 0 ? NO_PARTS : parts;
  }

  /** The views of a unit have the same few tables, and arrays of a measure mostly one length. */
  #columnOf(table: DefinitionTable | undefined, measure: string, length: number): string {
    if (table === this.#table && length === this.#length) return this.#column;
    this.#known = table?.get(measure);
    this.#table = table;
    this.#length = length;
    return (this.#column = definitionColumn(length, this.#known));
  }

  #newerOf(newest: Newest | undefined, { group, view }: Owner, { cell, definition, isSimple }: Part): Newest {
    const { buildId } = group.dimensions;
    if (newest !== undefined && !isSimple && buildId < newest.buildId) return newest;
    const other = isSimple
      ? SIMPLE_NEWEST
      : { buildId, revision: view.revision, length: this.#cells.bucketsOf(cell), definition };
    return newest === undefined ? other : newerOf(newest, other);
  }

  /** One part alone under its key. */
  #addPart(part: Part): void {
    const values = this.#values;
    if (part.start < 0) {
      part.start = values.length;
      writeSums(this.#cells, part.cell, values);
      part.end = values.length;
    }
    this.#add(part.definition, part.start, part.end);
  }

  /** Parts of one slot, added up by their definitions. */
  #addParts(parts: readonly Part[]): void {
    const byDefinition = Map.groupBy(parts, ({ definition }) => definition);
    for (const definition of sortTexts(byDefinition.keys())) {
      const same = byDefinition.get(definition) ?? [];
      if (same.length === 1) this.#addPart(same[0] as Part);
      else {
        const start = this.#values.length;
        writeSums(this.#cells, this.#sumOf(same), this.#values);
        this.#add(definition, start, this.#values.length);
        this.#values.length = start;
      }
    }
  }

  #sumOf(parts: readonly Part[]): Cell {
    const cells = this.#cells;
    const buckets = cells.bucketsOf((parts[0] as Part).cell);
    const sum = this.#sums.get(buckets) ?? cells.make(buckets);
    this.#sums.set(buckets, sum);
    cells.clear(sum);
    for (const { cell } of parts) cells.addCell(sum, cell);
    return sum;
  }

  #add(definition: string, valueStart: number, valueEnd: number): void {
    const key = this.#key;
    const { length } = key;
    key.text(definition);
    this.#pairs.add(key.bytes, key.length, this.#values.bytes, valueStart, valueEnd);
    key.length = length;
  }

  #addPlain(key: string, value: Value): void {
    const values = this.#values;
    const { length } = values;
    this.#key.length = 0;
    this.#key.text(key);
    values.text(encodeValue(value));
    this.#pairs.add(this.#key.bytes, this.#key.length, values.bytes, length, values.length);
    values.length = length;
  }
}

function slotsOf(owners: readonly Owner[]): Slot[] {
  const byText = new Map<string, Owner[]>();
  const enter = (owner: Owner, dateType: string, dateText: string): void => {
    const { view } = owner;
    const text = `${dateType}\t${dateText}\t${(view.pathText ??= encodeKey(view.path))}\t`;
    const known = byText.get(text);
    if (known === undefined) byText.set(text, [owner]);
    else known.push(owner);
  };
  for (const owner of owners) {
    const { dimensions, buildDateText, submissionDateText } = owner.group;
    enter(owner, BY_BUILD_DATE, buildDateText);
    if (dimensions.countsBySubmission) enter(owner, BY_SUBMISSION_DATE, submissionDateText);
  }
  return sortTexts(byText.keys()).map((text) => ({ text: Buffer.from(text), owners: byText.get(text) ?? [] }));
}
