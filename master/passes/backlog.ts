/**
 * How far compaction lags behind. Entering waits for it, so that a manifest, which every commit writes, stays small however
 * many jobs a run has: slices that are due for a merge are counted, since those become fewer by waiting. Pure.
 */
import type { Manifest } from "../../shared/formats/ledger.ts";
import { levelSlicesMax } from "./compact.ts";

/** Outputs that are due for a merge while others are still entered: 1 to 2 MB of the manifest. */
export const unmergedSlicesMax = 20_000;

/** A partition whose merge throws may take so many: 100 KB of a manifest that all partitions share. Then its runs are held. */
export const stuckSlicesMax = 1_000;

/** Outputs of attempts that no merge took yet, by partition. */
export function unmergedSlices({ data }: Pick<Manifest, "data">): ReadonlyMap<string, number> {
  const slices = new Map<string, number>();
  for (const { level, partitions } of data) {
    if (level > 0) continue;
    for (const partition of partitions) slices.set(partition, (slices.get(partition) ?? 0) + 1);
  }
  return slices;
}

/** Why entering waits; null when it goes on. `stuck`: partitions whose merge throws. */
export function backlog(manifest: Pick<Manifest, "data">, stuck: ReadonlySet<string>): string | null {
  const slices = mergeableSlices(manifest, stuck);
  if (slices < unmergedSlicesMax) return null;
  return `${slices} outputs wait to be merged, ${unmergedSlicesMax} may: folding goes on when compaction has caught up`;
}

/** Slices that compaction can merge now; those of partitions that it cannot merge are not waited for. */
function mergeableSlices(manifest: Pick<Manifest, "data">, stuck: ReadonlySet<string>): number {
  let slices = 0;
  for (const [partition, count] of unmergedSlices(manifest)) {
    if (count >= levelSlicesMax(0) && !stuck.has(partition)) slices += count;
  }
  return slices;
}
