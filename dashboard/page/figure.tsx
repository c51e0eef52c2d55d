/**
 * A figure: its heading, its tools, what it shows, and below it what the numbers are of. Every number on the page stands in one, so
 * that none stands without its n and its coverage.
 */
import { useRef } from "preact/hooks";
import type { ComponentChildren, JSX, RefObject } from "preact";
import { count, counted, nounFor, time } from "../parts/words.ts";
import { blocksText, leftOutText, type Counts } from "./caption.ts";
import type { FigureName } from "./state.ts";

/** What the numbers of a figure are of, with at least one series. */
export interface Basis extends Counts {
  readonly onDetails: () => void;
}

interface FigureProps {
  readonly name: FigureName;
  readonly title: string;
  readonly basis: Basis;
  /** Gets the drawing's element, to save it; null where there is none. */
  readonly tools?: (frame: RefObject<HTMLElement | null>) => ComponentChildren;
  readonly children: ComponentChildren;
}

export function Figure({ name, title, basis, tools, children }: FigureProps): JSX.Element {
  const frame = useRef<HTMLElement>(null);
  return (
    <figure ref={frame} class={`card figure figure-${name}`} data-figure={name} aria-labelledby={`${name}-title`}>
      <div class="figure-head">
        <h2 id={`${name}-title`}>{title}</h2>
        <div class="figure-tools">{tools?.(frame)}</div>
      </div>
      {children}
      <figcaption>
        <CoverageLine basis={basis} />
      </figcaption>
    </figure>
  );
}

function CoverageLine({ basis }: { basis: Basis }): JSX.Element {
  const { of, noun, coverage, leftOut, onDetails } = basis;
  const { missing, open } = coverage.blocks;
  const rejected = coverage.read - coverage.accepted;
  const isWhole = missing === 0 && open === 0;
  return (
    <p class="coverage">
      {of.map(({ name, place, submissions, samples }) => (
        <span key={place} class={of.length > 1 ? `readout-series series-${place}` : ""} data-series={place}>
          {of.length > 1 ? <bdi>{name} </bdi> : null}n = <b data-n={submissions}>{count(submissions)}</b>{" "}
          {nounFor(submissions, noun)}
          {samples === null ? null : (
            <>
              , <b data-samples={samples}>{count(samples)}</b> {nounFor(samples, "samples")}
            </>
          )}
        </span>
      ))}
      <span class={isWhole ? "" : "lacking"}>{blocksText(coverage)}</span>
      {rejected > 0 ? (
        <span>
          {count(rejected)} of {counted(coverage.read, "record", "records")} rejected
        </span>
      ) : null}
      {leftOut?.here !== 0 || leftOut.others > 0 ? (
        <span class={leftOut?.here !== 0 ? "lacking" : ""}>
          {leftOut?.here !== 0 ? leftOutText(leftOut, noun) : "no definition left out"}
          {leftOut !== null && leftOut.others > 0 ? `, some of ${counted(leftOut.others, "other measure")}` : ""}
        </span>
      ) : null}
      <span>as of {time(coverage.asOf)}</span>
      <button type="button" class="button plain coverage-button" onClick={onDetails}>
        What is in it
      </button>
    </p>
  );
}
