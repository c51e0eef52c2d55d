/** What the marks of each figure's drawing mean, for the legend of a saved picture: looks are the style sheet's names. Pure. */
import type { Mark } from "../parts/picture.ts";
import { countText, type Counts, type SeriesBasis } from "./caption.ts";
import type { Line } from "./lines.ts";
import type { ComparisonView } from "./state.ts";

/** Of one series its lines by their colours; of several the series by theirs, and then the statistics by their dashes. */
export function evolutionMarks({ of, noun }: Counts, lines: readonly Line[]): Mark[] {
  const isSingle = of.length === 1;
  const own = `series-${of[0]?.place ?? 0}`;
  const statistics = lines.map(({ look, title }): Mark => ({
    shape: "line",
    // As the drawing and the legend of the page have it.
    look: `statistic ${look} ${isSingle ? `${own} single` : "series-all"} ${lines.length === 1 ? "only" : ""}`,
    markLook: "",
    name: title,
    note: "",
  }));
  if (!isSingle) return [...of.map((one) => seriesMark(one, noun, `curve series-${one.place}`)), ...statistics];
  return [...statistics, { shape: "box", look: "", markLook: `submissions ${own}`, name: noun, note: "" }];
}

/** Bars of the first series, outlines of the others; `of`: those that are drawn. */
export function distributionMarks({ of, noun }: Counts): Mark[] {
  return of.map((own, i) =>
    i === 0
      ? { ...seriesMark(own, noun, `bar series-${own.place}`), shape: "box" }
      : seriesMark(own, noun, `outline series-${own.place}`),
  );
}

/** A curve for each that is drawn; of differences a straight line for the first, which the others differ from. */
export function comparisonMarks({ of, noun }: Counts, view: ComparisonView): Mark[] {
  return of.map((own, i) =>
    seriesMark(own, noun, i === 0 && view === "difference" ? "zero" : `curve series-${own.place}`),
  );
}

function seriesMark(own: SeriesBasis, noun: string, markLook: string): Mark {
  return { shape: "line", look: "", markLook, name: own.name, note: countText(own, noun) };
}
