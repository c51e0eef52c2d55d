/** The evolution as a table, made when it is opened: for those who read numbers, and for those who cannot see the chart. */
import { useState } from "preact/hooks";
import type { JSX } from "preact";
import * as words from "../parts/words.ts";
import type { ShownSeries } from "./evolution-geometry.ts";
import { lineValue } from "./series.ts";
import { lineNames } from "./state.ts";

export function EvolutionTable({ series, noun }: { series: readonly ShownSeries[]; noun: string }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="table-details" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>These numbers as a table</summary>
      {isOpen ? (
        <div class="scroll tall" tabIndex={0} role="region" aria-label="Evolution as a table">
          <table>
            <thead>
              <tr>
                <th scope="col">Date</th>
                {series.length > 1 ? <th scope="col">Series</th> : null}
                <th scope="col">{noun}</th>
                <th scope="col">samples</th>
                {lineNames.map((line) => (
                  <th key={line} scope="col">
                    {line === "mean" ? "mean" : line === "p50" ? "median" : `${line.slice(1)}th`}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {series.flatMap(({ name, points }, i) =>
                points.map(({ date, submissions, samples, distribution }) => (
                  <tr key={`${i} ${date}`}>
                    <th scope="row">{words.date(date)}</th>
                    {series.length > 1 ? <td>{name}</td> : null}
                    <td>{words.count(submissions)}</td>
                    <td>{words.count(samples)}</td>
                    {lineNames.map((line) => {
                      const value = lineValue(distribution, line);
                      return <td key={line}>{value === null ? "–" : words.value(value)}</td>;
                    })}
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </div>
      ) : null}
    </details>
  );
}
