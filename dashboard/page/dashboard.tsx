/**
 * A site in a state: what is chosen, and the figures of it. What is chosen decides what is read:
 *
 *   version --> measures --> measure, dates, versions compared --> evolutions --filters--> series --range--> figures
 */
import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Site, SiteDescription } from "../client/index.ts";
import { Message } from "../parts/message.tsx";
import type { DateRange, RangeStep } from "./brush.tsx";
import { Controls } from "./controls.tsx";
import { CoverageDialog } from "./coverage-dialog.tsx";
import { Figures } from "./figures.tsx";
import type { Heading } from "./heads.tsx";
import { seriesFrom, seriesNames, type Series } from "./series.ts";
import {
  definitionsLeftOut,
  firstMeasure,
  isEvolution,
  measureChoices,
  ofAll,
  readEvolutions,
  versionChoices,
  type Problem,
} from "./source.ts";
import { seriesOf, type PageState } from "./state.ts";
import { useRead } from "./use-read.tsx";
import type { Change } from "./use-state-hash.tsx";

interface DashboardProps {
  /** With at least one version. */
  readonly site: Site;
  readonly description: SiteDescription;
  readonly state: PageState;
  readonly change: Change;
  /** What a figure that stands alone shows; null while there is none. */
  readonly onHeading: (heading: Heading | null) => void;
}

export function Dashboard({ site, description, state, change, onHeading }: DashboardProps): JSX.Element {
  const { coverage } = site;
  const versions = useMemo(() => versionChoices(site.versions), [site]);
  const version = state.version ?? site.newest ?? "";
  const dates = description.dates.find(({ name }) => name === state.dates) ?? description.dates[0];

  const readMeasures = useMemo(() => async () => await measuresOf(site, version), [site, version]);
  const measures = useRead(readMeasures);
  const choices = useMemo(() => measureChoices(measures.value ?? new Map()), [measures.value]);
  const measure = state.measure ?? firstMeasure(choices);

  const wanted = seriesOf(state, version, description.dimensions);
  const asked = JSON.stringify(wanted.map((series) => series.version));
  const datesName = dates?.name ?? "";
  const readSeries = useMemo(
    () =>
      measure === null || measures.value === undefined
        ? null
        : async () => await readEvolutions(site, JSON.parse(asked) as readonly string[], measure, datesName),
    [site, asked, measure, datesName, measures.value],
  );
  const evolutions = useRead(readSeries);
  const key = JSON.stringify(wanted.map((series) => [series.version, [...series.filters]]));
  const series = useMemo(
    () =>
      wanted.map(({ version, filters }, place): Series | Problem | undefined => {
        const read = evolutions.value?.get(version);
        return isEvolution(read) ? seriesFrom(version, read, filters, place) : read;
      }),
    // `wanted` is made anew each time; its key says whether it is another.
    [evolutions.value, key],
  );
  const names = useMemo(() => seriesNames(wanted, description.submissions), [key, description]);

  const [dragged, setDragged] = useState<DateRange | null>(null);
  const range = useMemo(() => dragged ?? { from: state.from, to: state.to }, [dragged, state.from, state.to]);
  const onRange = useCallback(
    (chosen: DateRange, step: RangeStep): void => {
      setDragged(step === "moving" ? chosen : null);
      if (step !== "moving") change({ from: chosen.from, to: chosen.to }, step === "moved" ? "step" : "push");
    },
    [change],
  );
  const [isDetailed, setDetailed] = useState(false);
  const leftOut = useMemo(
    () =>
      ofAll([...new Set(JSON.parse(asked) as readonly string[])], (shown) =>
        definitionsLeftOut(coverage.notes.get(shown))?.map((own) => ({ ...own, version: shown })),
      ),
    [coverage, asked],
  );
  const showDetails = useCallback(() => setDetailed(true), []);

  const problem = measures.problem ?? evolutions.problem;
  // A version that is not read yet takes nothing away: what was shown stays until it is there.
  const kept = useRef({ series, names });
  if (series[0] !== undefined) kept.current = { series, names };
  const shown = evolutions.value === undefined ? { series, names } : kept.current;
  const first = shown.series[0];
  return (
    <>
      {state.only === null ? (
        <Controls
          description={description}
          version={version}
          versions={versions}
          measure={measure}
          measures={measures.value ?? new Map()}
          choices={choices}
          dates={datesName}
          series={series}
          names={names}
          state={state}
          change={change}
        />
      ) : null}
      {problem !== null ? (
        <Failed problem={problem} again={measures.problem === null ? evolutions.again : measures.again} />
      ) : measures.value?.size === 0 ? (
        <Message
          title="No measures"
          text={version === "" ? "Nothing was measured." : `Nothing was measured in ${version}.`}
          hint={version === "" ? "run the analysis on more data." : "choose another version above."}
        />
      ) : first === undefined ? (
        <p class="waiting">Loading…</p>
      ) : "message" in first ? (
        <Failed problem={first} again={evolutions.again} />
      ) : (
        <div class={evolutions.isReading ? "figures-frame busy" : "figures-frame"} aria-busy={evolutions.isReading}>
          {state.only === null ? null : <Unread {...shown} />}
          <Figures
            site={site}
            description={description}
            state={state}
            change={change}
            dates={dates}
            series={shown.series.filter((own) => own !== undefined && "points" in own)}
            names={shown.names}
            range={range}
            onRange={onRange}
            leftOut={leftOut}
            onDetails={showDetails}
            onHeading={onHeading}
          />
        </div>
      )}
      {isDetailed ? (
        <CoverageDialog
          coverage={coverage}
          versions={[...new Set(wanted.map((own) => own.version))]}
          leftOut={leftOut}
          noun={description.submissions}
          onClose={() => setDetailed(false)}
        />
      ) : null}
    </>
  );
}

async function measuresOf(site: Site, version: string): ReturnType<Site["measures"]> {
  return await site.measures(version);
}

interface UnreadProps {
  /** By place. */
  readonly series: readonly (Series | Problem | undefined)[];
  readonly names: readonly string[];
}

/** Which of the series are not in the figure, and why: one that stands alone has no list of series, which says so else. */
function Unread({ series, names }: UnreadProps): JSX.Element | null {
  const unread = series.flatMap((own, place) =>
    own !== undefined && "message" in own ? [{ place, message: own.message }] : [],
  );
  if (unread.length === 0) return null;
  return (
    <ul class="unread">
      {unread.map(({ place, message }) => (
        <li key={place}>
          <span class={`dot series-${place}`} aria-hidden="true" /> <bdi>{names[place]}</bdi> is not shown: {message}
        </li>
      ))}
    </ul>
  );
}

function Failed({ problem, again }: { problem: Problem; again: () => void }): JSX.Element {
  return (
    <Message title="This cannot be shown" text={problem.message} hint={problem.hint} isBad>
      {problem.again ? (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      ) : null}
    </Message>
  );
}
