/** The names of several series with what each is of: a key to their colours, wherever their numbers stand. */
import type { JSX } from "preact";
import { count } from "../parts/words.ts";
import type { SeriesLabel } from "./series.ts";

/** What the numbers of one series are of, in one figure. */
export interface SeriesBasis extends SeriesLabel {
  readonly submissions: number;
  /** Null of a counter, whose submissions are all there is. */
  readonly samples: number | null;
}

interface SeriesNamesProps {
  readonly of: readonly SeriesBasis[];
  /** What submissions are called. */
  readonly noun: string;
}

/** Nothing for a single series: the figure's caption has its n. */
export function SeriesNames({ of, noun }: SeriesNamesProps): JSX.Element | null {
  if (of.length < 2) return null;
  return (
    <>
      {of.map(({ name, place, submissions, samples }) => (
        <span key={place} class={`readout-series series-${place}`} data-series={place}>
          <bdi>{name}</bdi>{" "}
          <span class="soft">{samples === null ? `${count(submissions)} ${noun}` : `${count(samples)} samples`}</span>
        </span>
      ))}
    </>
  );
}
