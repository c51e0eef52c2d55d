/**
 * The queue's depth as steps, with axes: a sample holds until the next one. Where nobody looked there is no line, so that a gap
 * is seen as one. Distances in pixels, y downwards. Pure, but for the reader's time zone, in which times are written.
 */
import { scaleTime } from "d3-scale";
import { valueScale, valueTicks, type Box, type Tick } from "../parts/axes.ts";
import { compact } from "../parts/words.ts";
import type { DepthSample } from "./document.ts";

/** Longer without a sample: nobody looked. Samples come at least every ten seconds and a refresh. */
export const gapMs = 45_000;

/** Room of one label of a time, such as "14:05:30", or "31 Dec, 14:05". */
const timeLabelPx = 96;
/** Room of one depth above another, and of a character of a label. */
const depthLabelPx = 44;
const characterPx = 6.5;
const minuteMs = 60_000;
const dayMs = 86_400_000;

export interface DepthGeometry {
  readonly path: string;
  readonly box: Box;
  readonly times: readonly Tick[];
  readonly depths: readonly Tick[];
}

export function depthOf([, visible, leased, delayed]: DepthSample): number {
  return visible + leased + delayed;
}

/** Null without samples. `now`: the line is drawn up to it, unless that is a gap. `width`: of the drawing, which the box is in. */
export function depthGeometry(
  samples: readonly DepthSample[],
  now: number,
  box: Box,
  width = box.right,
): DepthGeometry | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return null;
  const from = first[0];
  const to = Math.max(now, last[0], from + 1_000);
  const depths = samples.map(depthOf);
  const time = scaleTime<number, number>().domain([from, to]).range([box.left, box.right]);
  // It ends at a tick, so that the highest line has its number.
  const depth = valueScale(depths, box).nice(Math.max(2, Math.floor((box.bottom - box.top) / depthLabelPx)));
  const x = (at: number): string => time(at).toFixed(1);
  const y = (messages: number): string => depth(messages).toFixed(1);
  let path = "";
  let before: DepthSample | undefined;
  for (const sample of samples) {
    const isGap = before === undefined || sample[0] - before[0] > gapMs;
    path += isGap ? `M${x(sample[0])} ${y(depthOf(sample))}` : `H${x(sample[0])}V${y(depthOf(sample))}`;
    before = sample;
  }
  if (to - last[0] <= gapMs) path += `H${x(to)}`;
  // There is no half a message.
  const whole = valueTicks(depth, (messages) => (Number.isInteger(messages) ? compact(messages) : ""));
  return { path, box, times: timeTicks(time, box, width), depths: whole.filter(({ label }) => label !== "") };
}

/** As short as the time that is shown allows, each with the least that it tells apart. */
const timeUnits = [
  { toMs: minuteMs, unitMs: 1_000, text: (at: Date) => at.toLocaleTimeString("en-GB") },
  { toMs: dayMs, unitMs: minuteMs, text: (at: Date) => at.toLocaleTimeString("en-GB").slice(0, "14:05".length) },
  {
    toMs: Infinity,
    unitMs: minuteMs,
    text: (at: Date) =>
      at.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  },
] as const;

/** Of the reader's clock. No two ticks have one label, and no label is cut at an end of the drawing. */
function timeTicks(scale: ReturnType<typeof scaleTime<number, number>>, { left, right }: Box, width: number): Tick[] {
  const [from = 0, to = 0] = scale.domain().map((at) => at.getTime());
  const many = Math.max(1, Math.floor((right - left) / timeLabelPx));
  const perTick = to - from > dayMs ? dayMs : (to - from) / many;
  const { unitMs, text } = timeUnits.find(({ toMs }) => perTick < toMs) ?? timeUnits[2];
  const labels = scale
    .ticks(many)
    .filter((at) => at.getTime() % unitMs === 0)
    .map((at) => ({ at: scale(at), label: text(at) }))
    .filter(({ at, label }) => {
      const half = (label.length * characterPx) / 2;
      return at - half >= 0 && at + half <= width;
    });
  // Ticks come in steps of a clock, so there may be more than fit.
  const every = Math.ceil(labels.length / many);
  return labels.filter((_, i) => i % every === 0);
}
