/** The series that are compared with the first: added, removed, each with its version and, if wanted, filters of its own. */
import { useId, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Choice } from "../parts/search.ts";
import { FilterRow } from "./filters.tsx";
import type { Series } from "./series.ts";
import type { Problem } from "./source.ts";
import { comparedMax, filtered, type Compared, type Filters } from "./state.ts";

interface SeriesListProps {
  readonly version: string;
  readonly versions: readonly Choice[];
  readonly compared: readonly Compared[];
  /** By place: the first series', then those of `compared`. */
  readonly names: readonly string[];
  readonly filters: Filters;
  /** In the order of `compared`; undefined while it is read. */
  readonly read: readonly (Series | Problem | undefined)[];
  readonly onChange: (compared: readonly Compared[]) => void;
}

export function SeriesList(props: SeriesListProps): JSX.Element {
  const { version, versions, compared, names, filters, read, onChange } = props;
  const list = useRef<HTMLDivElement>(null);
  const add = (): void => {
    const used = [version, ...compared.map((series) => series.version)];
    const group = versions.find(({ value }) => value === version)?.group;
    const free = versions.filter(({ value }) => !used.includes(value));
    const next = free.find((choice) => choice.group === group) ?? free[0];
    // Nothing else to compare with: the same version, under filters of its own.
    const added = next === undefined ? { version, filters: new Map(filters) } : { version: next.value, filters: null };
    onChange([...compared, added]);
  };
  const replace = (at: number, series: Compared): void => onChange(compared.with(at, series));
  return (
    <div ref={list} class="series-list" role="group" aria-label="Compared series" tabIndex={-1}>
      {compared.map((series, i) => (
        <ComparedSeries
          key={i}
          place={i + 1}
          name={names[i + 1] ?? ""}
          series={series}
          versions={versions}
          filters={filters}
          read={read[i]}
          onChange={(changed) => replace(i, changed)}
          onRemove={() => {
            onChange(compared.toSpliced(i, 1));
            // The button that had the focus goes away.
            list.current?.focus();
          }}
        />
      ))}
      {compared.length < comparedMax ? (
        <button type="button" class="button" onClick={add}>
          <span aria-hidden="true">+</span> Compare with another series
        </button>
      ) : null}
    </div>
  );
}

interface ComparedSeriesProps {
  readonly place: number;
  readonly name: string;
  readonly series: Compared;
  readonly versions: readonly Choice[];
  readonly filters: Filters;
  readonly read: Series | Problem | undefined;
  readonly onChange: (series: Compared) => void;
  readonly onRemove: () => void;
}

function ComparedSeries(props: ComparedSeriesProps): JSX.Element {
  const { place, name, series, versions, filters, read, onChange, onRemove } = props;
  const id = useId();
  const groups = [...new Set(versions.map(({ group }) => group))];
  const options = (group: string): JSX.Element[] =>
    versions
      .filter((choice) => choice.group === group)
      .map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ));
  // A site without versions has one, which is called nothing. Its series differ by their filters alone.
  const hasVersions = versions.length > 1 || series.version !== "";
  const isPublished = versions.some(({ value }) => value === series.version);
  return (
    <div class={`compared series-${place}`}>
      <div class="compared-head">
        <span class={`dot series-${place}`} aria-hidden="true" />
        {hasVersions ? (
          <>
            <label class="hidden" for={id}>
              Version of series {place + 1}
            </label>
            <select
              id={id}
              value={series.version}
              onChange={(event) => onChange({ ...series, version: event.currentTarget.value })}
            >
              {isPublished ? null : <option value={series.version}>{series.version} (not here)</option>}
              {groups.map((group) =>
                group === "" ? (
                  options(group)
                ) : (
                  <optgroup key={group} label={group}>
                    {options(group)}
                  </optgroup>
                ),
              )}
            </select>
            <label class="own-filters">
              <input
                type="checkbox"
                checked={series.filters !== null}
                onChange={(event) =>
                  onChange({ ...series, filters: event.currentTarget.checked ? new Map(filters) : null })
                }
              />
              own filters
            </label>
          </>
        ) : (
          <bdi class="compared-name">{name}</bdi>
        )}
        <button type="button" class="button" onClick={onRemove} aria-label={`Remove series ${place + 1}`}>
          Remove
        </button>
      </div>
      {read !== undefined && "message" in read ? (
        <p class="compared-problem">
          Not shown: {read.message} {read.hint}
        </p>
      ) : null}
      {series.filters !== null && read !== undefined && "evolution" in read ? (
        <FilterRow
          evolution={read.evolution}
          filters={series.filters}
          onChange={(dimension, value) =>
            onChange({ ...series, filters: filtered(series.filters ?? new Map(), dimension, value) })
          }
        />
      ) : null}
    </div>
  );
}
