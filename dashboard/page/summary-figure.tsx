/** The range in numbers: of one series as a list, of several beside one another. */
import type { ComponentChildren, JSX, RefObject } from "preact";
import { Scroll } from "../parts/scroll.tsx";
import { Figure, type Basis } from "./figure.tsx";
import type { Line } from "./lines.ts";
import { factsOf, methodOf, percentilesOf, type PercentileFact, type Summarized } from "./summary-facts.ts";

interface SummaryFigureProps {
  readonly basis: Basis;
  /** At least one, all of the same measure. */
  readonly all: readonly Summarized[];
  /** Those that the measure may have. */
  readonly lines: readonly Line[];
  readonly tools: (frame: RefObject<HTMLElement | null>) => ComponentChildren;
}

export function SummaryFigure({ basis, all, lines, tools }: SummaryFigureProps): JSX.Element {
  const [first] = all;
  return (
    <Figure name="summary" title="Summary" basis={basis} tools={tools}>
      {first === undefined ? null : (
        <>
          {all.length === 1 ? (
            <One own={first} lines={lines} noun={basis.noun} />
          ) : (
            <Several all={all} lines={lines} noun={basis.noun} />
          )}
          <p class="soft method">{methodOf(first.distribution)}</p>
        </>
      )}
    </Figure>
  );
}

function One({ own, lines, noun }: { own: Summarized; lines: readonly Line[]; noun: string }): JSX.Element {
  const percentiles = percentilesOf(own);
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Kind</dt>
          <dd>{own.distribution.measure.kind}</dd>
        </div>
        {factsOf(own, lines, noun).map(({ title, text }) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {percentiles.length === 0 ? null : (
        <Percentiles all={percentiles} hasBuckets={own.distribution.measure.kind !== "counter"} />
      )}
    </>
  );
}

interface PercentilesProps {
  readonly all: readonly PercentileFact[];
  /** Those of a counter are of its dates, and exact. */
  readonly hasBuckets: boolean;
}

function Percentiles({ all, hasBuckets }: PercentilesProps): JSX.Element {
  return (
    <Scroll label="Percentiles">
      <table class="percentiles">
        <thead>
          <tr>
            <th scope="col">Percentile</th>
            <th scope="col">{hasBuckets ? "Value" : "Per date"}</th>
            {hasBuckets ? <th scope="col">Bucket</th> : null}
          </tr>
        </thead>
        <tbody>
          {all.map(({ percent, text, bucket }) => (
            <tr key={percent} data-percentile={percent}>
              <th scope="row">{titleOf(percent)}</th>
              <td>{text}</td>
              {hasBuckets ? <td class="soft">{bucket}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** A column for each series. */
function Several({
  all,
  lines,
  noun,
}: {
  all: readonly Summarized[];
  lines: readonly Line[];
  noun: string;
}): JSX.Element {
  const facts = all.map((own) => factsOf(own, lines, noun));
  const percentiles = all.map(percentilesOf);
  // Series may be of measures that changed their kind: rows are those of the first, cells by title.
  const textOf = (i: number, title: string): string => facts[i]?.find((fact) => fact.title === title)?.text ?? "–";
  return (
    <Scroll label="Summary of the series">
      <table class="side-by-side">
        <thead>
          <tr>
            <th scope="col">Series</th>
            {all.map(({ name, place }) => (
              <th key={place} scope="col" class="name">
                <span class={`dot series-${place}`} aria-hidden="true" />
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {facts[0]?.map(({ title }) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              {all.map(({ place }, i) => (
                <td key={place} data-series={place}>
                  {textOf(i, title)}
                </td>
              ))}
            </tr>
          ))}
          {percentiles[0]?.map(({ percent }) => (
            <tr key={percent} data-percentile={percent}>
              <th scope="row">{titleOf(percent)}</th>
              {percentiles.map((own, i) => {
                const found = own.find((one) => one.percent === percent);
                return (
                  <td key={i} data-series={all[i]?.place}>
                    {found?.text ?? "–"} <span class="soft">{found?.bucket}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function titleOf(percent: number): string {
  return percent === 50 ? "Median" : `${percent}th percentile`;
}
