/**
 * Joins what a run selects with what the ledger says of it, a partition at a time: for planning, and for the report at the
 * end, which speaks of the selection, whichever run covered it.
 */
import type { BlockRef } from "../../shared/dataset/types.ts";
import { blocksOfText, type RowText } from "../../shared/formats/block-rows.ts";
import type { CoverageRow } from "../../shared/formats/coverage.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { readPlan } from "../../shared/plan-file.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import { coverageByPartition } from "../coverage.ts";
import type { standing, Standing } from "./select.ts";

export interface LedgerInput {
  readonly store: BlobStore;
  readonly manifest: Manifest | null;
  readonly dataset: string;
  readonly reprocess: boolean;
  readonly rule: typeof standing;
}

/** A block of a partition: what a plan needs of it. */
export interface StandingBlock extends BlockRef {
  readonly partition: string;
}

export interface StandingsInput extends LedgerInput {
  /** Sorted by partition. */
  readonly blocks: Iterable<StandingBlock>;
}

/** Called for each block, in order: a promise for each of a million would cost as much as the join. */
export type SeeStanding = (block: StandingBlock, row: CoverageRow | undefined, standing: Standing) => void;

export async function eachStanding({ blocks, ...input }: StandingsInput, see: SeeStanding): Promise<void> {
  const ledger = await Knowledge.of(input);
  for (const block of blocks) {
    if (!ledger.isAt(block.partition)) await ledger.moveTo(block.partition);
    ledger.judge(block, see);
  }
}

/**
 * The same of rows, sorted by partition. Those of a partition of which the ledger has no row, while no open run claims
 * anything, are free, and given as they are, in their place among the others.
 */
export async function eachStandingOfTexts(
  texts: Iterable<RowText>,
  input: LedgerInput,
  see: SeeStanding,
  seeUnknown: (text: RowText) => void,
): Promise<void> {
  const ledger = await Knowledge.of(input);
  for (const text of texts) {
    if (!ledger.isAt(text.partition)) await ledger.moveTo(text.partition);
    if (ledger.knowsNothing) seeUnknown(text);
    else for (const block of blocksOfText(text)) ledger.judge(block, see);
  }
}

/** What the ledger says of blocks, a partition after the other. */
class Knowledge {
  readonly #input: LedgerInput;
  readonly #claimed: ReadonlySet<string>;
  readonly #groups: ReturnType<typeof coverageByPartition>;
  #group: Awaited<ReturnType<ReturnType<typeof coverageByPartition>["next"]>> | undefined;
  #partition: string | undefined;
  #rows: ReadonlyMap<string, CoverageRow> | undefined;

  private constructor(input: LedgerInput, claimed: ReadonlySet<string>) {
    const { store, manifest, dataset } = input;
    this.#input = input;
    this.#claimed = claimed;
    this.#groups = coverageByPartition(store, manifest?.coverage ?? [], dataset);
  }

  static async of(input: LedgerInput): Promise<Knowledge> {
    return new Knowledge(input, await claimedBlocks(input.store, input.manifest, input.dataset));
  }

  isAt(partition: string): boolean {
    return partition === this.#partition;
  }

  /** Partitions ascend. */
  async moveTo(partition: string): Promise<void> {
    this.#group ??= await this.#groups.next();
    while (this.#group.done !== true && compareTexts(this.#group.value.partition, partition) < 0) {
      this.#group = await this.#groups.next();
    }
    const group = this.#group;
    this.#rows = group.done !== true && group.value.partition === partition ? group.value.rows : undefined;
    this.#partition = partition;
  }

  /** Of this partition there is no row, and nothing is claimed anywhere. */
  get knowsNothing(): boolean {
    return this.#rows === undefined && this.#claimed.size === 0;
  }

  judge(block: StandingBlock, see: SeeStanding): void {
    const { rule, reprocess } = this.#input;
    const row = this.#rows?.get(block.key);
    // Looking a key up means to hash it: not where there is nothing to be found.
    const isClaimed = this.#claimed.size > 0 && this.#claimed.has(block.key);
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
