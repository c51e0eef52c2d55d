/** What one series has at a date, in words: its numbers, or why there are none. Pure. */
import * as words from "../parts/words.ts";
import type { ShownSeries } from "./evolution-geometry.ts";
import { isShare, lineText, type Line } from "./lines.ts";
import { lineValue } from "./series.ts";

/** `noun`: what submissions are called. */
export function textAt({ points, hidden }: ShownSeries, date: string, lines: readonly Line[], noun: string): string {
  const point = points.find((own) => own.date === date);
  if (point === undefined) {
    const few = hidden.find((own) => own.date === date);
    return few === undefined
      ? `no ${noun}`
      : `${words.count(few.submissions)} ${words.nounFor(few.submissions, noun)}, not drawn`;
  }
  const values = lines.flatMap((line) => {
    const value = lineValue(point.distribution, line.name);
    return value === null ? [] : [`${isShare(line) ? line.title : line.short} ${lineText(line, value)}`];
  });
  const samples = lines.length > 0 ? [words.counted(point.samples, "sample")] : [];
  return [`${words.count(point.submissions)} ${words.nounFor(point.submissions, noun)}`, ...samples, ...values].join(
    " · ",
  );
}
