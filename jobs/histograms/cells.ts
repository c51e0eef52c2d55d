/**
 * Running sums of many arrays, in pages of doubles: 100,000 of them are affordable, and adding one array makes no object.
 *
 *   a cell in its page: b0 ... bN-1 | high low (five times: the statistics) | which statistics are present | count
 *
 * Buckets are whole numbers up to 2^53 nearly always, and stay exact as plain doubles. A statistic is two doubles, the second
 * holding what the first lost. Whatever does not fit so goes to the cell's `spill`, number by number: sums are exact always.
 */
import type { Exact } from "../exact-sum.ts";
import { ExactSum, sumError } from "../exact-sum.ts";
import type { SparseNumbers } from "../../shared/records/sparse-numbers.ts";
import type { Sums } from "./value.ts";
import { MISSING, STATISTICS } from "./value.ts";

/** 256 KiB a page: few allocations, little waste. A larger cell gets a page of its own. */
const PAGE_DOUBLES = 32 * 1024;
/** Two doubles a statistic, the presence bits, the count. */
const TAIL_DOUBLES = STATISTICS * 2 + 2;
/** Sums below this are far from overflow, so that their rounding errors are exact. */
const PLAIN_MAX = 2 ** 1000;

/** Of a cell's objects and its places in maps, about; measured with 100,000 cells. */
const CELL_OVERHEAD_BYTES = 200;
const SPILLED_BYTES = 200;
const ALL_STATISTICS = (1 << STATISTICS) - 1;

export interface Cell {
  readonly buckets: number;
  readonly page: Float64Array;
  /** Of the first bucket, in the page. */
  readonly at: number;
  /** Position within the array -> what its doubles do not hold. */
  spill: Map<number, ExactSum> | null;
  /** The next cell of the same measure, with another number of buckets. */
  readonly next: Cell | null;
}

/** The cells of one measure: one for each length that its arrays had. */
export interface Chain {
  first: Cell | null;
}

export class Cells {
  #page = new Float64Array(PAGE_DOUBLES);
  #used = 0;
  #bytes = PAGE_DOUBLES * Float64Array.BYTES_PER_ELEMENT;

  /** Memory of all cells, about. */
  get bytes(): number {
    return this.#bytes;
  }

  make(buckets: number, next: Cell | null): Cell {
    const doubles = buckets + TAIL_DOUBLES;
    this.#bytes += CELL_OVERHEAD_BYTES;
    if (doubles > PAGE_DOUBLES) {
      this.#bytes += doubles * Float64Array.BYTES_PER_ELEMENT;
      return { buckets, page: new Float64Array(doubles), at: 0, spill: null, next };
    }
    if (this.#used + doubles > PAGE_DOUBLES) {
      this.#page = new Float64Array(PAGE_DOUBLES);
      this.#used = 0;
      this.#bytes += PAGE_DOUBLES * Float64Array.BYTES_PER_ELEMENT;
    }
    const at = this.#used;
    this.#used += doubles;
    return { buckets, page: this.#page, at, spill: null, next };
  }

  /** The chain's cell of that many buckets, made if there is none. */
  of(chain: Chain, buckets: number): Cell {
    let cell = chain.first;
    while (cell !== null && cell.buckets !== buckets) cell = cell.next;
    if (cell !== null) return cell;
    chain.first = this.make(buckets, chain.first);
    return chain.first;
  }

  /** One ping's array: buckets, then the five statistics (-1 = missing). All finite numbers, of the cell's length. */
  addArray(cell: Cell, array: readonly number[]): void {
    const { page, at, buckets } = cell;
    for (let i = 0; i < buckets; i++) {
      const value = array[i] as number;
      if (value === 0) continue;
      const sum = (page[at + i] as number) + value;
      if (Number.isSafeInteger(value) && Number.isSafeInteger(sum)) page[at + i] = sum;
      else this.#spill(cell, i, value);
    }
    for (let i = 0; i < STATISTICS; i++) this.#addStatistic(cell, i, array[buckets + i] as number);
    this.#count(cell);
  }

  /** As `addArray`, of an array without its zeros: from `start` to `end` of `numbers`. */
  addSparse(cell: Cell, { places, values }: SparseNumbers, start: number, end: number): void {
    const { page, at, buckets } = cell;
    let present = ALL_STATISTICS;
    for (let i = start; i < end; i++) {
      const place = places[i] as number;
      const value = values[i] as number;
      if (place < buckets) {
        const sum = (page[at + place] as number) + value;
        if (Number.isSafeInteger(value) && Number.isSafeInteger(sum)) page[at + place] = sum;
        else this.#spill(cell, place, value);
      } else if (value === MISSING) present &= ~(1 << (place - buckets));
      else this.#addStatistic(cell, place - buckets, value);
    }
    (page[at + buckets + STATISTICS * 2] as number) |= present;
    this.#count(cell);
  }

  /** One ping's simple measure: 1 in a bucket (none if it is -1) and the statistics. */
  addSimple(cell: Cell, bucket: number, sum: number, logSum: number, logSumSquares: number): void {
    if (bucket >= 0) (cell.page[cell.at + bucket] as number) += 1;
    this.#addStatistic(cell, 0, sum);
    this.#addStatistic(cell, 1, logSum);
    this.#addStatistic(cell, 2, logSumSquares);
    this.#count(cell);
  }

  #addStatistic(cell: Cell, statistic: number, value: number): void {
    if (value === MISSING) return;
    const { page, at, buckets } = cell;
    const high = at + buckets + statistic * 2;
    (page[at + buckets + STATISTICS * 2] as number) |= 1 << statistic;
    const before = page[high] as number;
    const sum = before + value;
    if (!(sum < PLAIN_MAX && sum > -PLAIN_MAX && value < PLAIN_MAX && value > -PLAIN_MAX)) {
      this.#spill(cell, buckets + statistic, value);
      return;
    }
    page[high] = sum;
    const error = sumError(before, value, sum);
    if (error === 0) return;
    const low = page[high + 1] as number;
    const lowSum = low + error;
    page[high + 1] = lowSum;
    const rest = sumError(low, error, lowSum);
    if (rest !== 0) this.#spill(cell, buckets + statistic, rest);
  }

  #count(cell: Cell): void {
    (cell.page[cell.at + cell.buckets + STATISTICS * 2 + 1] as number) += 1;
  }

  #spill(cell: Cell, position: number, value: number): void {
    cell.spill ??= new Map();
    let sum = cell.spill.get(position);
    if (sum === undefined) {
      sum = new ExactSum();
      cell.spill.set(position, sum);
      this.#bytes += SPILLED_BYTES;
    }
    sum.add(value);
  }
}

/** The cell's sums in their canonical form. */
export function sumsOf(cell: Cell): Sums {
  const { page, at, buckets } = cell;
  const sums: (Exact | null)[] = [];
  for (let i = 0; i < buckets; i++) sums.push(exactly(page[at + i] as number, 0, cell.spill?.get(i)));
  const tail = at + buckets;
  const present = page[tail + STATISTICS * 2] as number;
  for (let i = 0; i < STATISTICS; i++) {
    if ((present & (1 << i)) === 0) sums.push(null);
    else {
      const high = page[tail + i * 2] as number;
      sums.push(exactly(high, page[tail + i * 2 + 1] as number, cell.spill?.get(buckets + i)));
    }
  }
  sums.push(page[tail + STATISTICS * 2 + 1] as number);
  return sums;
}

function exactly(high: number, low: number, spilled: ExactSum | undefined): Exact {
  if (low === 0 && spilled === undefined) return high + 0;
  const sum = new ExactSum();
  sum.add(high);
  sum.add(low);
  if (spilled !== undefined) sum.addAll(spilled.value());
  return sum.value();
}
