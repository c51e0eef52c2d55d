/**
 * The queue's depth as steps: a sample holds until the next one. Where nobody looked there is no line, so that a gap is seen
 * as one. Coordinates are in a box of `width` by `height`, y downwards.
 */
import type { DepthSample } from "./document.ts";

/** Longer without a sample: nobody looked. Samples come at least every ten seconds and a refresh. */
export const gapMs = 45_000;

export interface DepthBox {
  readonly width: number;
  readonly height: number;
}

export interface DepthPath {
  readonly path: string;
  /** The most messages that there were. */
  readonly max: number;
  readonly from: number;
  readonly to: number;
}

export function depthOf([, visible, leased, delayed]: DepthSample): number {
  return visible + leased + delayed;
}

/** Null without samples. `now`: the line is drawn up to it, unless that is a gap. */
export function depthPath(samples: readonly DepthSample[], now: number, { width, height }: DepthBox): DepthPath | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return null;
  const from = first[0];
  const to = Math.max(now, last[0], from + 1_000);
  const max = Math.max(...samples.map(depthOf));
  const top = Math.max(1, max);
  const x = (at: number): string => (((at - from) / (to - from)) * width).toFixed(1);
  const y = (depth: number): string => (height - (depth / top) * height).toFixed(1);
  let path = "";
  let before: DepthSample | undefined;
  for (const sample of samples) {
    const isGap = before === undefined || sample[0] - before[0] > gapMs;
    path += isGap ? `M${x(sample[0])} ${y(depthOf(sample))}` : `H${x(sample[0])}V${y(depthOf(sample))}`;
    before = sample;
  }
  if (to - last[0] <= gapMs) path += `H${x(to)}`;
  return { path, max, from, to };
}
