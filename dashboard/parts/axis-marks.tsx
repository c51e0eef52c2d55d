/** The marks of a chart's axes: grid lines with labels at the left, labels below. */
import type { JSX } from "preact";
import type { Box, Tick } from "./axes.ts";

/** Of a value axis: a line across the box at each tick. */
export function ValueAxis({ box, ticks, title }: { box: Box; ticks: readonly Tick[]; title: string }): JSX.Element {
  return (
    <g class="axis">
      {ticks.map(({ at, label }) => (
        <g key={label}>
          <line class="grid" x1={box.left} x2={box.right} y1={at} y2={at} />
          <text class="tick" x={box.left - 8} y={at} dy="0.32em" text-anchor="end">
            {label}
          </text>
        </g>
      ))}
      <text class="axis-title" x={box.left} y={box.top - 5}>
        {title}
      </text>
    </g>
  );
}

/** Below a box. Labels at the ends are kept inside of the drawing. */
export function BottomAxis({ box, ticks }: { box: Box; ticks: readonly Tick[] }): JSX.Element {
  return (
    <g class="axis">
      <line class="base" x1={box.left} x2={box.right} y1={box.bottom} y2={box.bottom} />
      {ticks.map(({ at, label }) => (
        <g key={`${label} ${at}`}>
          <line class="base" x1={at} x2={at} y1={box.bottom} y2={box.bottom + 4} />
          <text class="tick" x={at} y={box.bottom + 17} text-anchor="middle">
            {label}
          </text>
        </g>
      ))}
    </g>
  );
}
