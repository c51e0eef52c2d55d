/** Several series beside one another: how the distribution moved as curves, and in numbers with the bounds of each. */
import type { ComponentChildren, JSX, RefObject } from "preact";
import { Scroll } from "../parts/scroll.tsx";
import { Segments } from "../parts/segments.tsx";
import * as words from "../parts/words.ts";
import type { Distribution } from "../client/index.ts";
import { bucketName } from "./bucket-names.ts";
import { ComparisonChart, comparisonTitles } from "./comparison-chart.tsx";
import { comparison, type Comparison, greatestDifference, greatestGap, medianShift } from "./comparison.ts";
import type { NamedDistribution } from "./distribution-figure.tsx";
import { Figure, type Basis } from "./figure.tsx";
import { comparisonViews, type ComparisonView } from "./state.ts";

interface ComparisonFigureProps {
  readonly basis: Basis;
  /** At least two; the first is what the others are compared with. */
  readonly all: readonly NamedDistribution[];
  readonly view: ComparisonView;
  readonly onView: (view: ComparisonView) => void;
  readonly tools: (frame: RefObject<HTMLElement | null>) => ComponentChildren;
}

export function ComparisonFigure({ basis, all, view, onView, tools }: ComparisonFigureProps): JSX.Element {
  const [first] = all;
  const hows = all.map(({ distribution }) => comparison(first?.distribution ?? distribution, distribution));
  const isEmpty = hows[0] === "empty";
  return (
    <Figure
      name="comparison"
      title="Comparison"
      basis={basis}
      tools={(frame) => (
        <>
          {first?.distribution.measure.scale === "categories" ? null : (
            <Segments
              label="Compare by"
              names={comparisonViews}
              titles={comparisonTitles}
              value={view}
              onChange={onView}
              isSmall
            />
          )}
          {tools(frame)}
        </>
      )}
    >
      {isEmpty ? (
        <p class="nothing">
          <bdi>{first?.name}</bdi>, which the others are compared with, has no samples here: there is nothing to
          compare.
        </p>
      ) : hows.slice(1).includes("comparable") ? (
        <ComparisonChart all={all} view={view} />
      ) : (
        <p class="nothing">None of the other series can be compared with the first: there is nothing to draw.</p>
      )}
      {hows.includes("other-buckets") ? (
        <p class="soft">Series whose buckets are not those of the first are not compared.</p>
      ) : null}
      {!isEmpty && hows.includes("empty") ? (
        <p class="soft">Series without samples here are not compared: there is nothing to compare.</p>
      ) : null}
      <ShiftTable all={all} />
    </Figure>
  );
}

function ShiftTable({ all }: { all: readonly NamedDistribution[] }): JSX.Element {
  const [first] = all;
  // Categories lie in no order: nothing is in their middle, and nothing adds up to a curve.
  const hasMedian = first?.distribution.measure.scale !== "categories";
  return (
    <Scroll label="Comparison as a table">
      <table class="shifts">
        <thead>
          <tr>
            <th scope="col">Series</th>
            {hasMedian ? (
              <>
                <th scope="col">Median</th>
                <th scope="col">Its change</th>
              </>
            ) : null}
            <th scope="col">{hasMedian ? "Greatest gap" : "Greatest difference"}</th>
          </tr>
        </thead>
        <tbody>
          {all.map(({ name, place, distribution }, i) => {
            const how = i > 0 && first !== undefined ? comparison(first.distribution, distribution) : null;
            const isAlike = first !== undefined && how === "comparable";
            const shift = isAlike ? medianShift(first.distribution, distribution) : null;
            const { median } = distribution;
            return (
              <tr key={place} data-series={place}>
                <th scope="row" class="name">
                  <span class={`dot series-${place}`} aria-hidden="true" />
                  <bdi>{name}</bdi>
                </th>
                {hasMedian ? (
                  <>
                    <td>
                      {median === null ? "none" : words.value(median.value)}{" "}
                      <span class="soft">{median === null ? "" : words.bounds(median)}</span>
                    </td>
                    <td>
                      {i === 0 ? "compared with" : shift === null ? "–" : words.signed(shift.value)}{" "}
                      <span class="soft">{shift === null ? "" : `(${bound(shift.least)} … ${bound(shift.most)})`}</span>
                    </td>
                  </>
                ) : null}
                <td>{isAlike ? distance(first.distribution, distribution) : whyNot(how, hasMedian)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Instead of a distance; `null` is the first series, which a table with medians has named there already. */
function whyNot(how: Comparison | null, hasMedian: boolean): string {
  if (how === "empty") return "nothing to compare";
  if (how === "other-buckets") return "other buckets";
  return hasMedian ? "" : "compared with";
}

/** Of values the greatest gap of their cumulative curves, of categories that of one of them. */
function distance(from: Distribution, to: Distribution): string {
  if (from.measure.scale !== "categories") return `${words.value(greatestGap(from, to))} pp`;
  const { bucket, points } = greatestDifference(from, to);
  return `${bucketName(from.measure, bucket)}: ${words.signed(points)} pp`;
}

function bound(value: number | null): string {
  return value === null ? "no bound" : words.signed(value);
}
