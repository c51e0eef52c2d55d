/**
 * A measure over dates: the chart, its legend, which also reads out the date below the pointer, the brush, and the same as a table.
 * What the chart draws is kept while only the range changes, so that the brush costs next to nothing.
 */
import { useMemo, useRef, useState } from "preact/hooks";
import type { ComponentChildren, JSX, RefObject } from "preact";
import { useWidth } from "../parts/use-width.tsx";
import * as words from "../parts/words.ts";
import { Brush, type DateRange, type RangeStep } from "./brush.tsx";
import { hiddenOf } from "./caption.ts";
import { EvolutionDrawing } from "./evolution-drawing.tsx";
import { evolutionGeometry, type ShownSeries } from "./evolution-geometry.ts";
import { EvolutionLegend } from "./evolution-legend.tsx";
import { EvolutionTable } from "./evolution-table.tsx";
import { Figure, type Basis } from "./figure.tsx";
import type { Line } from "./lines.ts";
import type { Sanitized } from "./sanitize.ts";
import type { Point } from "./series.ts";
import type { LineName } from "./state.ts";

interface EvolutionFigureProps {
  readonly measure: string;
  readonly basis: Basis;
  readonly series: readonly ShownSeries[];
  readonly sanitized: readonly Sanitized<Point>[];
  /** Of all series, hidden ones included. */
  readonly dates: readonly string[];
  readonly lines: readonly Line[];
  /** Those that could be shown. */
  readonly allLines: readonly Line[];
  readonly range: DateRange;
  readonly sanitize: boolean;
  /** Of the files of all series. */
  readonly rowsLeftOut: number;
  readonly onRange: (range: DateRange, step: RangeStep) => void;
  readonly onLines: (lines: readonly LineName[]) => void;
  readonly onSanitize: (on: boolean) => void;
  readonly tools: (frame: RefObject<HTMLElement | null>) => ComponentChildren;
}

/** The chart is lower where the page is narrow: a phone shows it whole. */
const heightOf = (width: number): number => (width < 520 ? 300 : 400);

export function EvolutionFigure(props: EvolutionFigureProps): JSX.Element {
  const { measure, basis, series, sanitized, dates, lines, allLines, range, onRange } = props;
  const [frame, width] = useWidth<HTMLDivElement>();
  const [hovered, setHovered] = useState<string | null>(null);
  const geometry = useMemo(
    () => (width === 0 ? null : evolutionGeometry(series, { width, height: heightOf(width), lines, dates })),
    [series, width, lines, dates],
  );
  const alternative = useMemo(() => alternativeOf(measure, series, basis.noun), [measure, series, basis.noun]);
  const drawing = useMemo(
    () => (geometry === null ? null : <EvolutionDrawing geometry={geometry} label={alternative} noun={basis.noun} />),
    [geometry, alternative, basis.noun],
  );
  // Thousands of cells that pointing at a date does not change.
  const table = useMemo(
    () => <EvolutionTable series={series} lines={allLines} noun={basis.noun} />,
    [series, allLines, basis.noun],
  );
  return (
    <Figure name="evolution" title="Evolution" basis={basis} tools={props.tools}>
      <EvolutionLegend
        series={series}
        of={basis.of}
        lines={lines}
        allLines={allLines}
        noun={basis.noun}
        hovered={hovered}
        onLines={props.onLines}
      />
      <div ref={frame} class="drawing-frame">
        {geometry === null ? null : (
          <svg
            class="drawing"
            viewBox={`0 0 ${geometry.width} ${geometry.height}`}
            width={geometry.width}
            height={geometry.height}
          >
            {drawing}
            <Brush
              geometry={geometry}
              dates={dates}
              range={range}
              hovered={hovered}
              onRange={onRange}
              onHover={setHovered}
            />
          </svg>
        )}
      </div>
      <RangeFields dates={dates} range={range} onRange={onRange} isOfTwo={geometry?.hasLines ?? true} />
      <ContradictionLine series={series} />
      <LeftOutLine rows={props.rowsLeftOut} />
      <SanitizeLine sanitized={sanitized} noun={basis.noun} on={props.sanitize} onSanitize={props.onSanitize} />
      {table}
    </Figure>
  );
}

/** The chart in a sentence. */
function alternativeOf(measure: string, series: readonly ShownSeries[], noun: string): string {
  const parts = series.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return `${name}: no dates`;
    const many = points.reduce((sum, { submissions }) => sum + submissions, 0);
    const medians = [first, last].map(({ distribution }) => distribution.median?.value ?? null);
    const moved = medians.every((median) => median !== null)
      ? `, median from ${words.value(medians[0] ?? null)} to ${words.value(medians[1] ?? null)}`
      : "";
    const dates = `${words.counted(points.length, "date", "dates")} from ${words.date(first.date)} to ${words.date(last.date)}`;
    return `${name}: ${dates}, ${words.count(many)} ${words.nounFor(many, noun)}${moved}`;
  });
  return `${measure} over dates. ${parts.join(". ")}.`;
}

interface RangeFieldsProps {
  readonly dates: readonly string[];
  readonly range: DateRange;
  readonly onRange: (range: DateRange, step: RangeStep) => void;
  /** Whether submissions have a chart of their own, below. */
  readonly isOfTwo: boolean;
}

interface DateFieldProps {
  readonly label: string;
  /** YYYYMMDD, like the earliest and the latest that may be chosen. */
  readonly value: string;
  readonly first: string;
  readonly last: string;
  readonly onText: (text: string) => void;
}

function DateField({ label, value, first, last, onText }: DateFieldProps): JSX.Element {
  return (
    <label>
      <span class="label">{label}</span>
      <input
        type="date"
        value={words.date(value)}
        min={words.date(first)}
        max={words.date(last)}
        onChange={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
}

/** The range as text: the way for those who do not drag. */
function RangeFields({ dates, range, onRange, isOfTwo }: RangeFieldsProps): JSX.Element {
  const [first, last] = [dates[0] ?? "", dates.at(-1) ?? ""];
  /** From the earlier date to the later, once both are typed: on the way there any year is before the other date. */
  const turned = useRef<DateRange | null>(null);
  const set = (side: "from" | "to", text: string): void => {
    const date = words.dateOfInput(text);
    if (date === null) return;
    const next = { ...range, [side]: date };
    const isTurned = next.from !== null && next.to !== null && next.from > next.to;
    turned.current = isTurned ? { from: next.to, to: next.from } : null;
    // Typed digit by digit, a date is many on the way.
    if (!isTurned) onRange(next, "moved");
  };
  const settle = (): void => {
    if (turned.current !== null) onRange(turned.current, "moved");
    turned.current = null;
  };
  return (
    <div
      class="range-fields"
      onFocusOut={settle}
      onKeyDown={(event) => {
        if (event.key === "Enter") settle();
      }}
    >
      <DateField
        label="From"
        value={range.from ?? first}
        first={first}
        last={last}
        onText={(text) => set("from", text)}
      />
      <DateField label="to" value={range.to ?? last} first={first} last={last} onText={(text) => set("to", text)} />
      {range.from === null && range.to === null ? (
        <span class="soft">
          {words.counted(dates.length, "date", "dates")}
          {dates.length > 1 ? `: drag over the ${isOfTwo ? "lower chart" : "chart"} to choose some` : ""}
        </span>
      ) : (
        <button
          type="button"
          class="button"
          onClick={(event) => {
            // The button goes away: the focus stays beside it.
            event.currentTarget.closest(".range-fields")?.querySelector("input")?.focus();
            onRange({ from: null, to: null }, "chosen");
          }}
        >
          All dates
        </button>
      )}
    </div>
  );
}

/** Why the mean of some dates is not drawn, or not of all samples; nothing where there are none such. */
function ContradictionLine({ series }: { series: readonly ShownSeries[] }): JSX.Element | null {
  const many = useMemo(
    () => series.flatMap(({ points }) => points.filter(({ distribution }) => distribution.isContradictory)).length,
    [series],
  );
  if (many === 0) return null;
  return (
    <p class="sanitize" data-contradictory={many}>
      The sums of {words.counted(many, "point")} do not belong to the counts: means and deviations are without them
    </p>
  );
}

/** Rows that the client does not take: ParsedRows. */
function LeftOutLine({ rows }: { readonly rows: number }): JSX.Element | null {
  if (rows === 0) return null;
  return (
    <p class="sanitize lacking" data-rows-left-out={rows}>
      {words.counted(rows, "row")} left out in all figures: counts below 0 or beyond 2^53, or a date that no calendar
      has
    </p>
  );
}

interface SanitizeLineProps {
  readonly sanitized: readonly Sanitized<Point>[];
  readonly noun: string;
  readonly on: boolean;
  readonly onSanitize: (on: boolean) => void;
}

function SanitizeLine({ sanitized, noun, on, onSanitize }: SanitizeLineProps): JSX.Element {
  const { hidden, many, limits } = hiddenOf(sanitized);
  return (
    <p class="sanitize">
      <label>
        <input type="checkbox" checked={on} onChange={(event) => onSanitize(event.currentTarget.checked)} />
        Hide dates with few {noun}
      </label>
      {hidden > 0 ? (
        <span class="soft" data-hidden={hidden}>
          {words.counted(hidden, "point", "points")} with fewer than {limits} {noun} {hidden === 1 ? "is" : "are"} not
          drawn ({words.count(many)} {words.nounFor(many, noun)}, which the figures below count)
        </span>
      ) : null}
    </p>
  );
}
