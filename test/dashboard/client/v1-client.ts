/**
 * A client as pages of the original had it: its module's calls, its callbacks, the files that it asked for and how it took them apart.
 * Written anew from what is known of it, and independent of ours on purpose: it knows the v1 layout and nothing of `site.json`.
 *
 *   versions.json                                  init, versions
 *   <folder>/histograms.json                       measures
 *   <folder>/<MEASURE>-by-<dates>.json, filter-tree.json, histograms.json   loadEvolutionOver…
 *
 * Its statistics are the original's, with their faults: a percentile is interpolated over (bucket + 1), -1 is summed as if it were a value.
 */
import { runInNewContext } from "node:vm";

interface FilterNode {
  readonly _id: number;
  readonly name?: string;
  readonly [value: string]: FilterNode | string | number | undefined;
}

interface Definition {
  readonly kind?: string;
  readonly description?: string;
  readonly low?: number | string;
  readonly high?: number | string;
  readonly n_buckets?: number | string;
  readonly n_values?: number | string;
}

type Rows = Readonly<Record<string, readonly (readonly number[])[]>>;
type Versions = Readonly<Record<string, string>>;

/** From the end of a row. */
const offset = { filterId: -1, submissions: -2, sum: -7 } as const;

export class TelemetryV1 {
  readonly #prefix: string;
  #versions: Versions | null = null;

  /** `prefix`: where versions.json lies, with a slash at the end. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  init(done: () => void): void {
    this.getUrl("versions.json", (content) => {
      this.#versions = content as Versions;
      done();
    });
  }

  versions(): string[] {
    return Object.keys(this.#known()).toSorted();
  }

  measures(version: string, done: (measures: Readonly<Record<string, Definition>>) => void): void {
    this.getUrl(`${this.#folder(version)}/histograms.json`, (content) => done(content as Record<string, Definition>));
  }

  loadEvolutionOverBuilds(version: string, measure: string, done: (evolution: EvolutionV1) => void): void {
    this.#load(version, measure, "by-build-date", done);
  }

  loadEvolutionOverTime(version: string, measure: string, done: (evolution: EvolutionV1) => void): void {
    this.#load(version, measure, "by-submission-date", done);
  }

  /** Pages could put their own in its place. */
  getUrl(path: string, done: (content: unknown) => void): void {
    void fetch(this.#prefix + path).then(async (response) => done(await response.json()));
  }

  #load(version: string, measure: string, dates: string, done: (evolution: EvolutionV1) => void): void {
    const folder = this.#folder(version);
    const files = [`${measure}-${dates}.json`, "filter-tree.json", "histograms.json"];
    const loaded = new Map<string, unknown>();
    for (const file of files) {
      this.getUrl(`${folder}/${file}`, (content) => {
        loaded.set(file, content);
        if (loaded.size < files.length) return;
        const [rows, tree, definitions] = files.map((name) => loaded.get(name));
        const definition = (definitions as Record<string, Definition>)[measure] ?? {};
        done(new EvolutionV1(measure, rows as Rows, tree as FilterNode, definition));
      });
    }
  }

  #folder(version: string): string {
    const folder = this.#known()[version];
    if (folder === undefined) throw new Error(`unknown version ${version}`);
    return folder;
  }

  #known(): Versions {
    if (this.#versions === null) throw new Error("Telemetry.init must come first");
    return this.#versions;
  }
}

export class EvolutionV1 {
  readonly #measure: string;
  readonly #rows: Rows;
  readonly #tree: FilterNode;
  readonly #definition: Definition;
  readonly #ids: ReadonlySet<number>;

  constructor(measure: string, rows: Rows, tree: FilterNode, definition: Definition) {
    this.#measure = measure;
    this.#rows = rows;
    this.#tree = tree;
    this.#definition = definition;
    this.#ids = new Set(idsOf(tree));
  }

  measure(): string {
    return this.#measure;
  }
  kind(): string | undefined {
    return this.#definition.kind;
  }
  description(): string | undefined {
    return this.#definition.description;
  }
  filterName(): string | null {
    return this.#tree.name ?? null;
  }
  filterOptions(): string[] {
    return optionsOf(this.#tree).toSorted();
  }
  filter(option: string): EvolutionV1 {
    const tree = this.#tree[option];
    if (typeof tree !== "object") throw new Error(`no filter option ${option}`);
    return new EvolutionV1(this.#measure, this.#rows, tree, this.#definition);
  }

  /** At midnight where the reader is, as the original had it. */
  dates(): Date[] {
    return Object.keys(this.#rows)
      .filter((date) => this.#of(date).length > 0)
      .toSorted()
      .map(parseDate);
  }

  range(start?: Date, end?: Date): HistogramV1 {
    const inside = Object.keys(this.#rows).filter((date) => {
      const time = parseDate(date).getTime();
      return (start === undefined || time >= start.getTime()) && (end === undefined || time <= end.getTime());
    });
    return new HistogramV1(
      this.#definition,
      inside.flatMap((date) => this.#of(date)),
    );
  }

  each(visit: (date: Date, histogram: HistogramV1, index: number) => void): void {
    for (const [index, date] of this.dates().entries()) visit(date, this.range(date, date), index);
  }

  map<Value>(visit: (date: Date, histogram: HistogramV1, index: number) => Value): Value[] {
    return this.dates().map((date, index) => visit(date, this.range(date, date), index));
  }

  #of(date: string): (readonly number[])[] {
    return (this.#rows[date] ?? []).filter((row) => this.#ids.has(row.at(offset.filterId) ?? -1));
  }
}

export class HistogramV1 {
  readonly #definition: Definition;
  readonly #rows: readonly (readonly number[])[];
  readonly #starts: readonly number[];

  constructor(definition: Definition, rows: readonly (readonly number[])[]) {
    this.#definition = definition;
    this.#rows = rows;
    this.#starts = startsOf(definition);
  }

  submissions(): number {
    return this.#total(offset.submissions);
  }
  count(): number {
    return this.#counts().reduce((sum, count) => sum + count, 0);
  }
  mean(): number {
    return this.#total(offset.sum) / this.count();
  }
  median(): number {
    return this.percentile(50);
  }

  percentile(percent: number): number {
    const counts = this.#counts();
    let left = (this.count() * percent) / 100;
    let bucket = 0;
    while (bucket < counts.length - 1 && left >= (counts[bucket] ?? 0)) left -= counts[bucket++] ?? 0;
    const fraction = left / ((counts[bucket] ?? 0) + 1);
    const [start = 0, end = this.#estimatedEnd()] = [this.#starts[bucket], this.#starts[bucket + 1]];
    return this.#definition.kind === "exponential"
      ? start + Math.exp(Math.log(end - start) * fraction)
      : start + (end - start) * fraction;
  }

  each(visit: (count: number, start: number, end: number, index: number) => void): void {
    for (const [i, count] of this.#counts().entries()) {
      visit(count, this.#starts[i] ?? 0, this.#starts[i + 1] ?? this.#estimatedEnd(), i);
    }
  }

  /** The last bucket has no end: twice as far as the mean of what is left for it. */
  #estimatedEnd(): number {
    const last = this.#starts.length - 1;
    const start = this.#starts[last] ?? 0;
    const count = this.#counts()[last] ?? 0;
    return count === 0 ? start + 1 : start + 2 * (this.#total(offset.sum) / this.count() - start);
  }

  #counts(): number[] {
    return this.#starts.map((_, i) => this.#rows.reduce((sum, row) => sum + (row[i] ?? 0), 0));
  }

  #total(at: number): number {
    return this.#rows.reduce((sum, row) => sum + (row.at(at) ?? 0), 0);
  }
}

function optionsOf(node: FilterNode): string[] {
  return Object.keys(node).filter((key) => key !== "_id" && key !== "name");
}

function idsOf(node: FilterNode): number[] {
  const below = optionsOf(node)
    .map((option) => node[option])
    .filter((child) => typeof child === "object");
  return [node._id, ...below.flatMap(idsOf)];
}

function parseDate(text: string): Date {
  return new Date(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6, 8)));
}

function startsOf({ kind, low, high, n_buckets: buckets, n_values: values }: Definition): number[] {
  if (kind === "boolean" || kind === "flag") return linear(1, 2, 3);
  if (kind === "enumerated") return linear(1, evaluated(values), evaluated(values) + 1);
  // 0 was taken for 1.
  const from = evaluated(low ?? 1) || 1;
  if (kind === "linear") return linear(from, evaluated(high), evaluated(buckets));
  if (kind === "exponential") return exponential(from, evaluated(high), evaluated(buckets));
  throw new Error(`unknown kind ${kind}`);
}

/** "16 * 1024 * 1024": the original gave such texts to eval. */
function evaluated(parameter: number | string | undefined): number {
  return Number(runInNewContext(String(parameter)));
}

function linear(low: number, high: number, buckets: number): number[] {
  const starts = [0];
  for (let i = 1; i < buckets; i++) {
    starts.push(Math.floor((low * (buckets - 1 - i) + high * (i - 1)) / (buckets - 2) + 0.5));
  }
  return starts;
}

function exponential(low: number, high: number, buckets: number): number[] {
  const starts = [0, low];
  for (let i = 2, current = low; i < buckets; i++) {
    const next = Math.exp(Math.log(current) + (Math.log(high) - Math.log(current)) / (buckets - i));
    current = Math.max(Math.floor(next + 0.5), current + 1);
    starts.push(current);
  }
  return starts;
}
