/**
 * One measure over dates: `<MEASURE>-by-<dates>.json`, {"<YYYYMMDD>": [row, …], …}. Filters narrow it; dates and ranges of dates are
 * added up to distributions. Dates are texts, so that nobody's time zone moves them.
 */
import { Distribution, rowLength, submissionsColumn, type Row } from "./distribution.ts";
import { compareTexts, type FilterTree, type Picks } from "./filter-tree.ts";
import type { Measure } from "./measure.ts";
import { isCount, isDay, isNumbers, isObject } from "./shapes.ts";
import { unexpected } from "./site-fault.ts";

export interface DatedDistribution {
  /** YYYYMMDD. */
  readonly date: string;
  readonly distribution: Distribution;
}

export interface ParsedRows {
  /** By date, in order. */
  readonly days: ReadonlyMap<string, readonly Row[]>;
  /**
   * Rows that are left out: counts in buckets below 0 or beyond 2^53, or a date that no calendar has. One damaged record makes
   * such in a file that is right, so they must not take the other rows with them.
   */
  readonly leftOut: number;
}

/** Throws a SiteFault. */
export function parseRows(file: string, json: unknown, measure: Measure, tree: FilterTree): ParsedRows {
  if (!isObject(json)) throw unexpected(file, "is not an object");
  const length = rowLength(measure);
  const submissions = submissionsColumn(measure);
  let leftOut = 0;
  const dates = Object.entries(json).map(([date, rows]) => {
    if (!/^\d{8}$/.test(date)) throw unexpected(file, `has ${JSON.stringify(date)} for a date`);
    if (!Array.isArray(rows)) throw unexpected(file, `has no rows for ${date}`);
    for (const [i, row] of rows.entries()) {
      if (!isNumbers(row) || row.length !== length) {
        throw unexpected(file, `has a row of ${date} that is not ${length} numbers, as site.json says`);
      }
      const many = row[submissions];
      if (!isCount(many)) {
        const where = `row ${i + 1} of ${date}, column ${submissions + 1}`;
        throw unexpected(file, `has ${many} in ${where}: what is counted there is a whole number from 0 to 2^53`);
      }
      if (!tree.has(row.at(-1) ?? NaN))
        throw unexpected(file, `has a row of ${date} that filter-tree.json does not know`);
    }
    const kept = isDay(date) ? (rows as readonly Row[]).filter((row) => hasCounts(row, measure)) : [];
    leftOut += rows.length - kept.length;
    return [date, kept] as const;
  });
  const days = dates.filter(([date]) => isDay(date)).toSorted(([a], [b]) => compareTexts(a, b));
  return { days: new Map(days), leftOut };
}

/** Parts of one are fine: clients have counted so. */
function hasCounts(row: Row, { bounds }: Measure): boolean {
  return row.slice(0, bounds.length).every((count) => count >= 0 && count <= Number.MAX_SAFE_INTEGER);
}

export class Evolution {
  readonly measure: Measure;
  readonly picks: Picks;
  /** Of the measure's file, whatever is picked: see ParsedRows. */
  readonly rowsLeftOut: number;
  readonly #all: ReadonlyMap<string, readonly Row[]>;
  readonly #tree: FilterTree;
  /** Filtered, without dates of which nothing is left. */
  readonly #rows: ReadonlyMap<string, readonly Row[]>;
  /** Made when first asked for: ranges add up dates, which are many fewer than rows, so that they can follow a pointer. */
  #days: readonly DatedDistribution[] | null = null;

  constructor(measure: Measure, { days, leftOut }: ParsedRows, tree: FilterTree, picks: Picks = []) {
    this.measure = measure;
    this.picks = picks;
    this.rowsLeftOut = leftOut;
    this.#all = days;
    this.#tree = tree;
    const ids = picks.every((pick) => pick === null) ? null : tree.ids(picks);
    const allowed = (row: Row): boolean => ids === null || ids.has(row.at(-1) ?? NaN);
    const filtered = [...days].map(([date, all]) => [date, all.filter(allowed)] as const);
    this.#rows = new Map(filtered.filter(([, left]) => left.length > 0));
  }

  get dimensions(): readonly string[] {
    return this.#tree.dimensions;
  }

  /** Values of a dimension that occur with what is picked for those before it. Throws a RangeError for another name. */
  options(dimension: string): string[] {
    return this.#tree.options(this.picks, this.#level(dimension));
  }

  /** The dimension that `filter` narrows next; null when all are picked. */
  get filterName(): string | null {
    return this.dimensions[this.picks.length] ?? null;
  }

  get filterOptions(): string[] {
    return this.filterName === null ? [] : this.#tree.options(this.picks, this.picks.length);
  }

  /** Narrows the next dimension to a value, or leaves all of it with null. */
  filter(option: string | null): Evolution {
    if (this.filterName === null) throw new RangeError("all dimensions are picked already");
    return this.#with([...this.picks, option]);
  }

  /** Narrows any dimension, whatever was picked of the others; null takes what was picked back. */
  where(dimension: string, value: string | null): Evolution {
    const level = this.#level(dimension);
    return this.#with(this.dimensions.map((_, i) => (i === level ? value : (this.picks[i] ?? null))));
  }

  /** Those of which there is something, in order. */
  get dates(): string[] {
    return [...this.#rows.keys()];
  }

  /** Those of which there is something, whatever is picked, in order. */
  get allDates(): string[] {
    return [...this.#all].filter(([, rows]) => rows.length > 0).map(([date]) => date);
  }

  /** All dates from `from` to `to`, both included; without them all there are. */
  range(from = "", to = "99999999"): Distribution {
    const days = this.series().filter(({ date }) => date >= from && date <= to);
    return Distribution.sum(
      this.measure,
      days.map(({ distribution }) => distribution),
    );
  }

  /** A distribution for each date. */
  series(): readonly DatedDistribution[] {
    this.#days ??= [...this.#rows].map(([date, rows]) => ({
      date,
      distribution: new Distribution(this.measure, rows),
    }));
    return this.#days;
  }

  #level(dimension: string): number {
    const level = this.dimensions.indexOf(dimension);
    if (level < 0) throw new RangeError(`${dimension} is none of ${this.dimensions.join(", ")}`);
    return level;
  }

  #with(picks: Picks): Evolution {
    return new Evolution(this.measure, { days: this.#all, leftOut: this.rowsLeftOut }, this.#tree, picks);
  }
}
