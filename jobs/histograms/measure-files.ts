/**
 * The two files of one measure:
 *
 *   {"<date>": [[b0, ..., bN-1, sum, log_sum, log_sum_squares, sum_squares_lo, sum_squares_hi, count, filter id], ...], ...}
 *
 * Dates and rows come in key order. Only arrays like the newest build's are shown: as long, and of a definition that is not
 * known to be another. What is left out is counted.
 *
 *   row -> open: the next one may be of the same place and another definition, and belongs into it -> written
 *
 * A row comes as sums, or encoded; both give the same bytes.
 */
import { Buffer } from "node:buffer";
import type { Site } from "../analysis.ts";
import { isCompatible } from "./definitions.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE } from "./keys.ts";
import type { DateType } from "./keys.ts";
import { COMMA } from "./row-bytes.ts";
import type { RowBytes } from "./row-bytes.ts";
import type { Sums } from "./value.ts";
import { addSums, countOf, decodeValue, sumsOf } from "./value.ts";

/** Arrays of one definition that are not shown. Entries are rows of both files; each ping counts once. */
export interface LeftOut {
  readonly measure: string;
  readonly definition: string;
  readonly entries: number;
  readonly pings: number;
}

/** Encoded sums, wherever they lie. */
export interface EncodedSums {
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export class MeasureFiles {
  readonly measure: string;
  /** The definition column of the newest build. */
  readonly newest: string;
  readonly #leftOut = new Map<string, LeftOut>();
  /** Both files, one behind the other. */
  readonly #bytes: RowBytes;
  /** Where the second one begins; `undefined` while the first one is written. */
  #second: number | undefined;
  /** Of the row that was written last; undefined in a file without rows. */
  #writtenDate: string | undefined;
  /** Of the row that came last. */
  #dateType: DateType = BY_BUILD_DATE;
  #date = "";
  #id = -1;
  /** It, when it is open. */
  #open: Sums | Buffer | undefined;

  /** `bytes` must be empty, and nobody else's until `write`. */
  constructor(measure: string, newest: string, bytes: RowBytes) {
    this.measure = measure;
    this.newest = newest;
    this.#bytes = bytes;
    bytes.text("{");
  }

  /** Whether rows of this definition are shown. */
  shows(definition: string): boolean {
    return isCompatible(definition, this.newest);
  }

  add(dateType: DateType, date: string, id: number, sums: Sums): void {
    if (!this.#joins(dateType, date, id)) this.#open = sums;
    else this.#open = addSums(this.#openSums(), sums);
  }

  /** `isLast`: no other definition that is shown comes after this one. */
  addEncoded(dateType: DateType, date: string, id: number, row: EncodedSums, isLast: boolean): void {
    const { valueBytes, valueStart, valueEnd } = row;
    if (this.#joins(dateType, date, id))
      this.#open = addSums(this.#openSums(), sumsAt(valueBytes, valueStart, valueEnd));
    else if (!isLast) this.#open = Buffer.from(valueBytes.subarray(valueStart, valueEnd));
    else this.#write(valueBytes, valueStart, valueEnd);
  }

  leave(dateType: string, definition: string, sums: () => Sums): void {
    const before = this.#leftOut.get(definition);
    const pings = dateType === BY_BUILD_DATE ? countOf(sums()) : 0;
    this.#leftOut.set(definition, {
      measure: this.measure,
      definition,
      entries: (before?.entries ?? 0) + 1,
      pings: (before?.pings ?? 0) + pings,
    });
  }

  /** Both files, `{}` if there is nothing to show. */
  write(site: Site): void {
    this.#flush();
    const second = this.#second ?? this.#beginSecond();
    this.#bytes.text(this.#writtenDate === undefined ? "}" : "]}");
    site.write(`${this.measure}-${BY_BUILD_DATE}.json`, this.#bytes.view(0, second));
    site.write(`${this.measure}-${BY_SUBMISSION_DATE}.json`, this.#bytes.view(second, this.#bytes.length));
    this.#bytes.clear();
  }

  leftOut(): LeftOut[] {
    return [...this.#leftOut.values()].toSorted((a, b) => (a.definition < b.definition ? -1 : 1));
  }

  /** Whether the row before is open and of this place; otherwise it is written, and this one is the one that came last. */
  #joins(dateType: DateType, date: string, id: number): boolean {
    if (this.#open !== undefined && this.#id === id && this.#date === date && this.#dateType === dateType) return true;
    this.#flush();
    if (dateType !== this.#dateType) {
      if (dateType === BY_BUILD_DATE) throw new Error(`${this.measure}: entries by build date after others`);
      this.#second = this.#beginSecond();
      this.#dateType = dateType;
    }
    this.#date = date;
    this.#id = id;
    return false;
  }

  #flush(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    if (open instanceof Uint8Array) return this.#write(open, 0, open.length);
    this.#beginRow();
    this.#bytes.row(open, this.#id);
  }

  #write(bytes: Uint8Array, start: number, end: number): void {
    this.#beginRow();
    if (!this.#bytes.encodedRow(bytes, start, end, this.#id)) this.#bytes.row(sumsAt(bytes, start, end), this.#id);
  }

  #beginRow(): void {
    if (this.#writtenDate === this.#date) return this.#bytes.byte(COMMA);
    const separator = this.#writtenDate === undefined ? "" : "],";
    this.#bytes.text(`${separator}${JSON.stringify(this.#date)}:[`);
    this.#writtenDate = this.#date;
  }

  #beginSecond(): number {
    this.#bytes.text(this.#writtenDate === undefined ? "}" : "]}");
    const begin = this.#bytes.length;
    this.#bytes.text("{");
    this.#writtenDate = undefined;
    return begin;
  }

  #openSums(): Sums {
    const open = this.#open ?? [];
    return open instanceof Uint8Array ? sumsAt(open, 0, open.length) : open;
  }
}

function sumsAt(bytes: Uint8Array, start: number, end: number): Sums {
  return sumsOf(decodeValue(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8", start, end)));
}
