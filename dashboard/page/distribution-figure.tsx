/** The distribution of the range: bars per bucket, other series as outlines over them; or the same as a table. */
import { useMemo, useState } from "preact/hooks";
import type { ComponentChildren, JSX, RefObject } from "preact";
import type { Distribution } from "../client/index.ts";
import { BottomAxis, ValueAxis } from "../parts/axis-marks.tsx";
import { Segments } from "../parts/segments.tsx";
import { useWidth } from "../parts/use-width.tsx";
import * as words from "../parts/words.ts";
import { bucketName } from "./bucket-names.ts";
import { distributionGeometry, sharesOf, type DistributionGeometry } from "./distribution-geometry.ts";
import { DistributionTable } from "./distribution-table.tsx";
import { Figure, type Basis } from "./figure.tsx";
import { SeriesNames } from "./series-names.tsx";
import type { SeriesLabel } from "./series.ts";
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
      {view === "chart" ? <DistributionChart basis={basis} all={all} /> : <DistributionTable all={all} />}
    </Figure>
  );
}

/** Beside the summary where there is room, and about as high. */
const heightOf = (width: number): number => (width < 420 ? 250 : width < 640 ? 430 : 470);

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
  return (
    <>
      <p class="readout">
        {geometry === null ? "" : <Readout basis={basis} all={all} geometry={geometry} bucket={hovered} />}
      </p>
      <div ref={frame} class="drawing-frame">
        {geometry === null ? null : (
          <svg
            class="drawing"
            width={geometry.width}
            height={geometry.height}
            role="img"
            aria-label={alternativeOf(all)}
            onPointerMove={(event) =>
              setHovered(geometry.bucketAt(event.clientX - event.currentTarget.getBoundingClientRect().left))
            }
            onPointerLeave={() => setHovered(null)}
          >
            <Drawing geometry={geometry} places={all.map(({ place }) => place)} hovered={hovered} />
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
          <text x={median.x} y={box.top - 6} text-anchor="middle">
            median
          </text>
        </g>
      )}
      <BottomAxis box={box} ticks={geometry.bucketTicks} />
    </>
  );
}

interface ReadoutProps {
  readonly basis: Basis;
  readonly all: readonly NamedDistribution[];
  readonly geometry: DistributionGeometry;
  readonly bucket: number | null;
}

function Readout({ basis, all, geometry, bucket }: ReadoutProps): JSX.Element {
  const [first] = all;
  const buckets = first?.distribution.counts.length ?? 0;
  if (first === undefined || bucket === null || bucket >= buckets) {
    const empty = geometry.span.first + buckets - 1 - geometry.span.last;
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
  return (
    <>
      <b>{bucketName(first.distribution.measure, bucket)}</b>
      {all.map(({ name, place, distribution }) => (
        <span key={place} class={`readout-series series-${place}`} data-series={place}>
          {all.length > 1 ? <bdi>{name}: </bdi> : null}
          {words.count(distribution.counts[bucket] ?? 0)} samples, {words.percent(sharesOf(distribution)[bucket] ?? 0)}
        </span>
      ))}
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
    return `${name}: ${words.count(distribution.count)} samples${fullest}`;
  });
  return `Distribution. ${parts.join(". ")}. The table has all buckets.`;
}
