/**
 * What the lines mean, each a switch; and what they are at the date below the pointer. Nothing moves when a date is read out: there is
 * always a line for it.
 */
import type { JSX } from "preact";
import * as words from "../parts/words.ts";
import type { ShownSeries } from "./evolution-geometry.ts";
import { textAt } from "./date-readout.ts";
import type { Line } from "./lines.ts";
import { Readout, ReadoutLine } from "./readout.tsx";
import type { SeriesBasis } from "./caption.ts";
import { SeriesNames } from "./series-names.tsx";
import type { LineName } from "./state.ts";

interface EvolutionLegendProps {
  readonly series: readonly ShownSeries[];
  /** As `series`. */
  readonly of: readonly SeriesBasis[];
  readonly lines: readonly Line[];
  /** Those that could be shown; none of a counter. */
  readonly allLines: readonly Line[];
  readonly noun: string;
  readonly hovered: string | null;
  readonly onLines: (lines: readonly LineName[]) => void;
}

export function EvolutionLegend(props: EvolutionLegendProps): JSX.Element {
  const { series, of, lines, allLines, noun, hovered, onLines } = props;
  const toggle = (line: Line): void => {
    const next = allLines.filter((own) => (own === line ? !lines.includes(own) : lines.includes(own)));
    onLines(next.map(({ name }) => name));
  };
  return (
    <div class="legend">
      {allLines.length > 0 ? (
        <div class="legend-lines" role="group" aria-label="Lines of the chart">
          {allLines.map((line) => (
            <button
              key={line.name}
              type="button"
              class={`legend-line ${line.look} ${series.length === 1 ? "single" : "series-all"} ${lines.length === 1 && lines[0] === line ? "only" : ""}`}
              aria-pressed={lines.includes(line)}
              onClick={() => toggle(line)}
            >
              <svg class="swatch" width="22" height="10" aria-hidden="true">
                <line x1="1" x2="21" y1="5" y2="5" />
              </svg>
              {line.title}
            </button>
          ))}
        </div>
      ) : null}
      <ReadoutLine of={[...lines, ...series].map(({ name }) => name).join()}>
        {hovered === null ? (
          <>
            <SeriesNames of={of} noun={noun} />
            <span class="soft">Point at a date, or tap it, to read it</span>
          </>
        ) : (
          <Readout
            title={words.date(hovered)}
            isNamed={series.length > 1}
            parts={series.map((shown) => ({
              name: shown.name,
              place: shown.place,
              text: textAt(shown, hovered, lines, noun),
            }))}
          />
        )}
      </ReadoutLine>
    </div>
  );
}
