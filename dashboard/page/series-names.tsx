/** The names of several series with what each is of: a key to their colours, wherever their numbers stand. */
import type { JSX } from "preact";
import { count, counted, nounFor } from "../parts/words.ts";
import type { SeriesBasis } from "./caption.ts";

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
          <span class="soft">
            {samples === null ? `${count(submissions)} ${nounFor(submissions, noun)}` : counted(samples, "sample")}
          </span>
        </span>
      ))}
    </>
  );
}
