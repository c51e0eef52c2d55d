/**
 * The page's files for counts, where one of the columns is a date: `site.json`, `filter-tree.json` of the other columns, and
 * `records-by-date.json`. All of it is in memory at once, so a page of very many rows is not made; what is left out is noted.
 */
import type { Beside, Key, Site } from "../analysis.ts";
import { FilterTree } from "../page/filter-tree.ts";
import { writeSiteFile } from "../page/site-file.ts";
import { encodeKey } from "../../shared/segment/key.ts";
import { sortTexts } from "../../shared/segment/order.ts";

/** A page reads them all: a few megabytes, which a browser can still add up while somebody looks. */
export const pageRowsMax = 200_000;

const measure = "records";
const dates = "date";

export class CountsPage implements Beside<number> {
  readonly #columns: readonly string[];
  readonly #date: number;
  /** Encoded values of the other columns -> those values, and counts by date. */
  readonly #paths = new Map<string, { readonly path: readonly string[]; readonly counts: Map<string, number> }>();
  #rows = 0;
  #records = 0;
  #withoutDate = 0;

  /** `date`: which of the columns is one. */
  constructor(columns: readonly string[], date: number) {
    this.#columns = columns;
    this.#date = date;
  }

  add(key: Key, value: number): void {
    this.#records += value;
    const date = dateOf(key[this.#date] ?? "");
    if (date === null) this.#withoutDate += value;
    else if (this.#rows <= pageRowsMax) this.#count(key.toSpliced(this.#date, 1), date, value);
  }

  end(site: Site): void {
    site.note("records", this.#records);
    site.note("withoutDate", this.#withoutDate);
    if (this.#rows > pageRowsMax) {
      site.note("withoutPage", `more than ${pageRowsMax} rows`);
      return;
    }
    const dimensions = this.#columns.toSpliced(this.#date, 1);
    const tree = new FilterTree(dimensions);
    const rows = new Map<string, string[]>();
    for (const encoded of sortTexts([...this.#paths.keys()])) {
      const { path = [], counts = new Map<string, number>() } = this.#paths.get(encoded) ?? {};
      tree.add(path);
      const id = tree.leafOf(path);
      for (const [date, count] of counts) {
        const own = rows.get(date) ?? [];
        own.push(`[${count},${id}]`);
        rows.set(date, own);
      }
    }
    const members = sortTexts([...rows.keys()]).map((date) => `"${date}":[${rows.get(date)?.join(",")}]`);
    site.write(`${measure}-by-${dates}.json`, `{${members.join(",")}}`);
    site.write("filter-tree.json", tree.json());
    writeSiteFile(site, {
      title: "counts",
      unit: [],
      dimensions,
      dates: [{ name: dates, title: this.#columns[this.#date] ?? dates }],
      submissions: measure,
      measures: new Map([[measure, { kind: "counter", description: `Records by ${this.#columns.join(", ")}` }]]),
    });
  }

  #count(path: Key, date: string, value: number): void {
    const encoded = path.length === 0 ? "" : encodeKey(path);
    const known = this.#paths.get(encoded) ?? { path, counts: new Map<string, number>() };
    this.#paths.set(encoded, known);
    const before = known.counts.get(date);
    if (before === undefined) this.#rows++;
    known.counts.set(date, (before ?? 0) + value);
  }
}

/** YYYYMMDD of a day that is written so, or as ISO 8601 with or without a time; null for anything else. */
export function dateOf(value: string): string | null {
  const match = /^(\d{4})(-?)(\d{2})\2(\d{2})(?:$|[T ])/.exec(value);
  if (match === null) return null;
  const [, year, , month, day] = match;
  const time = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  // 30 February is the second of March to some parsers.
  const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(`${year}-${month}-${day}`);
  return exists ? `${year}${month}${day}` : null;
}
