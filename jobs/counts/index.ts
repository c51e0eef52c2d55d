/**
 * Counts records by dimensions and JSON paths, no code needed: `--by 'appUpdateChannel,$.info.OS'`.
 * The key has one column for each; what a record does not have is counted under `(none)`.
 */
import * as v from "valibot";
import type { Accumulator, Key, RecordView } from "../analysis.ts";
import { InvalidRecord, defineAnalysis } from "../analysis.ts";
import { PathReader } from "../../shared/records/path-reader.ts";
import { KEY_BYTES_MAX, decodeKeyText, encodeKey } from "../../shared/segment/key.ts";
import { sortTexts } from "../../shared/segment/order.ts";
import { mergeIntegers } from "../encoded-integers.ts";
import type { Column } from "./columns.ts";
import { parseColumns } from "./columns.ts";
import { CountsPage } from "./page.ts";

export const NONE = "(none)";

/** What is left of a key's bytes for the partition, its first column. */
const VALUES_LENGTH_MAX = (KEY_BYTES_MAX - 256) / 4;
/** Of an entry in the map, besides its key. */
const ENTRY_BYTES = 100;

/** How layouts call theirs. */
const dateNames: readonly string[] = ["date", "submission_date"];

const fieldsSchema = v.strictObject({
  /** Which of the columns the page shows them by. Default: the first that is called as dates of layouts are. */
  date: v.optional(v.string("expected one of the columns of --by")),
  by: v.pipe(
    v.string("expected a list such as appUpdateChannel,$.info.OS"),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parseColumns(dataset.value)
          .map(({ text }) => text)
          .join(",");
      } catch (error) {
        addIssue({ message: error instanceof Error ? error.message : String(error) });
        return NEVER;
      }
    }),
  ),
});

const paramsSchema = v.pipe(
  fieldsSchema,
  v.check(({ by, date }) => {
    return date === undefined || dateColumn(namesOf(by), date) >= 0;
  }, "the param `date` is none of the columns of --by; of a path, it is the column's name"),
);

function namesOf(by: string): string[] {
  return parseColumns(by).map(({ name }) => name);
}

export default defineAnalysis<number, v.InferOutput<typeof paramsSchema>>({
  name: "counts",
  key: ({ by }) => namesOf(by),
  params: paramsSchema,
  accumulator: ({ params }) => new Counter(parseColumns(params.by)),
  merge: (a, b) => a + b,
  mergeEncoded: mergeIntegers,
  beside({ params }) {
    const columns = namesOf(params.by);
    const date = dateColumn(columns, params.date);
    return date < 0 ? null : new CountsPage(columns, date);
  },
});

/** -1 where none is a date. */
function dateColumn(columns: readonly string[], date: string | undefined): number {
  return columns.findIndex((name) => (date === undefined ? dateNames.includes(name) : name === date));
}

class Counter implements Accumulator<number> {
  readonly #columns: readonly Column[];
  /** Of the columns that are paths, in their order; null when there are none, and no record is looked into. */
  readonly #reader: PathReader | null;
  #counts = new Map<string, number>();
  #bytes = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    const paths = columns.flatMap(({ path }) => (path === null ? [] : [path]));
    this.#reader = paths.length === 0 ? null : new PathReader(paths);
  }

  add(record: RecordView): void {
    const found = this.#reader?.read(record) ?? [];
    const values: string[] = [];
    let length = 0;
    let paths = 0;
    for (const { name, path } of this.#columns) {
      const value = path === null ? dimension(record, name) : textOf(found[paths++]);
      values.push(value);
      length += value.length;
    }
    if (length > VALUES_LENGTH_MAX) throw new InvalidRecord("value-too-long", `${length} characters to count by`);
    const key = encodeKey(values);
    const before = this.#counts.get(key);
    if (before === undefined) this.#bytes += ENTRY_BYTES + 2 * key.length;
    this.#counts.set(key, (before ?? 0) + 1);
  }

  bytes(): number {
    return this.#bytes;
  }

  drain(): Iterable<readonly [Key, number]> {
    const counts = this.#counts;
    this.#counts = new Map();
    this.#bytes = 0;
    return sortTexts(counts.keys()).map((key) => [decodeKeyText(key), counts.get(key) ?? 0] as const);
  }
}

function dimension(record: RecordView, name: string): string {
  const { dimensions } = record.block;
  const value = Object.hasOwn(dimensions, name) ? dimensions[name] : undefined;
  if (value !== undefined) return value.toWellFormed();
  const known = Object.keys(dimensions).join(", ");
  throw new InvalidRecord("unknown-dimension", `there is no dimension "${name}"; known: ${known}`);
}

function textOf(value: unknown): string {
  if (value === undefined) return NONE;
  if (typeof value === "string") return value.toWellFormed();
  return typeof value === "number" ? String(value) : JSON.stringify(value).toWellFormed();
}
