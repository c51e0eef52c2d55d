/** A select for each dimension: values that occur with what is chosen of those before it, and "all". */
import { useId } from "preact/hooks";
import type { JSX } from "preact";
import type { Evolution } from "../client/index.ts";
import type { Filters } from "./state.ts";

interface FilterRowProps {
  readonly evolution: Evolution;
  readonly filters: Filters;
  readonly onChange: (dimension: string, value: string | null) => void;
}

/** Options of a select have an own prefix, so that no value is taken for "all". */
const all = "all";
const prefix = "=";

export function FilterRow({ evolution, filters, onChange }: FilterRowProps): JSX.Element {
  const id = useId();
  return (
    <div class="filters">
      {evolution.dimensions.map((dimension, i) => {
        const chosen = filters.get(dimension) ?? null;
        const options = evolution.options(dimension);
        const isUnknown = chosen !== null && !options.includes(chosen);
        return (
          <div key={dimension} class="field">
            <label for={`${id}-${i}`}>{dimension}</label>
            <select
              id={`${id}-${i}`}
              data-dimension={dimension}
              class={chosen === null ? "" : "narrowed"}
              value={chosen === null ? all : prefix + chosen}
              onChange={(event) => {
                const { value } = event.currentTarget;
                onChange(dimension, value === all ? null : value.slice(prefix.length));
              }}
            >
              <option value={all}>all ({options.length})</option>
              {isUnknown ? <option value={prefix + chosen}>{chosen} (not here)</option> : null}
              {options.map((option) => (
                <option key={option} value={prefix + option}>
                  {option === "" ? "(empty)" : option}
                </option>
              ))}
            </select>
          </div>
        );
      })}
    </div>
  );
}
