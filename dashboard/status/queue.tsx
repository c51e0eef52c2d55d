/** The jobs queue: what is in it, and how that was while somebody looked. */
import type { VNode } from "preact";
import { depthOf, depthPath } from "./depth-path.ts";
import type { DepthSample, QueueState } from "./document.ts";
import { Table } from "./table.tsx";
import { counted, count as countText } from "../parts/words.ts";
import { clockText, durationText } from "./words.ts";

const box = { width: 600, height: 120 };
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
  const drawn = depthPath(samples, storeNow, box);
  if (drawn === null) return null;
  const { path, max, from, to } = drawn;
  const last = samples.at(-1);
  const now = last === undefined ? 0 : depthOf(last);
  const text = `Messages in the jobs queue over ${durationText(to - from)}: at most ${countText(max)}, now ${countText(now)}`;
  return (
    <figure class="card">
      <svg
        class="depth"
        viewBox={`0 0 ${box.width} ${box.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text}
      >
        <line class="axis" x1="0" x2={box.width} y1={box.height} y2={box.height} />
        <path class="depth-line" d={path} />
      </svg>
      <figcaption class="sub">
        at most {countText(max)} in {durationText(to - from)}; gaps are times when nobody looked
      </figcaption>
      <details>
        <summary>As a table</summary>
        <Table
          caption="Depth of the jobs queue, newest first"
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
