/** Several series beside one another: how the distribution moved as curves, and in numbers with the bounds of each. */
import type { ComponentChildren, JSX, RefObject } from "preact";
import { Scroll } from "../parts/scroll.tsx";
import { Segments } from "../parts/segments.tsx";
import * as words from "../parts/words.ts";
import type { Distribution } from "../client/index.ts";
import { bucketName } from "./bucket-names.ts";
import { ComparisonChart, comparisonTitles } from "./comparison-chart.tsx";
import { comparable, greatestDifference, greatestGap, medianShift } from "./comparison.ts";
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
  const alike = all.filter(({ distribution }) => first !== undefined && comparable(first.distribution, distribution));
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
      <ComparisonChart all={all} view={view} />
      {alike.length < all.length ? (
        <p class="soft">Series whose buckets are not those of the first are not compared.</p>
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
            const isAlike = first !== undefined && i > 0 && comparable(first.distribution, distribution);
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
                <td>{isAlike ? distance(first.distribution, distribution) : hasMedian ? "" : "compared with"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
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
