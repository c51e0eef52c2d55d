/**
 * Cuts a run's blocks into jobs: contiguous pieces of about equal bytes, in the order given (partition, leading dimensions,
 * key), so that a job's output touches few partitions and few units. Pure.
 */

import { jobsPerPlanMax } from "../../shared/names.ts";

/** A job's compressed input: long enough to amortise its start, short enough to lose little with a machine. */
export const jobBytesMean = 256 * 1024 * 1024;

/**
 * Bounds a job's block list and its resolution to a few hundred KB. Small blocks come as many as that: an executor costs a job a tenth
 * of a second, as much as reading 500 of them.
 */
export const jobBlocksMax = 2_000;

/**
 * Bytes of a job's block list, as it stands in messages: any part of it may be handed on, and a successor's list stands in no
 * plan, so it must fit into a message of 256 KiB with the rest.
 */
export const jobListBytesMax = 192 * 1024;

/** Jobs per live slot at least, so that slots end together and a lost one costs a quarter of its share. */
export const jobsPerSlot = 4;

/** How many jobs a plan gets for so many blocks and bytes, with so many slots alive. */
export function jobCount(blocks: number, bytes: number, slots: number): number {
  if (blocks === 0) return 0;
  const wanted = Math.max(
    Math.ceil(bytes / jobBytesMean),
    Math.ceil(blocks / jobBlocksMax),
    Math.min(blocks, jobsPerSlot * Math.max(1, slots)),
  );
  return Math.min(jobsPerPlanMax, wanted);
}

/** By block, in order; both are as long. There may be a million: an object for each would take more than the plan. */
export interface CutBlocks {
  /** Compressed bytes. */
  readonly sizes: readonly number[];
  /** Bytes of its row in a block list. */
  readonly listBytes: readonly number[];
}

/**
 * Where the pieces end, as indexes into `blocks` (exclusive), for `pieces` pieces: the largest has at most the mean plus one
 * block, and none more than `jobBlocksMax` blocks and `jobListBytesMax` of list (which may add pieces where tiny blocks crowd).
 */
export function cutPoints({ sizes, listBytes }: CutBlocks, pieces: number): number[] {
  const points: number[] = [];
  // One byte more for each block, so that empty blocks weigh something, too.
  const total = sizes.reduce((sum, size) => sum + size + 1, 0);
  const mean = total / Math.max(1, pieces);
  // How many whole means lie before a byte. Both ends of a block are rounded alike: no multiple falls between two blocks.
  const meansBefore = (bytes: number): number => Math.floor(bytes / mean + 1e-9);
  let reached = 0;
  let start = 0;
  let list = 0;
  for (const [index, size] of sizes.entries()) {
    const before = reached;
    reached += size + 1;
    list += listBytes[index] ?? 0;
    const isLast = index + 1 === sizes.length;
    const due = meansBefore(reached) > meansBefore(before);
    const full = index + 1 - start === jobBlocksMax || list + (listBytes[index + 1] ?? 0) > jobListBytesMax;
    if (!isLast && !due && !full) continue;
    points.push(index + 1);
    start = index + 1;
    list = 0;
  }
  return points;
}
