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

export interface BlockStanding {
  readonly block: PartitionedBlock;
  readonly row: CoverageRow | undefined;
  readonly standing: Standing;
}

export interface StandingsInput {
  readonly store: BlobStore;
  readonly manifest: Manifest | null;
  readonly dataset: string;
  readonly reprocess: boolean;
  /** Sorted by partition. */
  readonly blocks: Iterable<PartitionedBlock>;
  readonly rule: typeof standing;
}

export async function* standings(input: StandingsInput): AsyncGenerator<BlockStanding, void, undefined> {
  const { store, manifest, dataset, reprocess, blocks, rule } = input;
  const claimed = await claimedBlocks(store, manifest, dataset);
  const groups = coverageByPartition(store, manifest?.coverage ?? [], dataset);
  let group = await groups.next();
  for (const block of blocks) {
    while (group.done !== true && compareTexts(group.value.partition, block.partition) < 0) group = await groups.next();
    const rows = group.done !== true && group.value.partition === block.partition ? group.value.rows : undefined;
    const row = rows?.get(block.key);
    yield { block, row, standing: rule(block, row, claimed.has(block.key), reprocess) };
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
