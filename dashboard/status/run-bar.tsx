/** How far a run is, as a bar with its number, and in words for who does not see it. */
import type { VNode } from "preact";
import type { RunLine } from "./document.ts";
import { progressOf, shareText } from "./outcome.ts";

/** Covered, missing, and what is left. */
export function RunBar({ run: line }: { readonly run: RunLine }): VNode {
  const { run, blocks, covered, missing } = line;
  const { ended, text } = progressOf(line);
  const all = Math.max(1, blocks);
  return (
    <div class="progress">
      <svg
        class="bar"
        viewBox={`0 0 ${all} 1`}
        preserveAspectRatio="none"
        role="progressbar"
        aria-label={`Progress of run ${run}`}
        aria-valuemin={0}
        aria-valuemax={all}
        aria-valuenow={Math.min(all, ended)}
        aria-valuetext={text}
      >
        <rect class="bar-covered" width={covered} height="1" />
        <rect class="bar-missing" x={covered} width={missing} height="1" />
      </svg>
      <span class="percent" aria-hidden="true">
        {shareText(line)}
      </span>
    </div>
  );
}
