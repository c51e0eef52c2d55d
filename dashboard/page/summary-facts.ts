/** The range of one series in numbers, each as exact as it is, in words. Pure. */
import type { Distribution, Statistic } from "../client/distribution.ts";
import { dayMs, dayOf } from "../parts/axes.ts";
import * as words from "../parts/words.ts";
import { isShare, lineText, type Line } from "./lines.ts";
import { perDate } from "./per-date.ts";
import { lineValue, type SeriesLabel } from "./series.ts";
import { bucketOf } from "./state.ts";

export interface Summarized extends SeriesLabel {
  readonly distribution: Distribution;
  /** Submissions of each date in the range, by date. */
  readonly days: readonly { readonly date: string; readonly submissions: number }[];
  /** Dates in the range at which anything was recorded, of this series or not, in any order. */
  readonly among: readonly string[];
}

export interface Fact {
  readonly title: string;
  readonly text: string;
}

export interface PercentileFact {
  readonly percent: number;
  readonly text: string;
  /** The bucket that it lies in, which bounds its error; "" where it is exact, and where there is none. */
  readonly bucket: string;
}

export const summaryPercents: readonly number[] = [5, 25, 50, 75, 95];

/** The same titles for all series of one measure. `lines`: those that it may have; `noun`: what submissions are called. */
export function factsOf(
  { distribution, days, among }: Summarized,
  lines: readonly Line[],
  noun: string,
): readonly Fact[] {
  const { measure } = distribution;
  const [first, last] = [days[0]?.date ?? "", days.at(-1)?.date ?? ""];
  const isCounter = measure.kind === "counter";
  const { isContradictory } = distribution;
  const text = (statistic: Statistic, before = ""): string => {
    const value = distribution[statistic];
    if (value === null) return isContradictory ? "unknown: its sums do not belong to the counts" : "unknown";
    const n = distribution.samplesOf(statistic);
    const why = isContradictory ? "not all sums belong to the counts" : "not all sums are known";
    return before + words.value(value) + (n < distribution.count ? ` of ${words.counted(n, "sample")}: ${why}` : "");
  };
  const shares = lines.filter(isShare);
  const shared = shares.reduce((sum, { name }) => sum + (distribution.counts[bucketOf(name) ?? NaN] ?? 0), 0);
  const facts: (Fact | null)[] = [
    { title: noun, text: words.count(distribution.submissions) },
    isCounter ? null : { title: "Samples", text: words.count(distribution.count) },
    { title: "Dates", text: words.count(days.length) },
    { title: "First date", text: words.date(first) },
    { title: "Last date", text: words.date(last) },
    isCounter ? { title: `Days without ${noun}`, text: withoutText(days.length, among) } : null,
    isCounter ? { title: "Mean per date", text: words.value(perDateOf(days)?.mean ?? null) } : null,
    measure.scale === "categories" ? null : { title: "Mean", text: text("mean") },
    measure.scale === "linear" ? { title: "Standard deviation", text: text("standardDeviation") } : null,
    measure.scale === "exponential" ? { title: "Geometric mean", text: text("geometricMean") } : null,
    measure.scale === "exponential"
      ? { title: "Geometric std. deviation", text: text("geometricStandardDeviation", "× ") }
      : null,
    ...shares.map((line) => ({ title: line.short, text: lineText(line, lineValue(distribution, line.name)) })),
    // Fewer lines than buckets: what others hold is said, also where it is nothing, so that series have the same rows.
    shares.length > 0 && shares.length < measure.bounds.length
      ? {
          title: "share of others",
          text: distribution.count > 0 ? words.percent((distribution.count - shared) / distribution.count) : "–",
        }
      : null,
  ];
  return facts.filter((fact) => fact !== null);
}

/** Of values; of a counter's dates; none of categories. */
export function percentilesOf({ distribution, days }: Summarized): readonly PercentileFact[] {
  if (distribution.measure.kind === "counter") {
    const found = perDateOf(days)?.percentiles ?? [];
    return found.map(({ percent, value }) => ({ percent, text: words.value(value), bucket: "" }));
  }
  if (distribution.measure.scale === "categories") return [];
  return summaryPercents.map((percent) => {
    const found = distribution.percentile(percent);
    if (found === null) return { percent, text: "unknown", bucket: "" };
    const value = words.value(found.value);
    return { percent, text: found.to === null ? `≥ ${value}` : value, bucket: words.bounds(found) };
  });
}

/** How the numbers came to be, and how far they may be off. */
export function methodOf({ measure }: Distribution): string {
  if (measure.kind === "counter") {
    return "A counter has one number a date. Percentiles are those of the dates, by nearest rank, and exact; dates without any do not count.";
  }
  if (measure.scale === "categories")
    return "The buckets are categories: they have no mean and no percentiles. Shares are of the samples, the most frequent ones over all dates.";
  const isExponential = measure.scale === "exponential";
  return [
    "Nearest-rank percentiles lie in the bucket that is given, which is their bound of error; the value within it is interpolated",
    isExponential
      ? " evenly in ln(1 + x)."
      : measure.kind === "count"
        ? " evenly, the lower whole number."
        : " evenly.",
    " Mean and deviation come from exact sums",
    isExponential ? "; the geometric ones are of 1 + x." : ".",
  ].join("");
}

/** Days of a calendar from the first date to the last one: those at which nobody has anything are without, too. */
function withoutText(has: number, among: readonly string[]): string {
  const times = among.map(dayOf);
  const all = among.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / dayMs + 1;
  return all === has ? "0" : `${words.count(all - has)} of ${words.count(all)}, not in mean and percentiles`;
}

function perDateOf(days: Summarized["days"]): ReturnType<typeof perDate> {
  return perDate(
    days.map(({ submissions }) => submissions),
    summaryPercents,
  );
}
