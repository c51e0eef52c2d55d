/**
 * What the lines mean, each a switch; and what they are at the date below the pointer. Nothing moves when a date is read out: there is
 * always a line for it.
 */
import type { JSX } from "preact";
import * as words from "../parts/words.ts";
import type { ShownSeries } from "./evolution-geometry.ts";
import { lineValue } from "./series.ts";
import { lineNames, type LineName } from "./state.ts";

const titles: Readonly<Record<LineName, string>> = {
  mean: "Mean",
  p5: "5th percentile",
  p25: "25th",
  p50: "Median",
  p75: "75th",
  p95: "95th percentile",
};

interface EvolutionLegendProps {
  readonly series: readonly ShownSeries[];
  readonly lines: readonly LineName[];
  readonly noun: string;
  readonly hovered: string | null;
  readonly onLines: (lines: readonly LineName[]) => void;
  /** False where values are categories or counts: there are submissions only. */
  readonly hasLines: boolean;
}

export function EvolutionLegend(props: EvolutionLegendProps): JSX.Element {
  const { series, lines, noun, hovered, onLines, hasLines } = props;
  const toggle = (line: LineName): void => {
    onLines(lineNames.filter((name) => (name === line ? !lines.includes(name) : lines.includes(name))));
  };
  const isKnown = hasLines || lines.length === 0;
  return (
    <div class="legend">
      {isKnown ? (
        <div class="legend-lines" role="group" aria-label="Lines of the chart">
          {lineNames.map((line) => (
            <button
              key={line}
              type="button"
              class={`legend-line line-${line} ${series.length === 1 ? "single" : "series-all"}`}
              aria-pressed={lines.includes(line)}
              onClick={() => toggle(line)}
            >
              <svg class="swatch" width="22" height="10" aria-hidden="true">
                <line x1="1" x2="21" y1="5" y2="5" />
              </svg>
              {titles[line]}
            </button>
          ))}
        </div>
      ) : null}
      <p class="readout">
        {hovered === null ? (
          <>
            {series.length > 1
              ? series.map(({ name }, i) => (
                  <bdi key={i} class={`readout-series series-${i}`}>
                    {name}
                  </bdi>
                ))
              : null}
            <span class="soft">Point at a date to read it</span>
          </>
        ) : (
          <>
            <b>{words.date(hovered)}</b>
            {series.map((shown, i) => (
              <span key={i} class={`readout-series series-${i}`}>
                {readout(shown, series.length > 1, hovered, lines, noun)}
              </span>
            ))}
          </>
        )}
      </p>
    </div>
  );
}

function readout(
  { name, points }: ShownSeries,
  isNamed: boolean,
  date: string,
  lines: readonly LineName[],
  noun: string,
): string {
  const point = points.find((own) => own.date === date);
  const named = isNamed ? `${name}: ` : "";
  if (point === undefined) return `${named}not shown`;
  const values = lines.flatMap((line) => {
    const value = lineValue(point.distribution, line);
    return value === null ? [] : [`${shortTitles[line]} ${words.value(value)}`];
  });
  return named + [`${words.count(point.submissions)} ${noun}`, ...values].join(" · ");
}

const shortTitles: Readonly<Record<LineName, string>> = {
  mean: "mean",
  p5: "5th",
  p25: "25th",
  p50: "median",
  p75: "75th",
  p95: "95th",
};
