/**
 * Partitions whose merge throws. What is entered of them stays safe, and piles up; the manifest is shared by all partitions,
 * so a pile has a limit. Beyond it the runs that feed the partition are held, which stops their deadlines; others go on.
 *
 *   fed --the pile is full, merging failed several times in a row--> held --merged after all--> fed
 *
 * A mended analysis of the same lineage, submitted into the aggregate, merges what the old one could not. What is stuck is
 * only known to the master that tried; that it is stuck no longer is seen in the manifest, by any.
 */
import type { Manifest, OpenRun } from "../../shared/formats/ledger.ts";
import type { Hold } from "../../shared/formats/hold.ts";
import { jobIndex } from "../../shared/names.ts";
import { readPlan } from "../../shared/plan-file.ts";
import type { MasterContext } from "../context.ts";
import { decodeBitmap, hasBit } from "../ledger/bitmap.ts";
import { stuckSlicesMax, unmergedSlices } from "./backlog.ts";
import { emptyHold, mayBeHeld, putHold, type FoundHold } from "./run-hold.ts";

/** Merges that failed in a row before anybody is held for it: a machine out of memory, or too busy, fails some, too. */
export const stuckTriesMin = 3;

export interface Stuck {
  /** What its merge said. */
  readonly message: string;
  /** In a row. */
  readonly tries: number;
}

/** By partition; kept by a master between its passes. */
export type StuckPartitions = ReadonlyMap<string, Stuck>;

export interface FullPartitions {
  /** Partitions with as many unmerged slices as a stuck one may have, stuck or not. */
  readonly full: ReadonlySet<string>;
  /** Those of them that are stuck, and why. */
  readonly stuck: ReadonlyMap<string, string>;
}

export function fullPartitions(manifest: Pick<Manifest, "data">, stuck: StuckPartitions): FullPartitions {
  const full = new Set<string>();
  for (const [partition, slices] of unmergedSlices(manifest)) if (slices >= stuckSlicesMax) full.add(partition);
  const stuckOnes = [...stuck].filter(([partition, { tries }]) => full.has(partition) && tries >= stuckTriesMin);
  return { full, stuck: new Map(stuckOnes.map(([partition, { message }]) => [partition, message])) };
}

/** Holds a run that feeds a full and stuck partition; lifts such a hold when the partition was merged. */
export async function holdIfFeeding(
  context: MasterContext,
  aggregate: string,
  run: OpenRun,
  { hold, etag }: FoundHold,
  { full, stuck }: FullPartitions,
  storeTime: number,
): Promise<void> {
  const place = (partition: string): string => `partition ${JSON.stringify(partition)} of ${aggregate}`;
  if (hold?.kind === "failures" && hold.where.startsWith("partition ")) {
    if ([...full].some((partition) => place(partition) === hold.where)) return;
    const heldMs = hold.heldMs + Math.max(0, storeTime - hold.since);
    await putHold(context, { ...hold, kind: "none", heldMs }, etag);
    return;
  }
  if (stuck.size === 0 || !mayBeHeld(hold)) return;
  const partition = await fedPartition(context, aggregate, run, stuck);
  if (partition === null) return;
  const what = `${place(partition)} cannot be merged: ${stuck.get(partition) ?? ""}`;
  const hint = `Mend the analysis and submit it into ${aggregate} again (the same name and state), or cancel ${run.run}.`;
  const heldMs = hold?.heldMs ?? 0;
  const where = place(partition);
  const next: Hold = { ...emptyHold(run.run), kind: "failures", what, where, hint, since: storeTime, heldMs };
  if (await putHold(context, next, etag)) {
    context.log({ event: "run-held", run: run.run, kind: "failures", what, aggregate, where, hint });
  }
}

/** The first of them of which a job that is not entered yet has a block. */
async function fedPartition(
  context: MasterContext,
  aggregate: string,
  run: OpenRun,
  stuck: ReadonlyMap<string, string>,
): Promise<string | null> {
  const folded = decodeBitmap(run.folded);
  const handedOn = new Set(run.successors.map(jobIndex));
  for await (const { job, blocks } of readPlan(context.store, aggregate, run.plan)) {
    const index = jobIndex(job);
    if (hasBit(folded, index) && !handedOn.has(index)) continue;
    for (const { partition } of blocks) if (stuck.has(partition)) return partition;
  }
  return null;
}
