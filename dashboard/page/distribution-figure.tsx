/** The distribution of the range: bars per bucket, other series as outlines over them; or the same as a table. */
import { useMemo, useState } from "preact/hooks";
import type { ComponentChildren, JSX, RefObject } from "preact";
import type { Distribution } from "../client/index.ts";
import { BottomAxis, ValueAxis } from "../parts/axis-marks.tsx";
import { Segments } from "../parts/segments.tsx";
import { useWidth } from "../parts/use-width.tsx";
import * as words from "../parts/words.ts";
import { bucketName } from "./bucket-names.ts";
import { alikeTo } from "./comparison.ts";
import { distributionGeometry, type DistributionGeometry } from "./distribution-geometry.ts";
import { BucketPointer } from "./bucket-pointer.tsx";
import { DistributionTable } from "./distribution-table.tsx";
import { Figure, type Basis } from "./figure.tsx";
import { Readout, ReadoutLine, readoutText, type ReadoutProps } from "./readout.tsx";
import { SeriesNames } from "./series-names.tsx";
import type { SeriesLabel } from "./series.ts";
import { sharesOf } from "./shares.ts";
import { distributionViews, type DistributionView } from "./state.ts";

/** A series' name with its distribution in the range. */
export interface NamedDistribution extends SeriesLabel {
  readonly distribution: Distribution;
}

interface DistributionFigureProps {
  readonly basis: Basis;
  readonly all: readonly NamedDistribution[];
  readonly view: DistributionView;
  readonly onView: (view: DistributionView) => void;
  readonly tools: (frame: RefObject<HTMLElement | null>) => ComponentChildren;
}

const viewTitles = { chart: "Chart", table: "Table" } as const;

export function DistributionFigure({ basis, all, view, onView, tools }: DistributionFigureProps): JSX.Element {
  const alike = useMemo(() => alikeTo(all), [all]);
  return (
    <Figure
      name="distribution"
      title="Distribution"
      basis={basis}
      tools={(frame) => (
        <>
          <Segments
            label="Show the distribution as"
            names={distributionViews}
            titles={viewTitles}
            value={view}
            onChange={onView}
            isSmall
          />
          {tools(frame)}
        </>
      )}
    >
      {view === "chart" ? <DistributionChart basis={basis} all={alike} /> : <DistributionTable all={alike} />}
      {alike.length < all.length ? (
        <p class="soft">Series whose buckets are not those of the first are not shown here.</p>
      ) : null}
    </Figure>
  );
}

/** Room of "median of the first": near the right end it stands before its line. */
const medianLabelPx = 120;

/** Beside the summary where there is room, and about as high. */
const heightOf = (width: number): number => (width < 420 ? 250 : width < 640 ? 430 : 510);

function DistributionChart({ basis, all }: { basis: Basis; all: readonly NamedDistribution[] }): JSX.Element {
  const [frame, width] = useWidth<HTMLDivElement>();
  const [hovered, setHovered] = useState<number | null>(null);
  const geometry = useMemo(
    () =>
      width === 0
        ? null
        : distributionGeometry(
            all.map(({ distribution }) => distribution),
            { width, height: heightOf(width) },
          ),
    [all, width],
  );
  const [first] = all;
  const pointed = hovered !== null && hovered < (first?.distribution.counts.length ?? 0) ? hovered : null;
  const read = pointed === null ? null : readAt(all, pointed);
  return (
    <>
      <ReadoutLine of={all.map(({ name }) => name).join()}>
        {read !== null ? (
          <Readout {...read} />
        ) : geometry === null ? (
          ""
        ) : (
          <Idle basis={basis} geometry={geometry} all={all} />
        )}
      </ReadoutLine>
      <div ref={frame} class="drawing-frame">
        {geometry === null ? null : (
          <svg
            class="drawing"
            viewBox={`0 0 ${geometry.width} ${geometry.height}`}
            width={geometry.width}
            height={geometry.height}
          >
            <g role="img" aria-label={alternativeOf(all)}>
              <Drawing geometry={geometry} places={all.map(({ place }) => place)} hovered={pointed} />
            </g>
            <BucketPointer
              box={geometry.box}
              buckets={geometry.buckets}
              bucket={pointed}
              onBucket={setHovered}
              text={read === null ? "" : readoutText(read)}
            />
          </svg>
        )}
      </div>
    </>
  );
}

interface DrawingProps {
  readonly geometry: DistributionGeometry;
  /** Of the series, in the order of the drawing. */
  readonly places: readonly number[];
  readonly hovered: number | null;
}

function Drawing({ geometry, places, hovered }: DrawingProps): JSX.Element {
  const { box, median } = geometry;
  return (
    <>
      <ValueAxis box={box} ticks={geometry.shareTicks} title="" />
      {median === null ? null : (
        <rect
          class="median-bucket"
          x={median.from}
          width={median.to - median.from}
          y={box.top}
          height={box.bottom - box.top}
        />
      )}
      {geometry.bars.map(({ bucket, x, y, width, height }) => (
        <rect
          key={bucket}
          class={`bar series-${places[0] ?? 0} ${bucket === hovered ? "hovered" : ""}`}
          x={x.toFixed(1)}
          y={y.toFixed(1)}
          width={width.toFixed(1)}
          height={height.toFixed(1)}
        />
      ))}
      {geometry.outlines.map((d, i) => (
        <path key={i} class={`outline series-${places[i + 1] ?? 0}`} d={d} />
      ))}
      {median === null ? null : (
        <g class="median">
          <line x1={median.x} x2={median.x} y1={box.top - 2} y2={box.bottom} />
          <text x={median.x} y={box.top - 6} text-anchor={median.x > box.right - medianLabelPx / 2 ? "end" : "middle"}>
            {places.length > 1 ? "median of the first" : "median"}
          </text>
        </g>
      )}
      <BottomAxis box={box} ticks={geometry.bucketTicks} />
    </>
  );
}

/** One bucket of all series. */
function readAt(all: readonly NamedDistribution[], bucket: number): ReadoutProps {
  const [first] = all;
  return {
    title: first === undefined ? "" : bucketName(first.distribution.measure, bucket),
    isNamed: all.length > 1,
    parts: all.map(({ name, place, distribution }) => ({
      name,
      place,
      text: `${words.counted(distribution.counts[bucket] ?? 0, "sample")}, ${words.percent(sharesOf(distribution)[bucket] ?? 0)}`,
    })),
  };
}

interface IdleProps {
  readonly basis: Basis;
  readonly all: readonly NamedDistribution[];
  readonly geometry: DistributionGeometry;
}

/** While no bucket is pointed at. */
function Idle({ basis, all, geometry }: IdleProps): JSX.Element {
  const { first, last } = geometry.buckets;
  const empty = first + (all[0]?.distribution.counts.length ?? 0) - 1 - last;
  return (
    <>
      <SeriesNames of={basis.of} noun={basis.noun} />
      <span class="soft">
        Share of samples per bucket
        {empty > 0 ? `; ${words.counted(empty, "empty bucket", "empty buckets")} at the ends not drawn` : ""}
      </span>
    </>
  );
}

function alternativeOf(all: readonly NamedDistribution[]): string {
  const parts = all.map(({ name, distribution }) => {
    const shares = sharesOf(distribution);
    const most = shares.indexOf(Math.max(...shares));
    const fullest =
      most < 0
        ? ""
        : `, the fullest bucket ${bucketName(distribution.measure, most)} holds ${words.percent(shares[most] ?? 0)}`;
    return `${name}: ${words.counted(distribution.count, "sample")}${fullest}`;
  });
  return `Distribution. ${parts.join(". ")}. The table has all buckets.`;
}
