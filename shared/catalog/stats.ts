/** How many blocks and bytes a dataset has, in all and by value of each dimension. */
import type { DatasetSpec, Filter } from "../dataset/types.ts";
import { compileLayout } from "../dataset/layout.ts";
import { compareKeys } from "../keys.ts";
import type { Catalog } from "./catalog.ts";
import { tupleDimensions } from "./rows.ts";

export interface Amount {
  readonly blocks: number;
  /** Compressed. */
  readonly bytes: number;
}

export interface CatalogStats extends Amount {
  /** Of the blocks, those whose size or etag differed from an earlier listing's. */
  readonly changed: number;
  /** Beside the blocks: those that a listing did not find any more. */
  readonly vanished: number;
  /** By dimension in the order of the layout, by value in byte order. Without a dimension that takes the end of keys. */
  readonly dimensions: Readonly<Record<string, readonly (Amount & { readonly value: string })[]>>;
  /** When the last full listing began, whatever its filter, ms since the epoch by this machine's clock. */
  readonly fullMs?: number;
}

export function catalogStats(catalog: Catalog, dataset: DatasetSpec, filter: Filter = {}): CatalogStats {
  const names = tupleDimensions(compileLayout(dataset.layout));
  const byName = new Map(names.map((name) => [name, new Map<string, { blocks: number; bytes: number }>()]));
  const total = { blocks: 0, bytes: 0, changed: 0, vanished: 0 };
  // Blocks of the same dimensions follow each other: they are added up first.
  let current: Readonly<Record<string, string>> = {};
  let run = { blocks: 0, bytes: 0 };
  const endRun = (): void => {
    if (run.blocks > 0) addRun(byName, current, run);
    total.blocks += run.blocks;
    total.bytes += run.bytes;
    run = { blocks: 0, bytes: 0 };
  };
  for (const { dimensions, size, state } of catalog.list(dataset, filter)) {
    if (dimensions !== current) {
      endRun();
      current = dimensions;
    }
    if (state === "vanished") {
      total.vanished++;
      continue;
    }
    if (state === "changed") total.changed++;
    run.blocks++;
    run.bytes += size;
  }
  endRun();
  const [last] = catalog.fullListings(dataset);
  return {
    ...total,
    dimensions: Object.fromEntries([...byName].map(([name, values]) => [name, sorted(values)])),
    ...(last === undefined ? {} : { fullMs: last.startedMs }),
  };
}

function addRun(
  byName: ReadonlyMap<string, Map<string, { blocks: number; bytes: number }>>,
  dimensions: Readonly<Record<string, string>>,
  run: Amount,
): void {
  for (const [name, values] of byName) {
    const value = dimensions[name] ?? "";
    const amount = values.get(value);
    if (amount === undefined) values.set(value, { ...run });
    else {
      amount.blocks += run.blocks;
      amount.bytes += run.bytes;
    }
  }
}

function sorted(values: ReadonlyMap<string, Amount>): (Amount & { readonly value: string })[] {
  return [...values]
    .toSorted(([a], [b]) => compareKeys(a, b))
    .map(([value, amount]) => ({ value, blocks: amount.blocks, bytes: amount.bytes }));
}
