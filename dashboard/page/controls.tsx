/** What can be chosen: version, measure, kind of dates, filters, and the series that are compared. */
import type { JSX } from "preact";
import type { Measure, SiteDescription } from "../client/index.ts";
import { ChoiceBox } from "../parts/choice-box.tsx";
import type { Choice } from "../parts/search.ts";
import { Segments } from "../parts/segments.tsx";
import { FilterRow } from "./filters.tsx";
import { SeriesList } from "./series-list.tsx";
import type { Series } from "./series.ts";
import type { Problem } from "./source.ts";
import { bucketOf, filtered, type PageState } from "./state.ts";
import type { Change } from "./use-state-hash.tsx";

interface ControlsProps {
  readonly description: SiteDescription;
  readonly version: string;
  readonly versions: readonly Choice[];
  readonly measure: string | null;
  readonly measures: ReadonlyMap<string, Measure>;
  readonly choices: readonly Choice[];
  readonly dates: string;
  /** The first, then those compared. */
  readonly series: readonly (Series | Problem | undefined)[];
  /** By place. */
  readonly names: readonly string[];
  readonly state: PageState;
  readonly change: Change;
}

export function Controls(props: ControlsProps): JSX.Element {
  const { description, version, versions, measure, measures, choices, dates, series, names, state, change } = props;
  const known = measure === null ? undefined : measures.get(measure);
  const [first, ...others] = series;
  return (
    <section class={state.compared.length > 0 ? "card controls comparing" : "card controls"} aria-label="What is shown">
      <div class="choices-row">
        {versions.length > 1 || version !== "" ? (
          <ChoiceBox
            label={titleOf(description.unit)}
            choices={versions}
            value={version}
            nothing="No such version"
            onChoose={(chosen) => change({ version: chosen })}
          />
        ) : null}
        <ChoiceBox
          label="Measure"
          choices={choices}
          value={measure ?? ""}
          nothing="No measure is called so, or says so"
          // Another measure has other categories.
          onChoose={(chosen) => change({ measure: chosen, lines: keptLines(state.lines) })}
        />
        {description.dates.length > 1 ? (
          <div class="field">
            <span class="label">Dates</span>
            <Segments
              label="Dates"
              names={description.dates.map(({ name }) => name)}
              titles={Object.fromEntries(description.dates.map(({ name, title }) => [name, title]))}
              value={dates}
              onChange={(chosen) => change({ dates: chosen, from: null, to: null })}
            />
          </div>
        ) : null}
      </div>
      {known === undefined ? null : (
        <p class="description">
          <span class="kind">{known.kind}</span>{" "}
          <bdi class="soft">{known.description === "" ? "No description is known." : known.description}</bdi>
        </p>
      )}
      {first !== undefined && "evolution" in first ? (
        <FilterRow
          evolution={first.evolution}
          filters={state.filters}
          onChange={(dimension, value) => change({ filters: filtered(state.filters, dimension, value) })}
        />
      ) : null}
      <SeriesList
        version={version}
        versions={versions}
        compared={state.compared}
        names={names}
        filters={state.filters}
        read={others}
        onChange={(compared) => change({ compared })}
      />
    </section>
  );
}

/** Statistics are the same of every measure; shares are of the categories of one. */
function keptLines(lines: PageState["lines"]): PageState["lines"] {
  return lines?.some((name) => bucketOf(name) !== null) === true ? null : lines;
}

/** "Channel / version" of ["channel", "version"]. */
function titleOf(unit: readonly string[]): string {
  const text = unit.join(" / ");
  return text === "" ? "Version" : text[0]?.toUpperCase() + text.slice(1);
}
