/**
 * Whether a job whose blocks are all read lets another one begin beside it: its executor drains then, and the decoder would stand
 * still until that is done, its output is put away and the next job is leased. The two overlap where that gains more than it costs.
 */
import type { AttemptLimits, JobHooks } from "../types.ts";

/**
 * A job that took less to read drains in a moment, too: starting the next one's executor meanwhile would take its time from this one.
 */
export const workedMsMin = 500;

export interface Overlap {
  /** Monotonic ms. */
  readonly now: () => number;
  /** Bytes that this process and its children may still use. */
  readonly availableBytes: () => number;
}

export const realOverlap: Overlap = {
  now: () => performance.now(),
  availableBytes: () => process.availableMemory(),
};

/** Room that executors beside draining ones were promised: it is still free when the next one asks, and will not be. */
export interface Promised {
  bytes: number;
}

/**
 * The same hooks, whose `read` is heard only when another executor has room, up to its limit, beside all that is there and all that was
 * promised. What it was promised is given back by `end`: by then the other one uses it, or is gone.
 */
export function readWhereItGains(
  hooks: JobHooks,
  { rssBytesMax }: AttemptLimits,
  { now, availableBytes }: Overlap,
  promised: Promised,
): { readonly hooks: JobHooks; readonly end: () => void } {
  const begunAt = now();
  let isOver = false;
  let ours = 0;
  const read = (): void => {
    if (isOver) return;
    isOver = true;
    if (now() - begunAt < workedMsMin || availableBytes() < promised.bytes + rssBytesMax) return;
    ours = rssBytesMax;
    promised.bytes += ours;
    hooks.read?.();
  };
  const end = (): void => {
    isOver = true;
    promised.bytes -= ours;
    ours = 0;
  };
  return { hooks: { ...hooks, read }, end };
}
