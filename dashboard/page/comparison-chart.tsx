/** The curves of a comparison, and what they are at the bucket that is pointed at. */
import { useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import { BottomAxis, ValueAxis } from "../parts/axis-marks.tsx";
import { useWidth } from "../parts/use-width.tsx";
import * as words from "../parts/words.ts";
import { bucketName } from "./bucket-names.ts";
import { BucketPointer } from "./bucket-pointer.tsx";
import { comparableTo, cumulative, difference } from "./comparison.ts";
import { comparisonGeometry } from "./comparison-geometry.ts";
import type { NamedDistribution } from "./distribution-figure.tsx";
import { Readout, ReadoutLine, readoutText, type ReadoutProps } from "./readout.tsx";
import { sharesOf } from "./shares.ts";
import type { ComparisonView } from "./state.ts";

export const comparisonTitles: Readonly<Record<ComparisonView, string>> = {
  cumulative: "Cumulative",
  difference: "Difference",
};

interface ComparisonChartProps {
  /** Those that can be compared with the first are drawn. */
  readonly all: readonly NamedDistribution[];
  readonly view: ComparisonView;
}

export function ComparisonChart({ all, view }: ComparisonChartProps): JSX.Element {
  const [frame, width] = useWidth<HTMLDivElement>();
  const [hovered, setHovered] = useState<number | null>(null);
  const [first] = all;
  const drawn = useMemo(() => comparableTo(all), [all]);
  const geometry = useMemo(() => {
    const distributions = drawn.map(({ distribution }) => distribution);
    return width === 0 ? null : comparisonGeometry(distributions, view, { width, height: width < 420 ? 220 : 340 });
  }, [drawn, view, width]);
  const read = hovered === null ? null : readAt(drawn, view, hovered);
  const label = `${comparisonTitles[view]} curves of ${drawn.map(({ name }) => name).join(", ")}. The table below has the change of the median.`;
  return (
    <>
      <ReadoutLine of={all.map(({ name }) => name).join()}>
        {read !== null ? <Readout {...read} /> : <Idle view={view} first={first?.name ?? ""} />}
      </ReadoutLine>
      <div ref={frame} class="drawing-frame">
        {geometry === null ? null : (
          <svg
            class="drawing"
            viewBox={`0 0 ${geometry.width} ${geometry.height}`}
            width={geometry.width}
            height={geometry.height}
          >
            <g role="img" aria-label={label}>
              <ValueAxis box={geometry.box} ticks={geometry.valueTicks} title="" />
              {geometry.zero === null ? null : (
                <line
                  class="zero"
                  x1={geometry.box.left}
                  x2={geometry.box.right}
                  y1={geometry.zero}
                  y2={geometry.zero}
                />
              )}
              {geometry.curves.map(({ of, d }) => (
                <path key={of} class={`curve series-${drawn[of]?.place ?? 0}`} d={d} />
              ))}
              <BottomAxis box={geometry.box} ticks={geometry.bucketTicks} />
            </g>
            <BucketPointer
              box={geometry.box}
              buckets={geometry.buckets}
              bucket={read === null ? null : hovered}
              onBucket={setHovered}
              text={read === null ? "" : readoutText(read)}
            />
          </svg>
        )}
      </div>
    </>
  );
}

function Idle({ view, first }: { view: ComparisonView; first: string }): JSX.Element {
  return view === "cumulative" ? (
    <span class="soft">Share of samples up to each value: a curve further to the left has smaller values</span>
  ) : (
    <span class="soft">
      Percentage points that a bucket holds more, or less, than that of <bdi>{first}</bdi>
    </span>
  );
}

/** Null for a bucket that they do not have: another measure may have fewer. */
function readAt(drawn: readonly NamedDistribution[], view: ComparisonView, bucket: number): ReadoutProps | null {
  const [first] = drawn;
  if (first === undefined || bucket >= first.distribution.counts.length) return null;
  const { measure } = first.distribution;
  const isDifference = view === "difference";
  const end = measure.bounds[bucket + 1];
  const parts = drawn.map(({ name, place, distribution }) => {
    if (!isDifference) return { name, place, text: words.percent(cumulative(distribution)[bucket] ?? 0) };
    const share = words.percent(sharesOf(distribution)[bucket] ?? 0);
    const points = difference(first.distribution, distribution)[bucket] ?? 0;
    return { name, place, text: place === first.place ? share : `${share}, ${words.signed(points)} pp` };
  });
  const below = end === undefined ? "All" : `Below ${words.value(end)}`;
  return { title: isDifference ? bucketName(measure, bucket) : below, parts, isNamed: true };
}
