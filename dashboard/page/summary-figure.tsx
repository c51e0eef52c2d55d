/** The range in numbers, each as exact as it is: means from exact sums, percentiles with the bucket that they lie in. */
import type { JSX } from "preact";
import type { Distribution } from "../client/index.ts";
import * as words from "../parts/words.ts";
import { Figure, type Basis } from "./figure.tsx";

interface SummaryFigureProps {
  readonly basis: Basis;
  readonly distribution: Distribution;
  /** Of which there is something, in the range. */
  readonly dates: readonly string[];
  /** Said where several series are shown. */
  readonly name: string | null;
}

const percents = [5, 25, 50, 75, 95];

export function SummaryFigure({ basis, distribution, dates, name }: SummaryFigureProps): JSX.Element {
  const { measure } = distribution;
  const [first, last] = [dates[0] ?? "", dates.at(-1) ?? ""];
  const facts: readonly (readonly [title: string, text: string])[] = [
    ["Kind", measure.kind],
    [basis.noun, words.count(distribution.submissions)],
    ...(basis.isCounter ? [] : [["Samples", words.count(distribution.count)] as const]),
    ["Dates", words.count(dates.length)],
    ["Range", first === last ? words.date(first) : `${words.date(first)} to ${words.date(last)}`],
    ...(measure.scale === "categories" ? [] : [["Mean", words.value(distribution.mean)] as const]),
    ...(measure.scale === "linear"
      ? [["Standard deviation", words.value(distribution.standardDeviation)] as const]
      : []),
    ...(measure.scale === "exponential"
      ? [
          ["Geometric mean", words.value(distribution.geometricMean)] as const,
          ["Geometric std. deviation", factor(distribution.geometricStandardDeviation)] as const,
        ]
      : []),
  ];
  return (
    <Figure name="summary" title={name === null ? "Summary" : `Summary of ${name}`} basis={basis}>
      <dl class="facts">
        {facts.map(([title, text]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {measure.scale === "categories" ? (
        <p class="soft method">
          {basis.isCounter
            ? "A counter has no distribution: only how many there were."
            : "The buckets are categories: they have no mean and no percentiles."}
        </p>
      ) : (
        <>
          <Percentiles distribution={distribution} />
          <p class="soft method">
            Nearest-rank percentiles lie in the bucket that is given, which is their bound of error; the value within it
            is interpolated {measure.scale === "exponential" ? "evenly in ln(1 + x)" : "evenly"}. Mean and deviation
            come from exact sums{measure.scale === "exponential" ? "; the geometric ones are of 1 + x" : ""}.
          </p>
        </>
      )}
    </Figure>
  );
}

function factor(value: number | null): string {
  return value === null ? "unknown" : `× ${words.value(value)}`;
}

function Percentiles({ distribution }: { distribution: Distribution }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Percentiles">
      <table class="percentiles">
        <thead>
          <tr>
            <th scope="col">Percentile</th>
            <th scope="col">Value</th>
            <th scope="col">Bucket</th>
          </tr>
        </thead>
        <tbody>
          {percents.map((percent) => {
            const found = distribution.percentile(percent);
            return (
              <tr key={percent} data-percentile={percent}>
                <th scope="row">{percent === 50 ? "Median" : `${percent}th`}</th>
                <td>{found?.to === null ? `≥ ${words.value(found.value)}` : words.value(found?.value ?? null)}</td>
                <td class="soft">{found === null ? "" : words.bounds(found)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
