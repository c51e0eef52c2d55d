/**
 * The missing blocks of an aggregate that a retry is about, and the narrowest filter that selects them: a listing for a few
 * blocks is not to be one of the whole dataset. The filter may select more; the run takes what is missing, and nothing else.
 */
import { readCoveredBlocks } from "../../master/coverage.ts";
import { missingReasonOf } from "../../master/plan/select.ts";
import { canonicalFilter, intersect, matches } from "../../shared/dataset/filter.ts";
import { resolveFilter } from "../../shared/dataset/filter-resolve.ts";
import { compileLayout, type Layout } from "../../shared/dataset/layout.ts";
import type { Allowed, DatasetSpec, Filter } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { sortTexts } from "../../shared/segment/order.ts";
import { readRun } from "../compose/master.ts";

/** A list of more values narrows a listing hardly more than its ends do, and makes run.json long. */
const valuesMax = 400;

export interface MissingInput {
  readonly store: BlobStore;
  readonly manifest: Manifest;
  readonly reasons: ReadonlySet<string>;
  /** Only of this dataset; undefined: there is to be one only. */
  readonly dataset: string | undefined;
  /** Only what this run selects. */
  readonly selectedBy: Pick<RunSpec, "dataset" | "filter"> | null;
  readonly where: readonly string[];
}

export interface MissingFound {
  readonly dataset: DatasetSpec;
  readonly filter: Filter;
  /** By which they are missing. */
  readonly reasons: ReadonlySet<string>;
  readonly count: number;
}

/** Throws `usage` when nothing is missing, or it is not clear of which dataset; `invalid-filter`. */
export async function findMissing(input: MissingInput): Promise<MissingFound> {
  const { store, manifest, where, selectedBy } = input;
  const found = new Map<string, { readonly run: string; readonly blocks: { key: string; reason: string }[] }>();
  const wanted = input.dataset ?? selectedBy?.dataset.name;
  for await (const { dataset, key, row } of readCoveredBlocks(store, manifest.coverage)) {
    const reason = missingReasonOf(row);
    if (row.state !== "missing" || !input.reasons.has(reason)) continue;
    if (wanted !== undefined && dataset !== wanted) continue;
    const known = found.get(dataset) ?? { run: row.run, blocks: [] };
    known.blocks.push({ key, reason });
    found.set(dataset, known);
  }
  const [first, second] = found;
  if (first === undefined) throw nothingMissing(manifest.aggregate);
  if (second !== undefined) throw severalDatasets(manifest.aggregate, [...found.keys()]);
  const [, { run, blocks }] = first;
  const { dataset } = await readRun(store, run);
  const layout = compileLayout(dataset.layout);
  const asked = resolveFilter(layout, { where }, 0);
  const values = new ValuesSeen(layout);
  const reasons = new Set<string>();
  for (const { key, reason } of blocks) {
    const dimensions = layout.match(key);
    // Of a layout that it had before.
    if (dimensions === null || !matches(asked, dimensions)) continue;
    if (selectedBy !== null && !matches(selectedBy.filter, dimensions)) continue;
    values.add(dimensions);
    reasons.add(reason);
  }
  if (values.count === 0) throw nothingMissing(manifest.aggregate);
  const filter = canonicalFilter(intersect(values.filter(), asked, selectedBy?.filter ?? {}));
  return { dataset, filter, reasons, count: values.count };
}

/** What the dimensions of some blocks are. */
class ValuesSeen {
  count = 0;
  readonly #seen: ReadonlyMap<string, Set<string>>;
  /** A dimension that one of them lacks narrows nothing. */
  readonly #lacking = new Set<string>();

  constructor({ dimensions }: Layout) {
    this.#seen = new Map(dimensions.map((name) => [name, new Set()]));
  }

  add(dimensions: Readonly<Record<string, string>>): void {
    this.count++;
    for (const [name, values] of this.#seen) {
      const value = Object.hasOwn(dimensions, name) ? dimensions[name] : undefined;
      if (value === undefined) this.#lacking.add(name);
      else values.add(value);
    }
  }

  filter(): Filter {
    const allowed = [...this.#seen].flatMap(([name, values]): [string, Allowed][] => {
      return this.#lacking.has(name) ? [] : [[name, allowedOf(sortTexts(values))]];
    });
    return Object.fromEntries(allowed);
  }
}

function allowedOf(sorted: readonly string[]): Allowed {
  const [min, max] = [sorted[0], sorted.at(-1)];
  return sorted.length <= valuesMax || min === undefined || max === undefined ? sorted : { min, max };
}

function nothingMissing(aggregate: string): SpotfoldError {
  return new SpotfoldError("usage", `nothing of that is missing in ${aggregate}`, {
    hint: "See spotfold status, and coverage.json for the blocks that are missing and why.",
  });
}

function severalDatasets(aggregate: string, names: readonly string[]): SpotfoldError {
  return new SpotfoldError("usage", `${aggregate} misses blocks of several datasets: ${names.join(", ")}`, {
    hint: `A run is over one of them: --dataset ${names[0] ?? ""}.`,
  });
}
