/**
 * The dashboard's published files, computed in the plainest way: all pings in memory, one after the other, sums as fractions.
 * Imports nothing of the product: it is what the product is compared with.
 */

/** Names of the telemetry layout's dimensions -> values. */
export type Dimensions = Readonly<Record<string, string>>;
type Json = Record<string, unknown>;

export interface PlainPing {
  readonly dimensions: Dimensions;
  readonly json: unknown;
}

export interface PlainUnit {
  /** File name -> parsed content. */
  readonly files: Map<string, unknown>;
  readonly notes: Json;
}

interface Cell {
  readonly definition: string;
  readonly buckets: number;
  readonly sums: (bigint | null)[];
  count: number;
}

interface Measure {
  newest: { order: [string, string, number, string]; revision: string; length: number; definition: string };
  /** dateType -> date -> path -> definition -> cell */
  readonly cells: Map<string, Map<string, Map<string, Map<string, Cell>>>>;
}

interface Unit {
  pings: number;
  readonly dropped: Record<string, number>;
  readonly paths: Map<string, string[]>;
  readonly measures: Map<string, Measure>;
}

const SCALE_BITS = 200;

function scaled(number: number): bigint {
  let value = number;
  let doublings = 0;
  while (!Number.isInteger(value)) {
    value *= 2;
    doublings++;
  }
  if (doublings > SCALE_BITS) throw new Error(`too fine for this reference: ${number}`);
  return BigInt(value) << BigInt(SCALE_BITS - doublings);
}

/** `Number(bigint)` rounds to the nearest double, ties to even. */
function double(sum: bigint | null): number {
  return sum === null ? -1 : Number(sum) / 2 ** SCALE_BITS;
}

function get<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key) as V;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const SIMPLE_BOUNDS =
  "0 1 2 3 4 5 6 7 9 11 13 16 20 24 29 35 43 52 63 77 94 115 140 171 209 255 311 379 462 564 688 839 1023 1248 1522 1857 2265 2763 3370 4111 5015 6118 7463 9104 11106 13548 16527 20161 24593 30000"
    .split(" ")
    .map(Number);

/** `definitionsOf` gives the definitions that a ping's revision has, if any. */
export function plainDashboard(
  pings: readonly PlainPing[],
  definitionsOf: (revision: string) => Json | undefined,
): { units: Map<string, PlainUnit>; rejected: number } {
  const units = new Map<string, Unit>();
  let rejected = 0;
  for (const ping of pings) {
    if (!addPing(units, ping, definitionsOf)) rejected++;
  }
  const published = [...units].map(([label, unit]) => [label, publish(unit, definitionsOf)] as const);
  return { units: new Map(published), rejected };
}

function lookUp(definitions: Json | undefined, measure: string): Json | undefined {
  for (const name of [measure, measure.replace(/^STARTUP_/, "")]) {
    if (definitions !== undefined && Object.hasOwn(definitions, name)) return definitions[name] as Json;
  }
  return undefined;
}

function bucketCount(definition: Json): number {
  if (definition["kind"] === "enumerated") return Number(definition["n_values"]) + 1;
  return ["linear", "exponential"].includes(definition["kind"] as string) ? Number(definition["n_buckets"]) : 3;
}

function definitionOf(definition: Json | undefined, buckets: number): string {
  if (definition === undefined || bucketCount(definition) !== buckets) return `${buckets}`;
  const { kind, low, high, n_buckets: count, n_values: values } = definition;
  return `${buckets}-${JSON.stringify([kind, low, high, count, values])}`;
}

const day = (date: string): number => Date.parse(date.replace(/(....)(..)(..)/, "$1-$2-$3"));

function addPing(
  units: Map<string, Unit>,
  ping: PlainPing,
  definitionsOf: (revision: string) => Json | undefined,
): boolean {
  const {
    reason,
    appName,
    appUpdateChannel,
    appVersion,
    appBuildID = "",
    submission_date: submission = "",
  } = ping.dimensions;
  if (!isObject(ping.json) || !isObject(ping.json["info"]) || appBuildID.length < 8) return false;
  const { OS, version, arch, revision = "" } = ping.json["info"];
  if (typeof OS !== "string" || typeof arch !== "string" || typeof revision !== "string") return false;
  if (typeof version !== "string" && typeof version !== "number") return false;
  const osVersion = OS === "Linux" ? `${version}`.slice(0, 3) : `${version}`;
  const path = [`${reason}`, `${appName}`, OS, osVersion, arch];
  const label = `${appUpdateChannel}/${`${appVersion}`.replace(/\..*/, "")}`;
  const unit = get(units, label, (): Unit => ({ pings: 0, dropped: {}, paths: new Map(), measures: new Map() }));
  unit.pings++;
  const build = appBuildID.slice(0, 8);
  const dates = [["by-build-date", build]];
  if (day(submission) - day(build) <= 60 * 24 * 3600 * 1000) dates.push(["by-submission-date", submission]);

  const add = (measure: string, array: number[], definition: string, buildId: string, ofRevision: string): void => {
    const buckets = array.length - 5;
    const order: [string, string, number, string] = [buildId, ofRevision, buckets, definition];
    const newest: Measure["newest"] = { order, revision: ofRevision, length: buckets, definition };
    const known = get(unit.measures, measure, () => ({ newest, cells: new Map() }));
    if (isAfter(order, known.newest.order)) known.newest = newest;
    unit.paths.set(path.join("\0"), path);
    for (const [dateType = "", date = ""] of dates) {
      const byDate = get(known.cells, dateType, () => new Map<string, Map<string, Map<string, Cell>>>());
      const byPath = get(byDate, date, () => new Map<string, Map<string, Cell>>());
      const byDefinition = get(byPath, path.join("\0"), () => new Map<string, Cell>());
      const cell = get(byDefinition, definition, () => ({
        definition,
        buckets,
        sums: array.map((_, i) => (i < buckets ? 0n : null)),
        count: 0,
      }));
      addArray(cell, array);
    }
  };

  const drop = (why: string): void => {
    unit.dropped[why] = (unit.dropped[why] ?? 0) + 1;
  };
  const histograms = Object.hasOwn(ping.json, "histograms") ? ping.json["histograms"] : {};
  for (const [measure, array] of Object.entries(isObject(histograms) ? histograms : {})) {
    if (!Array.isArray(array)) drop("not-an-array");
    else if (array.length < 5) drop("too-short");
    else if (!array.every((value) => Number.isFinite(value))) drop("not-a-number");
    else if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}$/.test(measure)) drop("measure-name");
    else {
      const definition = definitionOf(lookUp(definitionsOf(revision), measure), array.length - 5);
      add(measure, array as number[], definition, appBuildID, revision);
    }
  }
  if (!isObject(histograms)) drop("histograms-not-an-object");
  const simple = isObject(ping.json["simpleMeasurements"]) ? ping.json["simpleMeasurements"] : {};
  const numbers = Object.entries(simple).flatMap(([name, value]) =>
    isObject(value)
      ? Object.entries(value).map(([sub, inner]) => [`${name}_${sub}`, inner] as const)
      : [[name, value] as const],
  );
  for (const [name, value] of numbers) {
    if (typeof value !== "number") continue;
    const measure = `SIMPLE_MEASURES_${name.toUpperCase()}`;
    const array = SIMPLE_BOUNDS.map((bound, i) =>
      Number(value >= bound && !(value >= (SIMPLE_BOUNDS[i + 1] ?? Infinity))),
    );
    const log = Math.log(Math.abs(value) + 1);
    add(measure, [...array, value, log, log * log, -1, -1], "50-simple", "0", "simple-measures-hack");
  }
  return true;
}

function isAfter(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && (a[at] as string) > (b[at] as string);
}

function addArray(cell: Cell, array: readonly number[]): void {
  cell.count++;
  for (const [i, value] of array.entries()) {
    if (i >= cell.buckets && value === -1) continue;
    cell.sums[i] = (cell.sums[i] ?? 0n) + scaled(value);
  }
}

function publish(unit: Unit, definitionsOf: (revision: string) => Json | undefined): PlainUnit {
  const files = new Map<string, unknown>();
  const ids = new Map<string, number>();
  files.set("filter-tree.json", filterTree(unit, ids));
  const definitions: [string, unknown][] = [];
  const withoutDefinition: string[] = [];
  const definitionsLeftOut: Json[] = [];
  for (const measure of [...unit.measures.keys()].toSorted(byBytes)) {
    const { newest, cells } = unit.measures.get(measure) as Measure;
    const known = lookUp(definitionsOf(newest.revision), measure);
    const published = newest.definition === "50-simple" ? simpleDefinition(measure) : known;
    const unfit = known !== undefined && bucketCount(known) >= 0 && bucketCount(known) !== newest.length;
    definitions.push([measure, unfit || published === undefined ? {} : published]);
    if (unfit || published === undefined) withoutDefinition.push(measure);
    const leftOut = new Map<string, { measure: string; length: number; entries: number; pings: number }>();
    for (const dateType of ["by-build-date", "by-submission-date"]) {
      const content: Json = {};
      for (const [date, byPath] of cells.get(dateType) ?? []) {
        const rows: number[][] = [];
        for (const [path, byDefinition] of byPath) {
          const shown: Cell[] = [];
          for (const cell of byDefinition.values()) {
            const differs =
              cell.definition.includes("-") && newest.definition.includes("-") && cell.definition !== newest.definition;
            if (cell.buckets === newest.length && !differs) {
              shown.push(cell);
              continue;
            }
            const left = get(leftOut, cell.definition, () => ({ measure, length: cell.buckets, entries: 0, pings: 0 }));
            left.entries++;
            if (dateType === "by-build-date") left.pings += cell.count;
          }
          if (shown.length > 0) rows.push([...summed(shown), ids.get(path) as number]);
        }
        if (rows.length > 0) content[date] = rows.toSorted((a, b) => (a.at(-1) as number) - (b.at(-1) as number));
      }
      files.set(`${measure}-${dateType}.json`, content);
    }
    definitionsLeftOut.push(...leftOut.values());
  }
  files.set("histograms.json", Object.fromEntries(definitions));
  return { files, notes: { pings: unit.pings, dropped: unit.dropped, definitionsLeftOut, withoutDefinition } };
}

function summed(cells: readonly Cell[]): number[] {
  const sums = (cells[0] as Cell).sums.map((_, i) =>
    cells.map((cell) => cell.sums[i] ?? null).reduce((a, b) => (a === null ? b : b === null ? a : a + b), null),
  );
  return [...sums.map(double), cells.reduce((count, cell) => count + cell.count, 0)];
}

function simpleDefinition(measure: string): Json {
  const description = `Histogram aggregation for simple measure: ${measure.slice("SIMPLE_MEASURES".length)}`;
  return { kind: "exponential", low: 1, high: 30000, n_buckets: 50, extended_statistics_ok: true, description };
}

function filterTree(unit: Unit, ids: Map<string, number>): Json {
  const levels = ["reason", "appName", "OS", "osVersion", "arch"];
  const root: Json = { _id: 0, name: levels[0] };
  let next = 1;
  const paths = [...unit.paths.values()].toSorted(
    (a, b) => a.map((part, i) => byBytes(part, b[i] ?? "")).find((o) => o !== 0) ?? 0,
  );
  for (const path of paths) {
    let node = root;
    for (const [i, part] of path.entries()) {
      const level = levels[i + 1];
      if (!Object.hasOwn(node, part)) node[part] = { _id: next++, ...(level === undefined ? {} : { name: level }) };
      node = node[part] as Json;
    }
    ids.set(path.join("\0"), node["_id"] as number);
  }
  return root;
}
