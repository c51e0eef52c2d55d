/**
 * One channel/version as the files that a client of the original reads:
 *
 *   <MEASURE>-by-build-date.json, <MEASURE>-by-submission-date.json   see measure-files.ts
 *   histograms.json    measure -> definition of the newest build, {} without one
 *   filter-tree.json   what filter ids mean
 *   site.json          for the page, with the bounds of each measure's buckets
 *
 * Entries come in key order (see keys.ts), so one measure at a time is in memory. Members are written as text: any name is
 * right then, `__proto__` too, and their order is that of the keys. Rows are read from their bytes by encoded-rows.ts, which leaves
 * what it does not know to the plain way.
 */
import type { EncodedEntries, Key, Site } from "../analysis.ts";
import { boundsOf } from "./bounds.ts";
import type { Definitions } from "./definitions.ts";
import { FilterTree } from "../page/filter-tree.ts";
import type { PageMeasure } from "../page/site-file.ts";
import { writeSiteFile } from "../page/site-file.ts";
import { EncodedRows } from "./encoded-rows.ts";
import { BY_BUILD_DATE, BY_SUBMISSION_DATE, COUNTERS, NEWEST, PATHS, PATH_LEVELS, PINGS, keyParts } from "./keys.ts";
import type { DateType, KeyParts } from "./keys.ts";
import type { LeftOut } from "./measure-files.ts";
import { MeasureFiles } from "./measure-files.ts";
import { RowBytes } from "./row-bytes.ts";
import { isSimpleMeasure, simpleDefinition, SIMPLE_BOUNDS } from "./simple-measures.ts";
import type { Newest, Sums, Value } from "./value.ts";
import { isNewest, isSums } from "./value.ts";

export function renderUnit(entries: Iterable<readonly [Key, Value]>, site: Site, definitions: Definitions): void {
  const unit = new UnitFiles(site, definitions);
  for (const [key, value] of entries) unit.add(key, value);
  unit.end();
}

/** As `renderUnit`, to the byte. */
export function renderEncodedUnit(entries: EncodedEntries<Value>, site: Site, definitions: Definitions): void {
  const unit = new UnitFiles(site, definitions);
  const rows = new EncodedRows(unit.tree);
  while (entries.next()) if (!rows.add(entries, unit.files)) unit.add(entries.key(), entries.value());
  unit.end();
}

class UnitFiles {
  readonly tree = new FilterTree(PATH_LEVELS);
  /** Of the measure whose newest build came last. */
  files: MeasureFiles | undefined;
  readonly #site: Site;
  readonly #definitions: Definitions;
  readonly #bytes = new RowBytes();
  readonly #counters: Record<string, number> = {};
  readonly #described: string[] = [];
  readonly #measures = new Map<string, PageMeasure>();
  readonly #withoutDefinition: string[] = [];
  readonly #leftOut: LeftOut[] = [];

  constructor(site: Site, definitions: Definitions) {
    this.#site = site;
    this.#definitions = definitions;
  }

  add(key: Key, value: Value): void {
    const parts = keyParts(key);
    if (parts.measure === COUNTERS && typeof value === "number") this.#counters[parts.dateType] = value;
    else if (parts.measure === PATHS) this.tree.add(parts.path);
    else if (parts.dateType === NEWEST && isNewest(value)) this.#begin(parts.measure, value);
    else if (!isSums(value) || !this.#addSums(parts, value))
      throw new Error(`an entry that no ping gives: ${key.join(" ")}`);
  }

  end(): void {
    this.#endMeasure();
    const site = this.#site;
    site.write("histograms.json", `{${this.#described.join(",")}}`);
    site.write("filter-tree.json", this.tree.json());
    writeSiteFile(site, {
      title: "histograms",
      unit: ["channel", "version"],
      dimensions: PATH_LEVELS,
      dates: [
        { name: fileDates(BY_BUILD_DATE), title: "Builds" },
        { name: fileDates(BY_SUBMISSION_DATE), title: "Submission dates" },
      ],
      submissions: "pings",
      measures: this.#measures,
    });
    const { [PINGS]: pings = 0, ...dropped } = this.#counters;
    site.note("pings", pings);
    site.note("dropped", dropped);
    site.note("definitionsLeftOut", this.#leftOut);
    site.note("withoutDefinition", this.#withoutDefinition);
  }

  #begin(measure: string, newest: Newest): void {
    this.#endMeasure();
    this.files = new MeasureFiles(measure, newest.definition, this.#bytes);
    const definition = publishedDefinition(measure, newest, this.#definitions);
    if (definition === undefined) this.#withoutDefinition.push(measure);
    this.#described.push(`${JSON.stringify(measure)}:${JSON.stringify(definition ?? {})}`);
    this.#measures.set(measure, pageMeasure(definition, newest.length));
  }

  #endMeasure(): void {
    this.files?.write(this.#site);
    this.#leftOut.push(...(this.files?.leftOut() ?? []));
    this.files = undefined;
  }

  /** False for what does not belong here. */
  #addSums({ measure, dateType, date, path, definition }: KeyParts, sums: Sums): boolean {
    const { files } = this;
    if (files?.measure !== measure || (dateType !== BY_BUILD_DATE && dateType !== BY_SUBMISSION_DATE)) return false;
    if (files.shows(definition)) files.add(dateType, date, this.tree.leafOf(path), sums);
    else files.leave(dateType, definition, () => sums);
    return true;
  }
}

/** As its file has it. One that says another number of buckets than the newest build's arrays have does not describe them. */
function publishedDefinition(
  measure: string,
  newest: Newest,
  definitions: Definitions,
): Readonly<Record<string, unknown>> | undefined {
  const definition = definitions.forRevision(newest.revision)?.get(measure);
  if (definition !== undefined) {
    const fits = definition.bounds === undefined || definition.bounds.length === newest.length;
    return fits ? definition.json : undefined;
  }
  const simple = isSimpleMeasure(measure) && newest.length === SIMPLE_BOUNDS.length;
  return simple ? simpleDefinition(measure) : undefined;
}

/** Buckets without known bounds are numbered. */
function pageMeasure(definition: Readonly<Record<string, unknown>> | undefined, buckets: number): PageMeasure {
  const description = typeof definition?.["description"] === "string" ? definition["description"] : "";
  const kind = kinds.find((known) => known === definition?.["kind"]);
  const bounds = definition === undefined || kind === undefined ? undefined : boundsOf(definition);
  if (kind !== undefined && bounds?.length === buckets && isAscending(bounds)) return { kind, description, bounds };
  return { kind: "unknown", description, bounds: Array.from({ length: buckets }, (_, i) => i) };
}

/** What stands behind `-by-` in the names of files. */
function fileDates(dateType: DateType): string {
  return dateType.replace(/^by-/, "");
}

const kinds = ["exponential", "linear", "enumerated", "boolean", "flag", "count"] as const;

/** Rounded, evenly spaced bounds may be equal: then nobody can say which bucket a value lies in. */
function isAscending(bounds: readonly number[]): boolean {
  return bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? NaN));
}
