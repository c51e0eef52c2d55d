/** The evolution as a table, made when it is opened: for those who read numbers, and for those who cannot see the chart. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { Scroll } from "../parts/scroll.tsx";
import * as words from "../parts/words.ts";
import type { ShownSeries } from "./evolution-geometry.ts";
import { lineText, type Line } from "./lines.ts";
import { lineValue } from "./series.ts";

interface EvolutionTableProps {
  readonly series: readonly ShownSeries[];
  /** A column for each; none of a counter, whose submissions are its samples. */
  readonly lines: readonly Line[];
  readonly noun: string;
}

export function EvolutionTable({ series, lines, noun }: EvolutionTableProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="table-details" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>These numbers as a table</summary>
      {isOpen ? (
        <Scroll label="Evolution as a table" isTall>
          <table>
            <thead>
              <tr>
                <th scope="col">Date</th>
                {series.length > 1 ? (
                  <th scope="col" class="left">
                    Series
                  </th>
                ) : null}
                <th scope="col">{noun}</th>
                {lines.length > 0 ? <th scope="col">samples</th> : null}
                {lines.map(({ name, short }) => (
                  <th key={name} scope="col">
                    {short}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {series.flatMap(({ name, place, points }) =>
                points.map(({ date, submissions, samples, distribution }) => (
                  <tr key={`${place} ${date}`} data-series={place}>
                    <th scope="row">{words.date(date)}</th>
                    {series.length > 1 ? (
                      <td class="name">
                        <bdi>{name}</bdi>
                      </td>
                    ) : null}
                    <td>{words.count(submissions)}</td>
                    {lines.length > 0 ? <td>{words.count(samples)}</td> : null}
                    {lines.map((line) => (
                      <td key={line.name}>{lineText(line, lineValue(distribution, line.name))}</td>
                    ))}
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </Scroll>
      ) : null}
    </details>
  );
}
