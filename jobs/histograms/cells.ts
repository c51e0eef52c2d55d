/**
 * Running sums of many arrays, in pages of doubles: 100,000 of them are affordable, and adding one array makes no object.
 *
 *   a cell in its page: N | next cell | which statistics are present | count | high low (five statistics) | b0 ... bN-1
 *
 * A cell is a number: its place in the pages, which follow one another. What each ping touches lies close together at its
 * begin, and there is no object to be fetched on the way to it. 0 is no cell.
 *
 * Buckets are whole numbers up to 2^53 nearly always, and stay exact as plain doubles. A statistic is two doubles, the second
 * holding what the first lost. Whatever does not fit so is spilled, number by number: sums are exact always. What a cell amounts
 * to is read by cell-sums.ts.
 */
import type { SparseNumbers } from "../../shared/records/sparse-numbers.ts";
import { ExactSum, sumError } from "../exact-sum.ts";
import { MISSING, STATISTICS } from "./value.ts";

/** 256 KiB a page: few allocations, little waste, and room for the longest array that is taken (10,000 buckets). */
const PAGE_BITS = 15;
const PAGE_DOUBLES = 2 ** PAGE_BITS;
export const PAGE_MASK = PAGE_DOUBLES - 1;
/** Places in a cell. */
const NEXT = 1;
export const PRESENT = 2;
export const COUNT = 3;
export const SUMS = 4;
/** Where the buckets begin, behind two doubles a statistic. */
export const BUCKETS = SUMS + STATISTICS * 2;
/** Of what a processor fetches at a time. */
const LINE_DOUBLES = 8;
const ALL_STATISTICS = (1 << STATISTICS) - 1;
/** Sums below this are far from overflow, so that their rounding errors are exact. */
const PLAIN_MAX = 2 ** 1000;

/** Of a cell's places in maps and lists, about; measured with 100,000 cells. */
const CELL_OVERHEAD_BYTES = 120;
const SPILLED_BYTES = 200;

/** A cell's place. */
export type Cell = number;

export const NO_CELL: Cell = 0;

export class Cells {
  readonly #pages: Float64Array[] = [new Float64Array(PAGE_DOUBLES)];
  /** Of the last page. The first place is nobody's. */
  #used = 1;
  #bytes = PAGE_DOUBLES * Float64Array.BYTES_PER_ELEMENT;
  /** Cell -> position within the array -> what its doubles do not hold. */
  readonly #spilled = new Map<Cell, Map<number, ExactSum>>();

  /** What was fetched last. Of no meaning: kept, or fetching would be left out as useless. */
  fetched = 0;

  /** Memory of all cells, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The first cell of a measure, for arrays of so many buckets. */
  make(buckets: number): Cell {
    const doubles = BUCKETS + buckets;
    this.#bytes += CELL_OVERHEAD_BYTES;
    if (this.#used + doubles > PAGE_DOUBLES) {
      this.#pages.push(new Float64Array(PAGE_DOUBLES));
      this.#used = 0;
      this.#bytes += PAGE_DOUBLES * Float64Array.BYTES_PER_ELEMENT;
    }
    const page = this.#pages.length - 1;
    const at = this.#used;
    this.#used += doubles;
    (this.#pages[page] as Float64Array)[at] = buckets;
    return page * PAGE_DOUBLES + at;
  }

  /** The cell of that many buckets among those of the measure whose first cell this is; made if there is none. */
  ofLength(first: Cell, buckets: number): Cell {
    for (let cell = first; cell !== NO_CELL; cell = this.next(cell)) {
      if (this.bucketsOf(cell) === buckets) return cell;
    }
    // Behind the first one, which stays the first.
    const made = this.make(buckets);
    this.page(made)[(made & PAGE_MASK) + NEXT] = this.next(first);
    this.page(first)[(first & PAGE_MASK) + NEXT] = made;
    return made;
  }

  /**
   * Reads what `addSparse` will need of a cell, a bucket's place included, so that it is near by then. The processor waits for
   * memory once for many cells that are asked for one after the other, and for each cell when additions lie in between.
   */
  fetch(cell: Cell, bucket: number): number {
    const page = this.page(cell);
    const at = cell & PAGE_MASK;
    return (page[at + LINE_DOUBLES] as number) + (page[at + BUCKETS + bucket] as number);
  }

  bucketsOf(cell: Cell): number {
    return this.page(cell)[cell & PAGE_MASK] as number;
  }

  /** Of the same measure and another length, or `NO_CELL`. */
  next(cell: Cell): Cell {
    return this.page(cell)[(cell & PAGE_MASK) + NEXT] as number;
  }

  /** One ping's array: buckets, then the five statistics (-1 = missing). All finite numbers, of the cell's length. */
  addArray(cell: Cell, array: readonly number[]): void {
    const page = this.page(cell);
    const at = cell & PAGE_MASK;
    const buckets = page[at] as number;
    for (let i = 0; i < buckets; i++) {
      const value = array[i] as number;
      if (value !== 0) this.#addBucket(cell, page, at + BUCKETS + i, i, value);
    }
    let present = ALL_STATISTICS;
    for (let i = 0; i < STATISTICS; i++) {
      const value = array[buckets + i] as number;
      if (value === MISSING) present &= ~(1 << i);
      else this.#addStatistic(cell, page, at, i, buckets + i, value);
    }
    this.#count(page, at, present);
  }

  /** As `addArray`, of an array without its zeros: from `start` to `end` of `numbers`. */
  addSparse(cell: Cell, { places, values }: SparseNumbers, start: number, end: number): void {
    const page = this.page(cell);
    const at = cell & PAGE_MASK;
    const buckets = page[at] as number;
    let i = start;
    for (; i < end; i++) {
      const place = places[i] as number;
      if (place >= buckets) break;
      this.#addBucket(cell, page, at + BUCKETS + place, place, values[i] as number);
    }
    let present = ALL_STATISTICS;
    for (; i < end; i++) {
      const place = places[i] as number;
      const value = values[i] as number;
      if (value === MISSING) present &= ~(1 << (place - buckets));
      else this.#addStatistic(cell, page, at, place - buckets, place, value);
    }
    this.#count(page, at, present);
  }

  /** One ping's simple measure: 1 in a bucket (none if it is -1) and three statistics, the others being missing. */
  addSimple(cell: Cell, bucket: number, sum: number, logSum: number, logSumSquares: number): void {
    const page = this.page(cell);
    const at = cell & PAGE_MASK;
    const buckets = page[at] as number;
    if (bucket >= 0) (page[at + BUCKETS + bucket] as number) += 1;
    let present = 0;
    if (sum !== MISSING) {
      present = 1;
      this.#addStatistic(cell, page, at, 0, buckets, sum);
    }
    this.#addStatistic(cell, page, at, 1, buckets + 1, logSum);
    this.#addStatistic(cell, page, at, 2, buckets + 2, logSumSquares);
    this.#count(page, at, present | (1 << 1) | (1 << 2));
  }

  /** Adds what one cell holds to another one of as many buckets. */
  addCell(to: Cell, from: Cell): void {
    const [page, at] = [this.page(to), to & PAGE_MASK];
    const [other, start] = [this.page(from), from & PAGE_MASK];
    const buckets = page[at] as number;
    for (let i = 0; i < buckets; i++) {
      const value = other[start + BUCKETS + i] as number;
      if (value !== 0) this.#addBucket(to, page, at + BUCKETS + i, i, value);
    }
    for (let i = 0; i < STATISTICS; i++) {
      const high = start + SUMS + i * 2;
      this.#addStatistic(to, page, at, i, buckets + i, other[high] as number);
      this.#addStatistic(to, page, at, i, buckets + i, other[high + 1] as number);
    }
    for (const [position, sum] of this.#spilled.get(from) ?? []) this.#spilledAt(to, position).addAll(sum.value());
    (page[at + PRESENT] as number) |= other[start + PRESENT] as number;
    (page[at + COUNT] as number) += other[start + COUNT] as number;
  }

  /** As it was made: of no ping. */
  clear(cell: Cell): void {
    const [page, at] = [this.page(cell), cell & PAGE_MASK];
    page.fill(0, at + PRESENT, at + BUCKETS + (page[at] as number));
    this.#spilled.delete(cell);
  }

  /** The page of doubles in which a cell lies, from `cell & PAGE_MASK` on. */
  page(cell: Cell): Float64Array {
    return this.#pages[cell >> PAGE_BITS] as Float64Array;
  }

  /** By position within the array, what the cell's doubles do not hold. */
  spilled(cell: Cell): ReadonlyMap<number, ExactSum> | undefined {
    return this.#spilled.get(cell);
  }

  #addBucket(cell: Cell, page: Float64Array, at: number, position: number, value: number): void {
    const sum = (page[at] as number) + value;
    if (Number.isSafeInteger(value) && Number.isSafeInteger(sum)) page[at] = sum;
    else this.#spill(cell, position, value);
  }

  /** `position` is the statistic's within the array. */
  #addStatistic(cell: Cell, page: Float64Array, at: number, statistic: number, position: number, value: number): void {
    const high = at + SUMS + statistic * 2;
    const before = page[high] as number;
    const sum = before + value;
    if (!(sum < PLAIN_MAX && sum > -PLAIN_MAX && value < PLAIN_MAX && value > -PLAIN_MAX)) {
      this.#spill(cell, position, value);
      return;
    }
    page[high] = sum;
    const error = sumError(before, value, sum);
    if (error === 0) return;
    const low = page[high + 1] as number;
    const lowSum = low + error;
    page[high + 1] = lowSum;
    const rest = sumError(low, error, lowSum);
    if (rest !== 0) this.#spill(cell, position, rest);
  }

  #count(page: Float64Array, at: number, present: number): void {
    (page[at + PRESENT] as number) |= present;
    (page[at + COUNT] as number) += 1;
  }

  #spill(cell: Cell, position: number, value: number): void {
    this.#spilledAt(cell, position).add(value);
  }

  #spilledAt(cell: Cell, position: number): ExactSum {
    let spilled = this.#spilled.get(cell);
    if (spilled === undefined) {
      spilled = new Map();
      this.#spilled.set(cell, spilled);
    }
    let sum = spilled.get(position);
    if (sum === undefined) {
      sum = new ExactSum();
      spilled.set(position, sum);
      this.#bytes += SPILLED_BYTES;
    }
    return sum;
  }
}
