/**
 * A figure: its heading, its tools, what it shows, and below it what the numbers are of. Every number on the page stands in one, so
 * that none stands without its n and its coverage.
 */
import { useRef } from "preact/hooks";
import type { ComponentChildren, JSX, RefObject } from "preact";
import type { Coverage } from "../client/index.ts";
import { count, counted, time } from "../parts/words.ts";
import type { SeriesBasis } from "./series-names.tsx";
import type { FigureName } from "./state.ts";

/** What the numbers of a figure are of. */
export interface Basis {
  /** At least one. They may be of the same records, so they are not added up. */
  readonly of: readonly SeriesBasis[];
  /** What submissions are called. */
  readonly noun: string;
  readonly coverage: Coverage;
  /** Definitions in the versions that are shown: of this measure, and of others. */
  readonly leftOut: { readonly here: number; readonly others: number };
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

/** The line as text, for files that are saved. */
export function basisText({ of, noun, coverage }: Basis): string {
  const { covered, missing, open } = coverage.blocks;
  const all = of.map(({ name, submissions, samples }) => {
    const n = `n = ${count(submissions)} ${noun}${samples === null ? "" : `, ${count(samples)} samples`}`;
    return of.length > 1 ? `${name}: ${n}` : n;
  });
  const missed = missing > 0 ? `, ${count(missing)} missing` : "";
  return `${all.join("; ")}; ${count(covered)} of ${count(covered + missing + open)} blocks${missed}; data as of ${time(coverage.asOf)}`;
}

function CoverageLine({ basis }: { basis: Basis }): JSX.Element {
  const { of, noun, coverage, leftOut, onDetails } = basis;
  const { covered, missing, open } = coverage.blocks;
  const rejected = coverage.read - coverage.accepted;
  const isWhole = missing === 0 && open === 0;
  return (
    <p class="coverage">
      {of.map(({ name, place, submissions, samples }) => (
        <span key={place} class={of.length > 1 ? `readout-series series-${place}` : ""} data-series={place}>
          {of.length > 1 ? <bdi>{name} </bdi> : null}n = <b data-n={submissions}>{count(submissions)}</b> {noun}
          {samples === null ? null : (
            <>
              , <b data-samples={samples}>{count(samples)}</b> samples
            </>
          )}
        </span>
      ))}
      <span class={isWhole ? "" : "lacking"}>
        {count(covered)} of {counted(covered + missing + open, "block", "blocks")}
        {missing > 0 ? `, ${count(missing)} missing` : ""}
        {open > 0 ? `, ${count(open)} under way` : ""}
      </span>
      {rejected > 0 ? (
        <span>
          {count(rejected)} of {counted(coverage.read, "record", "records")} rejected
        </span>
      ) : null}
      {leftOut.here + leftOut.others > 0 ? (
        <span class={leftOut.here > 0 ? "lacking" : ""}>
          {leftOut.here > 0 ? `${counted(leftOut.here, "definition")} left out` : "no definition left out"}
          {leftOut.others > 0 ? `, ${count(leftOut.others)} of other measures` : ""}
        </span>
      ) : null}
      <span>as of {time(coverage.asOf)}</span>
      <button type="button" class="button plain coverage-button" onClick={onDetails}>
        What is in it
      </button>
    </p>
  );
}
