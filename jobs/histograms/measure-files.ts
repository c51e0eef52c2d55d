/**
 * The two files of one measure:
 *
 *   {"<date>": [[b0, ..., bN-1, sum, log_sum, log_sum_squares, sum_squares_lo, sum_squares_hi, count, filter id], ...], ...}
 *
 * Dates and rows come in key order. Only arrays like the newest build's are shown: as long, and of a definition that is not
 * known to be another. What is left out is counted.
 */
import type { Site } from "../analysis.ts";
import { isCompatible } from "./definitions.ts";
import type { FilterTree } from "./filter-tree.ts";
import type { DateType, KeyParts } from "./keys.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE } from "./keys.ts";
import type { Sums } from "./value.ts";
import { addSums, countOf, rowOf } from "./value.ts";

/** Arrays of one definition that are not shown. Entries are rows of both files; each ping counts once. */
export interface LeftOut {
  readonly measure: string;
  readonly definition: string;
  readonly entries: number;
  readonly pings: number;
}

interface Row {
  readonly dateType: string;
  readonly date: string;
  readonly id: number;
  readonly sums: Sums;
}

export class MeasureFiles {
  readonly #measure: string;
  readonly #newest: string;
  readonly #tree: FilterTree;
  readonly #leftOut = new Map<string, LeftOut>();
  /** By date type: `"<date>":[<rows>` of each date, the list not closed yet. */
  readonly #dates: Record<DateType, { date: string; rows: string[] }[]> = {
    [BY_BUILD_DATE]: [],
    [BY_SUBMISSION_DATE]: [],
  };
  /** Not written yet: the next entry may be of the same place and another definition, and belongs into the same row. */
  #pending: Row | undefined;

  constructor(measure: string, newest: string, tree: FilterTree) {
    this.#measure = measure;
    this.#newest = newest;
    this.#tree = tree;
  }

  add(parts: KeyParts, sums: Sums): void {
    if (!isCompatible(parts.definition, this.#newest)) {
      this.#leave(parts, sums);
      return;
    }
    const id = this.#tree.idOf(parts.path);
    if (id === undefined) throw new Error(`a filter path without pings: ${parts.path.join("/")}`);
    const before = this.#pending;
    const same = before?.id === id && before.date === parts.date && before.dateType === parts.dateType;
    if (!same) this.#flush();
    const all = same ? addSums(before.sums, sums) : sums;
    this.#pending = { dateType: parts.dateType, date: parts.date, id, sums: all };
  }

  /** Both files, `{}` if there is nothing to show. */
  write(site: Site): void {
    this.#flush();
    for (const dateType of [BY_BUILD_DATE, BY_SUBMISSION_DATE] as const) {
      const members = this.#dates[dateType].map(({ date, rows }) => `${JSON.stringify(date)}:[${rows.join(",")}]`);
      site.write(`${this.#measure}-${dateType}.json`, `{${members.join(",")}}`);
    }
  }

  leftOut(): LeftOut[] {
    return [...this.#leftOut.values()].toSorted((a, b) => (a.definition < b.definition ? -1 : 1));
  }

  #flush(): void {
    const row = this.#pending;
    if (row === undefined) return;
    this.#pending = undefined;
    const dates = this.#dates[row.dateType === BY_BUILD_DATE ? BY_BUILD_DATE : BY_SUBMISSION_DATE];
    let last = dates.at(-1);
    if (last?.date !== row.date) {
      last = { date: row.date, rows: [] };
      dates.push(last);
    }
    last.rows.push(`[${rowOf(row.sums).join(",")},${row.id}]`);
  }

  #leave(parts: KeyParts, sums: Sums): void {
    const { definition } = parts;
    const before = this.#leftOut.get(definition);
    const pings = parts.dateType === BY_BUILD_DATE ? countOf(sums) : 0;
    this.#leftOut.set(definition, {
      measure: this.#measure,
      definition,
      entries: (before?.entries ?? 0) + 1,
      pings: (before?.pings ?? 0) + pings,
    });
  }
}
