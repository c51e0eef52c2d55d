/**
 * Where the bars of a distribution are drawn. Every bucket is as wide as every other, whatever it spans: on an exponential scale this
 * is what makes the small values readable. Empty buckets at both ends are left out, and said. Pure; pixels.
 */
import type { Distribution } from "../client/distribution.ts";
import { valueScale, valueTicks, type Box, type Tick } from "../parts/axes.ts";
import { percentTick } from "../parts/words.ts";
import { bucketTick } from "./bucket-names.ts";
import { sharesOf } from "./shares.ts";

/** Buckets from `first` to `last`, both included. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** The buckets that are drawn, side by side and equally wide. */
export interface Buckets extends Span {
  /** The one at a place; null outside of them. */
  readonly at: (x: number) => number | null;
  /** Where one begins, which is where the one before it ends. */
  readonly edge: (bucket: number) => number;
}

export interface Bar {
  readonly bucket: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface DistributionGeometry {
  readonly width: number;
  readonly height: number;
  readonly box: Box;
  readonly buckets: Buckets;
  readonly bucketTicks: readonly Tick[];
  readonly shareTicks: readonly Tick[];
  /** Of the first series. */
  readonly bars: readonly Bar[];
  /** Outlines of the others, in their order: no places of series are known here. */
  readonly outlines: readonly string[];
  /** Where the median of the first series lies; null without one. */
  readonly median: { readonly x: number; readonly from: number; readonly to: number } | null;
}

/** At the top there is room for the name of the median. */
const margin = { left: 56, right: 14, top: 20, bottom: 26 };
/** Room of a label such as "29.5K", and air. */
const labelPx = 46;
const barGapPx = 1;
/** At least that many buckets are drawn: one bar as wide as the page says nothing. */
const spanMin = 8;
/** Yes and no are all there is. */
const ofTwo = 2;
/** Categories stand apart: this share of their room stays free. */
const categoryGapShare = 0.25;

/** From the first bucket that holds something in any of them to the last one. Of yes and no it is both, whatever they hold. */
export function filledSpan(distributions: readonly Distribution[]): Span {
  const { measure, counts = [] } = distributions[0] ?? {};
  const filled = [...counts.keys()].filter((i) => distributions.some((own) => (own.counts[i] ?? 0) > 0));
  const last = filled.at(-1) ?? 0;
  if (measure?.kind === "boolean" || measure?.kind === "flag") return { first: 0, last: Math.max(last, ofTwo - 1) };
  return { first: filled[0] ?? 0, last };
}

/** What is drawn: what holds something, one more on both sides, and not too few. */
export function spanOf(distributions: readonly Distribution[]): Span {
  const { measure, counts = [] } = distributions[0] ?? {};
  const filled = filledSpan(distributions);
  if (measure?.kind === "boolean" || measure?.kind === "flag") return filled;
  const first = Math.max(0, filled.first - 1);
  const last = Math.min(counts.length - 1, Math.max(filled.last + 1, first + spanMin - 1));
  return { first, last: Math.max(first, last) };
}

export function distributionGeometry(
  distributions: readonly Distribution[],
  { width, height }: { readonly width: number; readonly height: number },
): DistributionGeometry {
  const box: Box = {
    left: margin.left,
    right: Math.max(margin.left + 40, width - margin.right),
    top: margin.top,
    bottom: height - margin.bottom,
  };
  const span = spanOf(distributions);
  const many = span.last - span.first + 1;
  const step = (box.right - box.left) / many;
  const edge = (bucket: number): number => box.left + (bucket - span.first) * step;
  const shares = distributions.map(sharesOf);
  const y = valueScale(shares.flat(), box);
  const [first] = distributions;
  const gap = first?.measure.scale === "categories" ? step * categoryGapShare : step > 4 ? barGapPx : 0;
  return {
    width,
    height,
    box,
    buckets: {
      ...span,
      edge,
      at: (x) => {
        const bucket = span.first + Math.floor((x - box.left) / step);
        return x < box.left || bucket > span.last ? null : bucket;
      },
    },
    bucketTicks: first === undefined ? [] : bucketTicks(first, span, step, edge),
    shareTicks: valueTicks(y, percentTick),
    bars: (shares[0] ?? []).slice(span.first, span.last + 1).map((share, i) => ({
      bucket: span.first + i,
      x: edge(span.first + i) + gap / 2,
      y: y(share),
      width: Math.max(0.5, step - gap),
      height: box.bottom - y(share),
    })),
    outlines: shares.slice(1).map((own) => outline(own, span, edge, y, box.bottom)),
    median: first === undefined ? null : medianPlace(first, span, edge, step),
  };
}

/** Lower bounds stand at the left edges of their buckets, categories below the middle; as many as there is room for. */
function bucketTicks(
  { measure }: Distribution,
  { first, last }: Span,
  step: number,
  edge: (bucket: number) => number,
): Tick[] {
  const every = Math.max(1, Math.ceil(labelPx / step));
  const isCategory = measure.scale === "categories";
  const ticks: Tick[] = [];
  for (let bucket = first; bucket <= last; bucket += every) {
    ticks.push({ at: edge(bucket) + (isCategory ? step / 2 : 0), label: bucketTick(measure, bucket) });
  }
  return ticks;
}

function outline(
  shares: readonly number[],
  { first, last }: Span,
  edge: (bucket: number) => number,
  y: (share: number) => number,
  bottom: number,
): string {
  const steps = [`M${edge(first).toFixed(1)},${bottom.toFixed(1)}`];
  for (let bucket = first; bucket <= last; bucket++) {
    steps.push(`V${y(shares[bucket] ?? 0).toFixed(1)}H${edge(bucket + 1).toFixed(1)}`);
  }
  return `${steps.join("")}V${bottom.toFixed(1)}`;
}

function medianPlace(
  distribution: Distribution,
  { first, last }: Span,
  edge: (bucket: number) => number,
  step: number,
): DistributionGeometry["median"] {
  const { median } = distribution;
  if (median === null) return null;
  const bucket = distribution.measure.bounds.indexOf(median.from);
  if (bucket < first || bucket > last) return null;
  const from = edge(bucket);
  const share = median.to === null ? 0 : (median.value - median.from) / (median.to - median.from);
  return { x: from + share * step, from, to: from + step };
}
