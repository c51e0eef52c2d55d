/** A site of any size, made without a run: many dates, many measures, names that mean harm. What the pages are measured and looked at with. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPage } from "../../../dashboard/build.ts";

export interface MadeSite {
  readonly dates: number;
  /** Besides those that are always there. */
  readonly measures?: number;
  readonly missing?: number;
  readonly versions?: readonly string[];
  /** Values of the second dimension. */
  readonly systems?: readonly string[];
  /** Names of further measures, which have rows: exponential ones. */
  readonly named?: readonly string[];
}

export const hostileName = '<img src=x onerror="globalThis.harmed=true">';
export const madeVersions: readonly string[] = ["nightly/28", "nightly/29", "aurora/27", "release/25"];
const madeSystems = ["WINNT", "Darwin", "Linux", hostileName];
/** File systems take no longer ones; a test that wants them has its server give them. */
const fileNameBytesMax = 255;
const dayMs = 86_400_000;

const siteDescription = {
  title: "Telemetry histograms",
  unit: ["channel", "version"],
  dimensions: ["reason", "OS"],
  dates: [
    { name: "build-date", title: "Builds" },
    { name: "submission-date", title: "Submission dates" },
  ],
  submissions: "pings",
};

/** Exponential: 0, 1, and on in steps of the same factor. */
const bounds = [
  ...new Set([0, ...Array.from({ length: 48 }, (_, i) => Math.round(Math.exp((i * Math.log(30_000)) / 47)))]),
];

export function makeSite(folder: string, made: MadeSite): void {
  mkdirSync(folder, { recursive: true });
  const versions = made.versions ?? madeVersions;
  const folderOf = (i: number): string => `20260101000000-unit-3-0a1b2c3${i}`;
  writeJson(join(folder, "versions.json"), Object.fromEntries(versions.map((version, i) => [version, folderOf(i)])));
  writeJson(join(folder, "coverage.json"), madeCoverage(made.missing ?? 1));
  for (const i of versions.keys()) makeUnit(join(folder, folderOf(i)), i, made);
  for (const { name, bytes } of buildPage("page").files) writeFileSync(join(folder, name), bytes);
}

export function madeCoverage(missing: number, snapshot = 3): object {
  return {
    format: 1,
    aggregate: "histograms-77ca4330",
    pointer: "versions.json",
    snapshot,
    asOf: `2026-01-0${snapshot}T09:30:00.000Z`,
    pings: 98_210,
    records: { read: 98_310, rejected: { "not-json": 60, "no-tab": 40 } },
    blocks: { covered: 412, missing, open: 0 },
    missing: Array.from({ length: missing }, (_, i) => ({
      dataset: "telemetry",
      key: `saved_session/Firefox/nightly/28.0a1/20131104030206.20131108.v2.log.5e1b${i}.lzma`,
      reason: "corrupt",
      class: "content",
      detail: "ends early",
    })),
    units: {
      "nightly/29": {
        notes: { definitionsLeftOut: [{ measure: "GC_MS", definition: "0a1b2c3d", entries: 3, pings: 3 }] },
      },
    },
  };
}

function makeUnit(folder: string, seed: number, made: MadeSite): void {
  mkdirSync(folder, { recursive: true });
  const { dates, measures = 0, systems = madeSystems, named = [] } = made;
  const withRows: readonly (readonly [string, string, readonly number[], string])[] = [
    ["CYCLE_COLLECTOR", "exponential", bounds, "Time spent on one cycle collection (ms)"],
    [
      "CHECKERBOARDING",
      "linear",
      Array.from({ length: 20 }, (_, i) => i * 5),
      "Share of frames that showed a checkerboard (percent)",
    ],
    ["PLUGIN_ACTIVATED", "boolean", [0, 1, 2], "Whether a plugin was activated"],
    ["__proto__", "flag", [0, 1, 2], hostileName],
    ["PINGS", "counter", [], "How many pings there were"],
    ["UPDATE_STATE", "enumerated", Array.from({ length: 12 }, (_, i) => i), "How far an update came"],
    ...named.map((name) => [name, "exponential", bounds, `About ${name}`] as const),
  ];
  const described = [
    ...withRows,
    ...Array.from(
      { length: measures },
      (_, i) => [`MEASURE_${i}_MS`, "linear", [0, 1, 10], `Time of step ${i} of many`] as const,
    ),
  ];
  const members = described.map(
    ([name, kind, own, description]) =>
      `${JSON.stringify(name)}: ${JSON.stringify({ kind, bounds: own, description })}`,
  );
  const head = JSON.stringify({ format: 1, ...siteDescription }).slice(0, -1);
  writeFileSync(join(folder, "site.json"), `${head},"measures":{${members.join(",")}}}`);
  const reasons = ["saved_session", "idle_daily"];
  let id = 0;
  const leaves: number[] = [];
  const leaf = (): { _id: number } => {
    leaves.push(++id);
    return { _id: id };
  };
  const tree = Object.fromEntries(
    reasons.map((reason) => [
      reason,
      { _id: ++id, name: "OS", ...Object.fromEntries(systems.map((system) => [system, leaf()])) },
    ]),
  );
  writeJson(join(folder, "filter-tree.json"), { _id: 0, name: "reason", ...tree });
  for (const [name, kind, own] of withRows) {
    for (const by of ["build-date", "submission-date"]) {
      const file = `${name}-by-${by}.json`;
      // The last combination is in the tree, and nobody has it.
      const rows = madeRows(own, kind, seed, dates, leaves.slice(0, -1));
      if (Buffer.byteLength(file) <= fileNameBytesMax) writeJson(join(folder, file), rows);
    }
  }
}

function madeRows(
  own: readonly number[],
  kind: string,
  seed: number,
  dates: number,
  leaves: readonly number[],
): object {
  const random = generator(seed + own.length);
  const start = Date.UTC(2013, 0, 7);
  const days = Array.from({ length: dates }, (_, i) => {
    const date = new Date(start + i * dayMs).toISOString().slice(0, 10).replaceAll("-", "");
    const many = Math.round(20 + 220 * random() * (1 + Math.sin(i / 9) / 2)) * (i % 57 === 3 ? 0.01 : 1);
    const rows = leaves.map((id) => madeRow(own, kind, Math.ceil(many / id), i, seed, random, id));
    return [date, rows] as const;
  });
  return Object.fromEntries(days);
}

function madeRow(
  own: readonly number[],
  kind: string,
  submissions: number,
  day: number,
  seed: number,
  random: () => number,
  id: number,
): number[] {
  if (own.length === 0) return [submissions, id];
  const isFlag = kind === "boolean" || kind === "flag";
  const counts = own.map(() => 0);
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < submissions * 4; i++) {
    const normal = random() + random() + random() + random() - 2;
    const drawn = Math.floor(Math.min(29_000, Math.exp(2.6 + seed * 0.25 + 1.9 * normal - day * 0.0012)));
    const value = isFlag ? Number(drawn > 11) : kind === "enumerated" ? Math.floor(Math.log2(1 + drawn)) : drawn;
    const at = Math.max(
      0,
      own.findLastIndex((bound) => bound <= value),
    );
    counts[at] = (counts[at] ?? 0) + 1;
    const log = Math.log1p(value);
    for (const [k, x] of [value, log, log * log, value * value].entries()) sums[k] = (sums[k] ?? 0) + x;
  }
  return [...counts, ...sums, 0, submissions, id];
}

/** The same numbers each time: mulberry32. */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9 + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function writeJson(path: string, content: unknown): void {
  writeFileSync(path, JSON.stringify(content));
}
