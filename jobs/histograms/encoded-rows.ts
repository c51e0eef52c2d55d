/**
 * Rows of a unit's files from entries as segments hold them: from a key's bytes its place, from the value's bytes the row. Keys
 * come in order, so that mostly only the last columns differ from the key before; columns are looked at from there.
 *
 *   channel version measure dateType date   as before, or read      reason ... arch -> filter id, by bytes      definition
 *
 * Whatever is not a row of the measure in hand is left to the plain way: `false`, and nothing has changed.
 */
import { Buffer } from "node:buffer";
import type { EncodedEntries } from "../analysis.ts";
import { NameTable, hashOf } from "../../shared/records/name-table.ts";
import type { FilterTree } from "../page/filter-tree.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE, KEY_COLUMNS, keyParts } from "./keys.ts";
import type { DateType } from "./keys.ts";
import type { MeasureFiles } from "./measure-files.ts";
import type { Value } from "./value.ts";
import { sumsOf } from "./value.ts";

const TAB = 0x09;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;

/** Which column a key's parts are. */
const MEASURE = KEY_COLUMNS.indexOf("measure");
const DATE_TYPE = KEY_COLUMNS.indexOf("dateType");
const DATE = KEY_COLUMNS.indexOf("date");
const LAST = KEY_COLUMNS.indexOf("definition");
const ARCH = LAST - 1;

/** Beyond any key: what is not known is not as before. */
const UNKNOWN = 2 ** 30;

const DATE_TYPES: readonly (readonly [DateType, Buffer])[] = [
  [BY_BUILD_DATE, Buffer.from(BY_BUILD_DATE)],
  [BY_SUBMISSION_DATE, Buffer.from(BY_SUBMISSION_DATE)],
];

export class EncodedRows {
  readonly #tree: FilterTree;
  /** Where each column but the last ends, from the key's beginning. */
  readonly #ends = new Int32Array(LAST);
  /** Of the entry before; undefined when that was not read. */
  #dateType: DateType | undefined;
  #date: string | undefined;
  #id: number | undefined;
  /** Paths as keys have them, and their filter ids. */
  readonly #paths = new NameTable();
  readonly #ids: number[] = [];
  /** The newest definition of these files, as bytes; whether rows of it may be joined by others behind them. */
  #files: MeasureFiles | undefined;
  #newest = Buffer.alloc(0);
  #newestIsLast = false;

  constructor(tree: FilterTree) {
    this.#tree = tree;
  }

  /** Adds the current entry to `files`, those of the measure whose newest build came last. */
  add(entries: EncodedEntries<Value>, files: MeasureFiles | undefined): boolean {
    const before = this.#columns(entries);
    if (before <= DATE_TYPE) this.#dateType = undefined;
    if (before <= DATE) this.#date = undefined;
    if (before <= ARCH) this.#id = undefined;
    // The first entry of a measure is its newest build.
    if (files === undefined || before <= MEASURE) return false;
    const { keyBytes: bytes, keyStart, keyEnd, valueBytes, valueStart } = entries;
    if (valueBytes[valueStart] !== OPEN) return false;
    this.#dateType ??= DATE_TYPES.find(([, name]) => this.#is(name, bytes, keyStart, DATE_TYPE))?.[0];
    if (this.#dateType === undefined) return false;
    if (files !== this.#files) this.#begin(files);
    const isNewest = isEqual(this.#newest, bytes, keyStart + (this.#ends[ARCH] as number) + 1, keyEnd);
    if (!isNewest) {
      const { definition } = keyParts(entries.key());
      if (!files.shows(definition)) {
        files.leave(this.#dateType, definition, () => sumsOf(entries.value()));
        return true;
      }
    }
    this.#date ??= this.#column(entries, DATE);
    this.#id ??= this.#idOf(entries);
    files.addEncoded(this.#dateType, this.#date, this.#id, entries, isNewest && this.#newestIsLast);
    return true;
  }

  /** Finds the columns. Answers how many are as in the key before; 0 for a key that has not as many columns as ours. */
  #columns({ keyBytes, keyStart, keyEnd, keyShared }: EncodedEntries<Value>): number {
    const ends = this.#ends;
    let column = LAST;
    while (column > 0 && (ends[column - 1] as number) >= keyShared) column--;
    const same = column;
    let position = keyStart + (column === 0 ? 0 : (ends[column - 1] as number) + 1);
    for (; column < LAST; position++) {
      if (position >= keyEnd) {
        ends.fill(UNKNOWN);
        return 0;
      }
      if (keyBytes[position] === TAB) ends[column++] = position - keyStart;
    }
    return same;
  }

  #begin(files: MeasureFiles): void {
    this.#files = files;
    this.#newest = Buffer.from(files.newest);
    // A column without a digest comes first, and goes together with any of its length.
    this.#newestIsLast = files.newest.includes("-");
  }

  #is(text: Buffer, bytes: Uint8Array, keyStart: number, column: number): boolean {
    return isEqual(text, bytes, keyStart + this.#startOf(column), keyStart + (this.#ends[column] as number));
  }

  #startOf(column: number): number {
    return column === 0 ? 0 : (this.#ends[column - 1] as number) + 1;
  }

  #column(entries: EncodedEntries<Value>, column: number): string {
    const start = entries.keyStart + this.#startOf(column);
    const end = entries.keyStart + (this.#ends[column] as number);
    const { keyBytes } = entries;
    for (let i = start; i < end; i++) if (keyBytes[i] === BACKSLASH) return entries.key()[column] as string;
    return Buffer.from(keyBytes.buffer, keyBytes.byteOffset, keyBytes.length).toString("utf8", start, end);
  }

  #idOf(entries: EncodedEntries<Value>): number {
    const { keyBytes, keyStart } = entries;
    const start = keyStart + this.#startOf(DATE + 1);
    const end = keyStart + (this.#ends[ARCH] as number);
    const hash = hashOf(keyBytes, start, end);
    const known = this.#paths.find(keyBytes, start, end, hash);
    if (known >= 0) return this.#ids[known] as number;
    const id = this.#tree.leafOf(keyParts(entries.key()).path);
    const number = this.#paths.add(keyBytes, start, end, hash);
    // A path that collides with too many others is looked for each time.
    if (number >= 0) this.#ids[number] = id;
    return id;
  }
}

function isEqual(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (text[i] !== bytes[start + i]) return false;
  return true;
}
