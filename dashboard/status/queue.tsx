/** The jobs queue: what is in it, and how that was while somebody looked. */
import type { VNode } from "preact";
import { BottomAxis, ValueAxis } from "../parts/axis-marks.tsx";
import { useWidth } from "../parts/use-width.tsx";
import { depthGeometry, depthOf } from "./depth-geometry.ts";
import type { DepthSample, QueueState } from "./document.ts";
import { Table } from "./table.tsx";
import { counted, count as countText } from "../parts/words.ts";
import { clockText, durationText } from "./words.ts";

/** Pixels. Labels of depths are as short as 1.23M. */
const height = 200;
const marginLeft = 48;
const marginRight = 12;
/** Room for labels of times, and below them the axis' title. */
const marginBottom = 42;
/** Rows of the table that says what the chart shows. */
const rowsMax = 20;

export function Queue({ queue, storeNow }: { readonly queue: QueueState; readonly storeNow: number }): VNode {
  const { counts, dead, why, samples } = queue;
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      {counts === null ? (
        <p class="sub">Unknown: {why ?? "it was not asked"}</p>
      ) : (
        <p class="sub">
          {counted(counts.visible, "message")} waiting, {countText(counts.leased)} in hand, {countText(counts.delayed)}{" "}
          delayed
          {dead !== null && dead > 0 && `; ${countText(dead)} put aside by the server`}
        </p>
      )}
      <Depth samples={samples} storeNow={storeNow} />
    </section>
  );
}

function Depth({
  samples,
  storeNow,
}: {
  readonly samples: readonly DepthSample[];
  readonly storeNow: number;
}): VNode | null {
  const [frame, width] = useWidth<HTMLDivElement>();
  const last = samples.at(-1);
  if (last === undefined) return null;
  const box = {
    left: marginLeft,
    right: Math.max(marginLeft + 1, width - marginRight),
    top: 20,
    bottom: height - marginBottom,
  };
  const drawn = width === 0 ? null : depthGeometry(samples, storeNow, box, width);
  const max = samples.reduce((most, sample) => Math.max(most, depthOf(sample)), 0);
  const over = durationText(Math.max(storeNow, last[0]) - (samples[0]?.[0] ?? last[0]));
  const text = `Messages in the jobs queue over ${over}: at most ${countText(max)}, now ${countText(depthOf(last))}`;
  return (
    <figure class="card">
      <div class="depth-frame" ref={frame}>
        {drawn !== null && (
          <svg class="depth" width={width} height={height} role="img" aria-label={text}>
            <ValueAxis box={drawn.box} ticks={drawn.depths} title="messages in the queue" />
            <BottomAxis box={drawn.box} ticks={drawn.times} />
            <text class="axis-title" x={drawn.box.right} y={height - 5} text-anchor="end">
              time of day
            </text>
            <path class="depth-line" d={drawn.path} />
          </svg>
        )}
      </div>
      <figcaption class="sub">
        at most {countText(max)} in {over}; gaps are times when nobody looked
      </figcaption>
      <details>
        <summary>As a table</summary>
        <Table
          caption="Depth of the jobs queue, newest first"
          isCompact={true}
          rows={samples.slice(-rowsMax).toReversed()}
          keyOf={([at]) => String(at)}
          columns={[
            { title: "Time", cell: ([at]) => clockText(at, storeNow) },
            { title: "Waiting", isNumber: true, cell: ([, visible]) => countText(visible) },
            { title: "In hand", isNumber: true, cell: ([, , leased]) => countText(leased) },
            { title: "Delayed", isNumber: true, cell: ([, , , delayed]) => countText(delayed) },
          ]}
        />
      </details>
    </figure>
  );
}
