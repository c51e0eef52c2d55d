/**
 * What a cell amounts to: its sums in their canonical form, as a value or as the text that `encodeValue` makes of that value.
 * The text is written without the value: of a cell with 70 places, 65 are zeros and other small counts.
 */
import type { Exact, ExactSum as Spilled } from "../exact-sum.ts";
import { ExactSum, sumError } from "../exact-sum.ts";
import type { Cell, Cells } from "./cells.ts";
import { BUCKETS, COUNT, PAGE_MASK, PRESENT, SUMS } from "./cells.ts";
import type { Line } from "./line.ts";
import type { Sums } from "./value.ts";
import { STATISTICS, encodeValue } from "./value.ts";

const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

export function sumsOf(cells: Cells, cell: Cell): Sums {
  const page = cells.page(cell);
  const at = cell & PAGE_MASK;
  const buckets = page[at] as number;
  const spilled = cells.spilled(cell);
  const sums: (Exact | null)[] = [];
  for (let i = 0; i < buckets; i++) sums.push(exactly(page[at + BUCKETS + i] as number, 0, spilled?.get(i)));
  const present = page[at + PRESENT] as number;
  for (let i = 0; i < STATISTICS; i++) {
    if ((present & (1 << i)) === 0) sums.push(null);
    else {
      const high = page[at + SUMS + i * 2] as number;
      sums.push(exactly(high, page[at + SUMS + i * 2 + 1] as number, spilled?.get(buckets + i)));
    }
  }
  sums.push(page[at + COUNT] as number);
  return sums;
}

/** Appends `encodeValue(sumsOf(cells, cell))`. */
export function writeSums(cells: Cells, cell: Cell, line: Line): void {
  if (cells.spilled(cell) !== undefined) {
    line.text(encodeValue(sumsOf(cells, cell)));
    return;
  }
  const page = cells.page(cell);
  const at = cell & PAGE_MASK;
  const end = at + BUCKETS + (page[at] as number);
  line.byte(OPEN_LIST);
  line.integers(page, at + BUCKETS, end);
  const present = page[at + PRESENT] as number;
  for (let i = 0; i < STATISTICS; i++) {
    if ((present & (1 << i)) === 0) line.text("null");
    else writeExact(page[at + SUMS + i * 2] as number, page[at + SUMS + i * 2 + 1] as number, line);
    line.byte(COMMA);
  }
  line.number(page[at + COUNT] as number);
  line.byte(CLOSE_LIST);
}

/** The sum of two doubles that are far from overflow. */
function writeExact(high: number, low: number, line: Line): void {
  const sum = high + low;
  const error = low === 0 ? 0 : sumError(high, low, sum);
  if (error === 0) {
    line.number(sum);
    return;
  }
  line.byte(OPEN_LIST);
  line.number(sum);
  line.byte(COMMA);
  line.number(error);
  line.byte(CLOSE_LIST);
}

function exactly(high: number, low: number, spilled: Spilled | undefined): Exact {
  if (low === 0 && spilled === undefined) return high + 0;
  const sum = new ExactSum();
  sum.add(high);
  sum.add(low);
  if (spilled !== undefined) sum.addAll(spilled.value());
  return sum.value();
}
