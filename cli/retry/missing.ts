/**
 * The missing blocks of an aggregate that a retry is about, and the narrowest filter that selects them: a listing for a few
 * blocks is not to be one of the whole dataset. The filter may select more; the run takes what is missing, and nothing else.
 * They are looked at as they are read: of millions, none is held.
 */
import { readCoveredBlocks } from "../../master/coverage.ts";
import { missingReasonOf } from "../../master/plan/select.ts";
import { canonicalFilter, intersect, matches } from "../../shared/dataset/filter.ts";
import { resolveFilter } from "../../shared/dataset/filter-resolve.ts";
import { compileLayout, type Layout } from "../../shared/dataset/layout.ts";
import type { DatasetSpec, Filter } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { readRun } from "../compose/master.ts";
import { MissingSeen, nothingMissing, type Unasked } from "./none-missing.ts";
import { ValuesSeen } from "./values-seen.ts";

export interface MissingInput {
  readonly store: BlobStore;
  readonly manifest: Manifest;
  readonly reasons: ReadonlySet<string>;
  /** Only of this dataset; undefined: there is to be one only. */
  readonly dataset: string | undefined;
  /** Only what this run selects. */
  readonly selectedBy: Pick<RunSpec, "dataset" | "filter"> | null;
  readonly where: readonly string[];
  /** Where data are now, whatever runs said. */
  readonly configured: readonly DatasetSpec[];
}

export interface MissingFound {
  readonly dataset: DatasetSpec;
  readonly filter: Filter;
  /** By which they are missing. */
  readonly reasons: ReadonlySet<string>;
  readonly count: number;
}

/** What is asked for, of one dataset. */
class Group {
  readonly values: ValuesSeen;
  readonly reasons = new Set<string>();
  /** Of all that is missing by the reasons, asked for or not. */
  readonly #seen: ValuesSeen;
  readonly #layout: Layout;
  /** In the dataset's terms: what the command allows, and what the run does. */
  readonly asked: Filter;
  #last = { run: "", admission: -1 };

  constructor(layout: string, { where, selectedBy }: Pick<MissingInput, "where" | "selectedBy">) {
    this.#layout = compileLayout(layout);
    this.values = new ValuesSeen(this.#layout);
    this.#seen = new ValuesSeen(this.#layout);
    this.asked = intersect(resolveFilter(this.#layout, { where }, 0), selectedBy?.filter ?? {});
  }

  /** The run that looked for one of them last: it knew best where the dataset is. */
  get lastRun(): string {
    return this.#last.run;
  }

  unasked(dataset: string): Unasked {
    return { dataset, layout: this.#layout, seen: this.#seen.filter(), asked: this.asked };
  }

  see(key: string, reason: string, { run, admission }: { readonly run: string; readonly admission: number }): void {
    const dimensions = this.#layout.match(key);
    if (dimensions === null) return;
    this.#seen.add(dimensions);
    if (!matches(this.asked, dimensions)) return;
    this.values.add(dimensions);
    this.reasons.add(reason);
    if (admission > this.#last.admission) this.#last = { run, admission };
  }
}

/** Throws `usage` when nothing is missing, or it is not clear of which dataset; `invalid-filter`. */
export async function findMissing(input: MissingInput): Promise<MissingFound> {
  const { store, manifest, selectedBy, configured } = input;
  const { aggregate, layouts } = manifest;
  const wanted = input.dataset ?? selectedBy?.dataset.name;
  const groups = new Map<string, Group>();
  const missing = new MissingSeen();
  for await (const { dataset, key, row } of readCoveredBlocks(store, manifest.coverage)) {
    if (row.state !== "missing") continue;
    const reason = missingReasonOf(row);
    missing.add(dataset, reason);
    if (!input.reasons.has(reason) || (wanted !== undefined && dataset !== wanted)) continue;
    let group = groups.get(dataset);
    if (group === undefined) {
      const layout = Object.hasOwn(layouts, dataset) ? layouts[dataset] : undefined;
      if (layout === undefined) continue;
      group = new Group(layout, input);
      groups.set(dataset, group);
    }
    group.see(key, reason, row);
  }
  const found = [...groups].filter(([, { values }]) => values.count > 0);
  const [first, second] = found;
  if (first === undefined) {
    const unasked = [...groups].map(([name, group]) => group.unasked(name));
    throw nothingMissing({
      aggregate,
      known: Object.keys(layouts),
      missing,
      dataset: wanted,
      reasons: input.reasons,
      unasked,
    });
  }
  if (second !== undefined)
    throw severalDatasets(
      aggregate,
      found.map(([name]) => name),
    );
  const [name, { values, reasons, asked, lastRun }] = first;
  const dataset =
    configured.find((known) => known.name === name) ?? selectedBy?.dataset ?? (await readRun(store, lastRun)).dataset;
  return { dataset, filter: canonicalFilter(intersect(values.filter(), asked)), reasons, count: values.count };
}

function severalDatasets(aggregate: string, names: readonly string[]): SpotfoldError {
  return new SpotfoldError("usage", `${aggregate} misses blocks of several datasets: ${names.join(", ")}`, {
    hint: `A run is over one of them: --dataset ${names[0] ?? ""}.`,
  });
}
