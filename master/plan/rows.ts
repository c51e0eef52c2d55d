/**
 * The plan of a run for one manifest, as rows: of what it selects the free blocks, cut into pieces; or why no master would
 * admit it. Masters plan by it, and so do commands that say beforehand what a master will do. Nothing is stored.
 */
import { SpotfoldError } from "../../shared/errors.ts";
import { BlockRows } from "../../shared/formats/block-rows.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { PlannedBlock } from "../../shared/formats/plan.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import { planBody } from "../../shared/plan-file.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { SelectedBlocks } from "../context.ts";
import type { LedgerRules } from "../ledger/rules.ts";
import { cutPoints, jobCount } from "./cut.ts";
import { mayTakeTooLong } from "./duration.ts";
import { checkDurations, RunRefused } from "./refused.ts";
import { isAsked, planned, type Standing } from "./select.ts";
import { eachStanding, eachStandingOfTexts, type SeeStanding } from "./standings.ts";

export interface PlanRowsInput {
  readonly store: BlobStore;
  readonly rules: Pick<LedgerRules, "standing">;
  readonly manifest: Manifest | null;
  readonly spec: RunSpec;
  readonly selected: SelectedBlocks;
  /** Of workers that are alive. */
  readonly slots: () => Promise<number>;
  /** Told of each block that the run asks for and that is not free. */
  readonly onLeftOut?: (standing: Exclude<Standing, "free">) => void;
}

export interface PlanRows {
  readonly jobs: number;
  readonly blocks: number;
  /** Compressed. */
  readonly bytes: number;
  /** The file, made as it is written: the rows of a million blocks are not held beside it. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Throws `limit` (`RunRefused`) for what no master admits; `internal` for a selection that has a block twice. */
export async function planRows(input: PlanRowsInput): Promise<PlanRows> {
  const { store, rules, manifest, spec, selected, slots, onLeftOut } = input;
  const { retry, reprocess } = spec;
  const rows = new BlockRows();
  const ledger = { store, manifest, dataset: spec.dataset.name, reprocess, rule: rules.standing };
  const see: SeeStanding = (block, row, standing) => {
    if (!isAsked(retry, row)) return;
    if (standing === "free") rows.add(planned(block, block.partition, row));
    else onLeftOut?.(standing);
  };
  const texts = selected.rowTexts?.();
  if (texts === undefined) await eachStanding({ ...ledger, blocks: selected }, see);
  else
    await eachStandingOfTexts(texts, ledger, see, ({ text }) => {
      if (isAsked(retry, undefined)) rows.addText(text);
    });
  // Whatever the catalog does: a block that is planned twice would be counted twice.
  const twice = rows.twice();
  if (twice !== undefined) throw givenTwice(spec, twice);
  const { sizes } = rows;
  if (sizes.some(mayTakeTooLong)) checkDurations([...rows.where((index) => mayTakeTooLong(sizes[index] ?? 0))]);
  const blocks = sizes.length;
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const points = cutPoints(rows, jobCount(blocks, bytes, await slots()));
  return { jobs: points.length, blocks, bytes, body: bodyOf(rows, points) };
}

function givenTwice({ run }: RunSpec, { key, partition }: PlannedBlock): SpotfoldError {
  const message = `The selection of the run ${run} has the block ${JSON.stringify(key)} of ${JSON.stringify(partition)} twice.`;
  return new SpotfoldError("internal", message, { context: { run, key, partition } });
}

function bodyOf(rows: BlockRows, points: readonly number[]): AsyncIterable<Uint8Array> {
  try {
    return planBody(rows, points);
  } catch (error) {
    if (error instanceof SpotfoldError && error.code === "limit") {
      throw new RunRefused(error.message, error.hint ?? "", error);
    }
    throw error;
  }
}
