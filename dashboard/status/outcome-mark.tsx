/** An outcome as a badge: colour, words, and a shape that tells it without either. */
import type { VNode } from "preact";
import type { Outcome, Tone } from "./outcome.ts";

/** In a square of 12. A tick, a triangle with its mark, a cross in its ring, a line. */
const shapes: Readonly<Record<Tone, string>> = {
  good: "M2 6.5 5 9.5 10.5 3",
  warn: "M6 1.5 11 10.5H1ZM6 5v2.6M6 9v.4",
  bad: "M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1M4 4l4 4M8 4 4 8",
  none: "M3 6h6",
};

export function OutcomeMark({ outcome: { tone, text } }: { readonly outcome: Outcome }): VNode {
  return (
    <span class={`badge tone-${tone}`}>
      <svg class="mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <path d={shapes[tone]} />
      </svg>
      {text}
    </span>
  );
}
