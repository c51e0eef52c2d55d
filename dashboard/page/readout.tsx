/** What the drawing has at one place, such as a date or a bucket, for each series. */
import type { JSX } from "preact";
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

/** The same in one line, for those who do not see it. */
export function readoutText({ title, parts, isNamed }: ReadoutProps): string {
  return [title, ...parts.map(({ name, text }) => (isNamed ? `${name}: ${text}` : text))].join("; ");
}
