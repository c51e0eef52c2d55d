/**
 * Cuts a run's blocks into jobs: contiguous pieces of about equal bytes, in the order given (partition, leading dimensions,
 * key), so that a job's output touches few partitions and few units. Pure.
 */

/** A job's compressed input: long enough to amortise its start, short enough to lose little with a machine. */
export const jobBytesMean = 256 * 1024 * 1024;

/** Bounds a job's block list and its resolution to a few hundred KB. */
export const jobBlocksMax = 1000;

/** Jobs per live slot at least, so that slots end together and a lost one costs a quarter of its share. */
export const jobsPerSlot = 4;

/** How many jobs a plan gets for so many blocks and bytes, with so many slots alive. */
export function jobCount(blocks: number, bytes: number, slots: number): number {
  if (blocks === 0) return 0;
  return Math.max(
    Math.ceil(bytes / jobBytesMean),
    Math.ceil(blocks / jobBlocksMax),
    Math.min(blocks, jobsPerSlot * Math.max(1, slots)),
  );
}

/**
 * Where the pieces end, as indexes into `sizes` (exclusive), for `pieces` pieces: the largest has at most the mean plus one
 * block, and none more than `jobBlocksMax` blocks (which may add pieces where tiny blocks crowd).
 */
export function cutPoints(sizes: readonly number[], pieces: number): number[] {
  const points: number[] = [];
  // One byte more for each block, so that empty blocks weigh something, too.
  const total = sizes.reduce((sum, size) => sum + size + 1, 0);
  const mean = total / Math.max(1, pieces);
  let reached = 0;
  let start = 0;
  for (const [index, size] of sizes.entries()) {
    reached += size + 1;
    const last = index === sizes.length - 1;
    // `points.length` cuts were made early by the count limit or on time: the next one is due at the next multiple.
    const due = reached >= mean * (Math.floor((reached - size - 1) / mean + 1e-9) + 1);
    if (last || due || index + 1 - start === jobBlocksMax) {
      points.push(index + 1);
      start = index + 1;
    }
  }
  return points;
}
