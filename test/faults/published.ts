/**
 * A published folder as a client sees it, and when two of them are the same: the same keys in `versions.json`, the same files
 * in the folders that they name, `coverage.json` equal but for the run, the snapshot, its time and names of folders.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReferenceDashboard } from "../reference/dashboard.ts";

export interface Published {
  /** Label -> file name -> text. */
  readonly units: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** File name -> text: `index.html`, and what it loads. */
  readonly page: ReadonlyMap<string, string>;
  /** Without what may differ. */
  readonly coverage: Coverage;
}

export interface Coverage {
  readonly pings: number;
  readonly records: { readonly read: number; readonly rejected: Readonly<Record<string, number>> };
  readonly blocks: { readonly covered: number; readonly missing: number; readonly open: number };
  readonly missing: readonly { readonly key: string; readonly reason: string }[];
  readonly units: Readonly<Record<string, { readonly notes: unknown }>>;
}

/** The page's own description of a unit, which the sequential reference does not have. */
const describedBy = "site.json";

const loadedPattern = /^page-[0-9a-f]{10}\.(?:js|css)$/;

const folderPattern = /^[0-9]{14}-[0-9]+-[a-z]+-[0-9]+-[0-9a-f]{8}$/;

/** Throws when a pointer names what is not there, or files are there that no client expects. */
export function readPublished(folder: string): Published {
  const pointers = JSON.parse(readFileSync(join(folder, "versions.json"), "utf8")) as Record<string, string>;
  const units = new Map<string, Map<string, string>>();
  for (const [label, name] of Object.entries(pointers)) {
    assert.match(name, folderPattern);
    const files = readdirSync(join(folder, name)).toSorted();
    units.set(label, new Map(files.map((file) => [file, readFileSync(join(folder, name, file), "utf8")])));
  }
  const known = new Set(["versions.json", "coverage.json"]);
  const page = readPage(folder);
  // What begins with a dot is the store's own, and no static server shows it.
  const strange = readdirSync(folder).filter(
    (name) => !name.startsWith(".") && !known.has(name) && !page.has(name) && !folderPattern.test(name),
  );
  assert.deepEqual(strange, []);
  return { units, page, coverage: readCoverage(folder, pointers) };
}

/** All of it is there, or nothing: who follows the pointer finds a page that loads. */
function readPage(folder: string): Map<string, string> {
  const names = readdirSync(folder).filter((name) => name === "index.html" || loadedPattern.test(name));
  const page = new Map(names.toSorted().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  const loaded = [...(page.get("index.html") ?? "").matchAll(/(?:src|href)="(page-[^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(new Set(page.keys()), new Set(loaded.length === 0 ? [] : ["index.html", ...loaded]));
  return page;
}

function readCoverage(folder: string, pointers: Readonly<Record<string, string>>): Coverage {
  const coverage = JSON.parse(readFileSync(join(folder, "coverage.json"), "utf8")) as Record<string, unknown> & {
    units: Record<string, { folder?: string; notes: unknown }>;
  };
  const folders = Object.entries(coverage.units).map(([label, unit]) => [label, unit.folder]);
  assert.deepEqual(Object.fromEntries(folders), pointers, "coverage.json and versions.json name different folders");
  for (const field of ["run", "snapshot", "asOf"]) delete coverage[field];
  for (const unit of Object.values(coverage.units)) delete unit.folder;
  return coverage as unknown as Coverage;
}

/** Names the first file that differs: a comparison of megabytes helps nobody. */
function assertSameUnits(actual: Published["units"], expected: Published["units"]): void {
  assert.deepEqual([...actual.keys()].toSorted(), [...expected.keys()].toSorted());
  for (const [label, files] of expected) {
    const found = actual.get(label);
    assert.deepEqual([...(found?.keys() ?? [])].toSorted(), [...files.keys()].toSorted(), label);
    for (const [name, text] of files) assert.equal(found?.get(name), text, `${label}/${name}`);
  }
}

export function assertSamePublished(actual: Published, expected: Published): void {
  assertSameUnits(actual.units, expected.units);
  assert.deepEqual([...actual.page], [...expected.page]);
  assert.deepEqual(actual.coverage, expected.coverage);
}

/** The description names the measures that there are files of. */
function withoutDescription(units: Published["units"]): Published["units"] {
  return new Map(
    [...units].map(([label, files]) => {
      const { measures } = JSON.parse(files.get(describedBy) ?? "{}") as { readonly measures?: object };
      const named = [...files.keys()].flatMap((name) => /^(.*)-by-build-date\.json$/s.exec(name)?.[1] ?? []);
      assert.deepEqual(Object.keys(measures ?? {}).toSorted(), named.toSorted(), label);
      return [label, new Map([...files].filter(([name]) => name !== describedBy))];
    }),
  );
}

export function assertEqualsReference(published: Published, reference: ReferenceDashboard): void {
  assertSameUnits(withoutDescription(published.units), reference.units);
  const { pings, records, blocks, missing, units } = published.coverage;
  const rejected = Object.values(records.rejected).reduce((sum, count) => sum + count, 0);
  assert.deepEqual(
    { pings, read: records.read, rejected, blocks, missing },
    {
      pings: reference.records - reference.rejected,
      read: reference.records,
      rejected: reference.rejected,
      blocks: { covered: reference.blocks, missing: 0, open: 0 },
      missing: [],
    },
  );
  for (const [label, notes] of reference.notes) assert.deepEqual(units[label]?.notes, notes, label);
}
