/** Why of what is missing in an aggregate nothing is what a retry asks for: a dataset, a reason or a value that is not among it; and what is. */
import { editDistance, nearestOf } from "../../shared/dataset/explain.ts";
import { allows, describeAllowed, isList } from "../../shared/dataset/filter.ts";
import type { Layout } from "../../shared/dataset/layout.ts";
import type { Filter } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";

/** As many names as one line shows. */
const namesMax = 10;

/** All that is missing: by dataset and reason, how many blocks. */
export class MissingSeen {
  readonly #counts = new Map<string, Map<string, number>>();

  add(dataset: string, reason: string): void {
    const reasons = this.#counts.get(dataset) ?? new Map<string, number>();
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    this.#counts.set(dataset, reasons);
  }

  get datasets(): readonly string[] {
    return [...this.#counts.keys()];
  }

  reasonsOf(dataset: string | undefined): ReadonlyMap<string, number> {
    const all = new Map<string, number>();
    for (const [name, reasons] of this.#counts) {
      if (dataset !== undefined && name !== dataset) continue;
      for (const [reason, count] of reasons) all.set(reason, (all.get(reason) ?? 0) + count);
    }
    return all;
  }
}

/** What blocks of one dataset that are missing by the reasons have as values, and what was asked of them. */
export interface Unasked {
  readonly dataset: string;
  readonly layout: Layout;
  readonly seen: Filter;
  readonly asked: Filter;
}

export interface Nothing {
  readonly aggregate: string;
  /** Datasets that the aggregate knows. */
  readonly known: readonly string[];
  readonly missing: MissingSeen;
  /** The dataset that was asked for; undefined: any. */
  readonly dataset: string | undefined;
  readonly reasons: ReadonlySet<string>;
  /** Of each dataset; none: nothing is missing by these reasons. */
  readonly unasked: readonly Unasked[];
}

/** `usage`. */
export function nothingMissing(nothing: Nothing): SpotfoldError {
  const { aggregate, known, missing, dataset, unasked } = nothing;
  if (dataset !== undefined && !known.includes(dataset)) {
    const nearest = known.toSorted((a, b) => editDistance(a, dataset) - editDistance(b, dataset)).slice(0, namesMax);
    return new SpotfoldError("usage", `${aggregate} has no dataset ${JSON.stringify(dataset)}`, {
      hint: `It was made of ${nearest.join(", ")}.`,
    });
  }
  if (missing.datasets.length === 0) return new SpotfoldError("usage", `nothing is missing in ${aggregate}`);
  const where = whereOf(aggregate, dataset ?? null);
  const reasons = missing.reasonsOf(dataset);
  if (reasons.size === 0) {
    return new SpotfoldError("usage", `nothing is missing in ${where}`, {
      hint: `Blocks are missing of ${missing.datasets.slice(0, namesMax).join(", ")}.`,
    });
  }
  const [first, ...others] = unasked;
  if (first !== undefined)
    return ofValues(aggregate, dataset ?? (others.length > 0 ? first.dataset : null), first, others);
  const shown = [...reasons].map(([reason, count]) => `${reason} (${count})`).join(", ");
  // Of a run that was itself a retry: none of its reasons was asked for.
  const asked = nothing.reasons.size === 0 ? "a reason that was asked for" : [...nothing.reasons].join(", ");
  return new SpotfoldError("usage", `nothing is missing in ${where} by ${asked}`, {
    hint: `Blocks are missing there by ${shown}.`,
  });
}

function whereOf(aggregate: string, dataset: string | null): string {
  return dataset === null ? aggregate : `${aggregate} of the dataset ${dataset}`;
}

/** Of the first dataset, whose name is said unless it is null; that there is nothing of `others` either, and how to ask for one. */
function ofValues(
  aggregate: string,
  dataset: string | null,
  { layout, seen, asked }: Unasked,
  others: readonly Unasked[],
): SpotfoldError {
  const where = whereOf(aggregate, dataset);
  const names = others.slice(0, namesMax).map((other) => other.dataset);
  const besides = names.length === 0 ? "" : ` Nor is such a block missing of ${names.join(", ")}: --dataset says why.`;
  for (const [dimension, allowed] of Object.entries(asked)) {
    const there = Object.hasOwn(seen, dimension) ? seen[dimension] : undefined;
    // Of more values than are kept, the ends are known: what lies between them may or may not be there.
    if (there === undefined || !isList(there) || there.some((value) => allows(allowed, value))) continue;
    const nearest = nearestOf(layout, dimension, allowed, new Set(there));
    return new SpotfoldError(
      "usage",
      `no block that is missing in ${where} has ${dimension}=${describeAllowed(allowed)}`,
      {
        hint: `Change it, or leave it out${nearest.length === 0 ? "" : `; the nearest are ${nearest.join(", ")}`}.${besides}`,
      },
    );
  }
  const all = Object.entries(asked).map(([name, allowed]) => `${name}=${describeAllowed(allowed)}`);
  return new SpotfoldError("usage", `no block that is missing in ${where} has ${all.join(" and ")}`, {
    hint: `Leave some of it out; spotfold retry ${aggregate} --plan says what would be tried.${besides}`,
  });
}
