/**
 * How many inputs become one when they are more than may be open at a time: in passes, each from scratch segment to scratch
 * segment, with as little rewritten as gets the last pass to its fan-in.
 */

/** Open inputs of a merge: at one frame of 256 KiB each, 64 MiB; files stay far below the usual 1,024 descriptors. */
export const FAN_IN_MAX = 256;

/** Items `start` (inclusive) to `end` (exclusive) of the pass become one; a group of one is taken as it is, not rewritten. */
export interface MergeGroup {
  readonly start: number;
  readonly end: number;
}

/**
 * The passes, in order. Items of the first are the inputs, items of each later one the groups of the one before; groups are
 * consecutive and cover all items, so input order is kept. The last pass is one group: the result. Groups that rewrite come
 * first: put small inputs first.
 */
export function planMerge(inputs: number, fanInMax: number = FAN_IN_MAX): readonly (readonly MergeGroup[])[] {
  const passes: MergeGroup[][] = [];
  let items = inputs;
  while (items > fanInMax) {
    const pass = passOf(items, fanInMax);
    passes.push(pass);
    items = pass.length;
  }
  return [...passes, [{ start: 0, end: items }]];
}

function passOf(items: number, fanInMax: number): MergeGroup[] {
  // A group of n takes n - 1 items away; what is above the fan-in must go, or as much as one pass over all can take.
  let above = items - fanInMax;
  const groups: MergeGroup[] = [];
  for (let start = 0; start < items;) {
    const size = Math.min(above > 0 ? Math.min(above + 1, fanInMax) : 1, items - start);
    groups.push({ start, end: start + size });
    above -= size - 1;
    start += size;
  }
  return groups;
}
