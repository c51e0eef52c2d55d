/** What the drawing has at one place, such as a date or a bucket, for each series. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import type { SeriesLabel } from "./series.ts";

export interface ReadPart extends SeriesLabel {
  /** The numbers of this series there. */
  readonly text: string;
}

export interface ReadoutProps {
  /** Where it is. */
  readonly title: string;
  readonly parts: readonly ReadPart[];
  /** Names are said where there is more than one to tell apart. */
  readonly isNamed: boolean;
}

export function Readout({ title, parts, isNamed }: ReadoutProps): JSX.Element {
  return (
    <>
      <b>{title}</b>
      {parts.map(({ name, place, text }) => (
        <span key={place} class={`readout-series series-${place}`} data-series={place}>
          {isNamed ? <bdi>{name}: </bdi> : null}
          {text}
        </span>
      ))}
    </>
  );
}

interface ReadoutLineProps {
  /** What it is a line of: of something else it may become lower again. */
  readonly of: string;
  readonly children: ComponentChildren;
}

/** Where it stands, above a drawing. It grows and does not shrink: else the drawing would jump away below the pointer. */
export function ReadoutLine({ of, children }: ReadoutLineProps): JSX.Element {
  const line = useRef<HTMLParagraphElement>(null);
  const kept = useRef({ of: "", px: 0 });
  useLayoutEffect(() => {
    const { current } = line;
    if (current === null) return;
    const own = `${innerWidth} ${of}`;
    if (kept.current.of !== own) {
      kept.current = { of: own, px: 0 };
      current.style.minHeight = "";
    }
    kept.current.px = Math.max(kept.current.px, current.offsetHeight);
    current.style.minHeight = `${kept.current.px}px`;
  });
  return (
    <p ref={line} class="readout">
      {children}
    </p>
  );
}

/** The same in one line, for those who do not see it. */
export function readoutText({ title, parts, isNamed }: ReadoutProps): string {
  return [title, ...parts.map(({ name, text }) => (isNamed ? `${name}: ${text}` : text))].join("; ");
}
