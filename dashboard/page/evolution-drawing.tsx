/** Draws an evolution's geometry. Knows nothing of what is chosen: it is drawn again only when its geometry is another. */
import type { JSX } from "preact";
import { BottomAxis, ValueAxis } from "../parts/axis-marks.tsx";
import { dotPx, type EvolutionGeometry } from "./evolution-geometry.ts";
import { isShare } from "./lines.ts";

interface EvolutionDrawingProps {
  readonly geometry: EvolutionGeometry;
  /** The text alternative. */
  readonly label: string;
  readonly noun: string;
}

export function EvolutionDrawing({ geometry, label, noun }: EvolutionDrawingProps): JSX.Element {
  const { values, submissions, bands, paths, bars, areas } = geometry;
  const isSingle = new Set(paths.map(({ series }) => series)).size <= 1;
  const isOneEach = new Set(paths.map(({ line }) => line.name)).size === 1;
  const isOfShares = paths.some(({ line }) => isShare(line));
  return (
    <g role="img" aria-label={label}>
      {geometry.valueTicks.length > 0 ? (
        <ValueAxis box={values} ticks={geometry.valueTicks} title={isOfShares ? "share of samples" : ""} />
      ) : null}
      <ValueAxis box={submissions} ticks={geometry.submissionTicks} title={noun} />
      {bands.map(({ name, d }) => (
        <path key={name} class={`band band-${name}`} d={d} />
      ))}
      {areas.map(({ series, d }) => (
        <path key={series} class={`submissions series-${series}`} d={d} />
      ))}
      {bars.map(({ series, x, y, width, height }) => (
        <rect
          key={`${series} ${x}`}
          class={`submissions series-${series}`}
          x={x.toFixed(1)}
          y={y.toFixed(1)}
          width={width.toFixed(1)}
          height={height.toFixed(1)}
        />
      ))}
      {paths.map(({ series, line, d, dots }) => (
        <g
          key={`${series} ${line.name}`}
          class={`statistic ${line.look} series-${series} ${isSingle ? "single" : ""} ${isOneEach ? "only" : ""}`}
        >
          <path d={d} />
          {dots.map(({ x, y }) => (
            <circle key={x} cx={x.toFixed(1)} cy={y.toFixed(1)} r={dotPx} />
          ))}
        </g>
      ))}
      <BottomAxis box={submissions} ticks={geometry.dateTicks} />
    </g>
  );
}
