/** How what a command selects stands in the ledger, whichever run covered it. */
import type { MasterContext, PartitionedBlock } from "../../master/context.ts";
import { missingReasonOf } from "../../master/plan/select.ts";
import { eachStanding } from "../../master/plan/standings.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import { missingReasons, type MissingClass, type MissingReason } from "../../shared/formats/resolution.ts";
import type { CoverageRow } from "../../shared/formats/coverage.ts";
import { compareTexts } from "../../shared/segment/order.ts";

export interface MissingBlock {
  readonly key: string;
  readonly reason: MissingReason;
  readonly class: MissingClass;
  readonly detail: string;
}

export interface SelectionReport {
  readonly selected: number;
  /** Compressed, of all that is selected. */
  readonly bytes: number;
  readonly covered: number;
  readonly stale: readonly string[];
  readonly missing: readonly MissingBlock[];
  /** Of blocks that were read to their end: covered ones, and those of which no record was accepted. */
  readonly records: { readonly read: number; readonly rejected: Readonly<Record<string, number>> };
  /** Held by an open run, and not entered yet. */
  readonly waiting: number;
  /** A run that is submitted now would admit them. */
  readonly free: number;
  /** Of `free`: those that no run has tried yet. */
  readonly untried: number;
}

export interface SelectionInput {
  readonly context: Pick<MasterContext, "store" | "rules">;
  readonly manifest: Manifest | null;
  readonly dataset: string;
  readonly reprocess: boolean;
  readonly blocks: Iterable<PartitionedBlock>;
}

export async function reportSelection(input: SelectionInput): Promise<SelectionReport> {
  const { context, manifest, dataset, reprocess, blocks } = input;
  const open = new Set(manifest?.open.map(({ run }) => run));
  const rejected = new Map<string, number>();
  const stale: string[] = [];
  const missing: MissingBlock[] = [];
  const sum = { selected: 0, bytes: 0, covered: 0, read: 0, waiting: 0, free: 0, untried: 0 };
  const rule = context.rules.standing;
  const { store } = context;
  await eachStanding({ store, manifest, dataset, reprocess, blocks, rule }, (block, row, standing) => {
    sum.selected++;
    sum.bytes += block.size;
    if (standing === "free") sum.free++;
    // What an open run has entered is settled, although the run holds it until it closes.
    if (standing === "claimed" && (row === undefined || !open.has(row.run))) {
      sum.waiting++;
      return;
    }
    if (row === undefined) sum.untried++;
    else if (row.state === "covered" && row.etag !== block.etag) stale.push(block.key);
    else {
      if (row.state === "missing") missing.push(missingOf(block.key, row));
      else sum.covered++;
      sum.read += row.records;
      for (const [reason, count] of Object.entries(row.rejected))
        rejected.set(reason, (rejected.get(reason) ?? 0) + count);
    }
  });
  const { read, ...rest } = sum;
  const sorted = Object.fromEntries([...rejected].toSorted(([a], [b]) => compareTexts(a, b)));
  return { ...rest, stale, missing, records: { read, rejected: sorted } };
}

function missingOf(key: string, row: CoverageRow): MissingBlock {
  const reason = missingReasonOf(row);
  return { key, reason, class: missingReasons[reason], detail: withoutKey(row.detail ?? "", key) };
}

/** Details begin with the block's key, for logs; where the key stands in front anyway it is said once. */
export function withoutKey(detail: string, key: string): string {
  return detail.startsWith(`${key}: `) ? detail.slice(key.length + 2) : detail;
}

/** The run that a command speaks of which made none. */
export function lastRunOf(manifest: Manifest | null): string | null {
  return manifest?.open.at(-1)?.run ?? manifest?.closed.at(-1)?.run ?? null;
}
