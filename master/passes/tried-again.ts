/**
 * Which missing blocks open runs try again. A plan never changes, and what it has of missing blocks only becomes less while its
 * run is open: nobody else may work on them. So each plan is read once, and none where nothing was missing before.
 */
import type { Manifest, OpenRun } from "../../shared/formats/ledger.ts";
import { readPlan } from "../../shared/plan-file.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";

/** A missing block, and the run that tried it last. */
export interface MissingRow {
  readonly dataset: string;
  readonly key: string;
  readonly run: string;
}

export class TriedAgain {
  /** By aggregate and plan: the keys of its blocks that were missing when it was read. */
  readonly #known = new Map<string, Map<string, ReadonlySet<string>>>();

  /** For each row the open run that has it in its plan, and has not tried it yet; null: none. Throws what the store throws. */
  async read(store: BlobStore, manifest: Manifest, rows: readonly MissingRow[]): Promise<readonly (string | null)[]> {
    const tries: (string | null)[] = rows.map(() => null);
    const before = this.#known.get(manifest.aggregate);
    // Of runs that are open: what is known of others is forgotten.
    const known = new Map<string, ReadonlySet<string>>();
    for (const run of manifest.open) {
      const isBefore = ({ dataset, run: tried }: MissingRow): boolean => dataset === run.dataset && tried !== run.run;
      if (!rows.some(isBefore)) continue;
      const keys = before?.get(run.plan) ?? (await planned(store, manifest.aggregate, run, rows.filter(isBefore)));
      known.set(run.plan, keys);
      for (const [index, row] of rows.entries()) if (isBefore(row) && keys.has(row.key)) tries[index] = run.run;
    }
    this.#known.set(manifest.aggregate, known);
    return tries;
  }
}

/** Blocks of open runs that are neither covered nor missing. `tries`: what `read` answered for all that are missing. */
export function openBlocks({ open }: Manifest, tries: readonly (string | null)[]): number {
  const undone = open.reduce((sum, { blocks, totals }) => sum + blocks - totals.covered - totals.missing, 0);
  return Math.max(0, undone - tries.filter((run) => run !== null).length);
}

async function planned(
  store: BlobStore,
  aggregate: string,
  { plan }: OpenRun,
  rows: readonly MissingRow[],
): Promise<ReadonlySet<string>> {
  const missing = new Set(rows.map(({ key }) => key));
  const found = new Set<string>();
  for await (const { blocks } of readPlan(store, aggregate, plan)) {
    for (const { key } of blocks) if (missing.has(key)) found.add(key);
  }
  return found;
}
