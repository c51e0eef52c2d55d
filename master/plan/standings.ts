/**
 * Joins what a run selects with what the ledger says of it, a partition at a time: for planning, and for the report at the
 * end, which speaks of the selection, whichever run covered it.
 */
import type { CoverageRow } from "../../shared/formats/coverage.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { readPlan } from "../../shared/plan-file.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import type { PartitionedBlock } from "../context.ts";
import { coverageByPartition } from "../coverage.ts";
import type { standing, Standing } from "./select.ts";

export interface StandingsInput {
  readonly store: BlobStore;
  readonly manifest: Manifest | null;
  readonly dataset: string;
  readonly reprocess: boolean;
  /** Sorted by partition. */
  readonly blocks: Iterable<PartitionedBlock>;
  readonly rule: typeof standing;
}

/** Called for each block, in order: a promise for each of a million would cost as much as the join. */
export type SeeStanding = (block: PartitionedBlock, row: CoverageRow | undefined, standing: Standing) => void;

export async function eachStanding(input: StandingsInput, see: SeeStanding): Promise<void> {
  const { store, manifest, dataset, reprocess, blocks, rule } = input;
  const claimed = await claimedBlocks(store, manifest, dataset);
  const groups = coverageByPartition(store, manifest?.coverage ?? [], dataset);
  let group = await groups.next();
  for (const block of blocks) {
    while (group.done !== true && compareTexts(group.value.partition, block.partition) < 0) group = await groups.next();
    const rows = group.done !== true && group.value.partition === block.partition ? group.value.rows : undefined;
    const row = rows?.get(block.key);
    // Looking a key up means to hash it: not where there is nothing to be found.
    const isClaimed = claimed.size > 0 && claimed.has(block.key);
    see(block, row, rule(block, row, isClaimed, reprocess));
  }
}

/** Every block of every open run's plan; those that are entered already stay claimed until the run closes. */
async function claimedBlocks(
  store: BlobStore,
  manifest: Manifest | null,
  dataset: string,
): Promise<ReadonlySet<string>> {
  const claimed = new Set<string>();
  for (const run of manifest?.open ?? []) {
    if (run.dataset !== dataset) continue;
    for await (const { blocks } of readPlan(store, manifest?.aggregate ?? "", run.plan)) {
      for (const block of blocks) claimed.add(block.key);
    }
  }
  return claimed;
}
