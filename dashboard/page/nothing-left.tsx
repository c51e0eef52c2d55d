/** Instead of figures: filters, or a measure, of which there is nothing in any date. */
import type { JSX } from "preact";
import type { SiteDescription } from "../client/index.ts";
import { Message } from "../parts/message.tsx";
import { filtersText } from "./caption.ts";
import type { Filters } from "./state.ts";
import type { Change } from "./use-state-hash.tsx";

interface NothingLeftProps {
  /** Of the first series. */
  readonly filters: Filters;
  readonly change: Change;
  readonly description: SiteDescription;
}

export function NothingLeft({ filters, change, description }: NothingLeftProps): JSX.Element {
  const { submissions, unit } = description;
  const all = unit.length > 0 ? `No ${submissions} of this version` : `No ${submissions}`;
  const isNarrowed = filters.size > 0;
  return (
    <Message
      title={isNarrowed ? "Nothing matches these filters" : "This measure is empty here"}
      text={isNarrowed ? `${all} have ${filtersText(filters)} and this measure.` : `${all} have this measure.`}
    >
      {isNarrowed ? (
        <button type="button" class="button" onClick={() => change({ filters: new Map() })}>
          Clear the filters
        </button>
      ) : null}
    </Message>
  );
}
