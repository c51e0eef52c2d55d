/**
 * The figures of several series in a range of dates, or the one that stands alone. Everything that is computed here is kept while what
 * it is made of stays the same: a brush that moves makes distributions of the range anew, and nothing else.
 */
import { useMemo } from "preact/hooks";
import type { JSX, RefObject } from "preact";
import type { DateKind, Site, SiteDescription } from "../client/index.ts";
import { Message } from "../parts/message.tsx";
import * as words from "../parts/words.ts";
import type { DateRange, RangeStep } from "./brush.tsx";
import { ComparisonFigure } from "./comparison-figure.tsx";
import { DistributionFigure } from "./distribution-figure.tsx";
import { EvolutionFigure } from "./evolution-figure.tsx";
import { ExportMenu } from "./export-menu.tsx";
import { distributionCsv, evolutionCsv, fileName, toJson, type ExportedSeries } from "./export.ts";
import { basisText, type Basis } from "./figure.tsx";
import { sanitize } from "./sanitize.ts";
import { linesOf, shownLines } from "./lines.ts";
import type { LeftOut } from "./source.ts";
import { allDates, datesIn, totalOf, type Series, type SeriesLabel } from "./series.ts";
import type { FigureName, PageState } from "./state.ts";
import { SummaryFigure } from "./summary-figure.tsx";
import { addressOf, type Change } from "./use-state-hash.tsx";

interface FiguresProps {
  readonly site: Site;
  readonly description: SiteDescription;
  readonly state: PageState;
  readonly change: Change;
  readonly dates: DateKind | undefined;
  /** At least one. */
  readonly series: readonly Series[];
  /** Of all that were chosen, by place: also of those that cannot be read. */
  readonly names: readonly string[];
  readonly range: DateRange;
  readonly onRange: (range: DateRange, step: RangeStep) => void;
  /** Of the versions that are shown. */
  readonly leftOut: readonly LeftOut[];
  readonly onDetails: () => void;
}

export function Figures(props: FiguresProps): JSX.Element {
  const { site, description, state, change, series, names, range, onRange, leftOut, onDetails } = props;
  const { coverage } = site;
  const [first] = series;
  const dates = useMemo(() => allDates(series), [series]);
  const sanitized = useMemo(
    () => series.map(({ points }) => sanitize(points, state.sanitize)),
    [series, state.sanitize],
  );
  const labels = useMemo(
    () => series.map(({ place }): SeriesLabel => ({ place, name: names[place] ?? "" })),
    [series, names],
  );
  const shown = useMemo(
    () =>
      labels.map((label, i) => ({
        ...label,
        points: sanitized[i]?.kept ?? [],
        hidden: sanitized[i]?.hiddenPoints ?? [],
      })),
    [labels, sanitized],
  );
  const allLines = useMemo(() => linesOf(series), [series]);
  const lines = useMemo(
    () => shownLines(state.lines, allLines, series.length === 1),
    [state.lines, allLines, series.length],
  );
  const inRange = useMemo(
    () =>
      series.map(({ place, evolution }) => ({
        place,
        name: names[place] ?? "",
        distribution: evolution.range(range.from ?? undefined, range.to ?? undefined),
      })),
    [series, names, range],
  );
  if (first === undefined || dates.length === 0)
    return <NothingLeft state={state} change={change} description={description} />;

  const { measure } = first.evolution;
  const here = leftOut.filter((own) => own.measure === measure.name).length;
  const basisOf = (all: readonly { readonly submissions: number; readonly samples: number }[]): Basis => ({
    of: labels.map((label, i) => ({
      ...label,
      submissions: all[i]?.submissions ?? 0,
      samples: measure.kind === "counter" ? null : (all[i]?.samples ?? 0),
    })),
    noun: description.submissions,
    coverage,
    leftOut: { here, others: leftOut.length - here },
    onDetails,
  });
  const ranged = inRange.map(({ distribution }) => distribution);
  const basis = basisOf(ranged.map(({ submissions, count }) => ({ submissions, samples: count })));
  const drawn = basisOf(shown.map(({ points }) => totalOf(points)));

  const exported = (): ExportedSeries[] =>
    series.map((own, i) => ({
      series: own,
      points: (shown[i]?.points ?? []).filter(({ date }) => datesIn([date], range.from, range.to).length > 0),
      distribution: ranged[i] ?? own.evolution.range(),
    }));
  const menu =
    (figure: FigureName, csv: (() => string) | null, of: Basis) => (frame: RefObject<HTMLElement | null>) => (
      <ExportMenu
        frame={frame}
        title={`${measure.name} · ${labels.map(({ name }) => name).join(", ")}`}
        caption={basisText(of)}
        csv={csv}
        json={() =>
          toJson(
            {
              title: description.title,
              measure: measure.name,
              dates: props.dates?.name ?? "",
              submissions: description.submissions,
              coverage,
            },
            allLines,
            exported(),
          )
        }
        name={(ending) => fileName(measure.name, figure, ending)}
        address={() => addressOf({ ...state, version: first.version, measure: measure.name, only: figure })}
      />
    );
  const isShown = (figure: FigureName): boolean => state.only === null || state.only === figure;
  const isEmpty = ranged.every(({ submissions, count }) => submissions + count === 0);
  return (
    <div class={`figures ${series.length > 1 ? "several" : ""} ${measure.kind === "counter" ? "counter" : ""}`}>
      <p class="hidden" role="status">
        {`${measure.name}, ${basis.of.map((own) => `${words.count(own.submissions)} ${basis.noun}${series.length > 1 ? ` of ${own.name}` : ""}`).join(", ")} in ${words.counted(datesIn(dates, state.from, state.to).length, "date", "dates")}`}
      </p>
      {isShown("evolution") ? (
        <EvolutionFigure
          measure={measure.name}
          basis={drawn}
          series={shown}
          sanitized={sanitized}
          dates={dates}
          lines={lines}
          allLines={allLines}
          range={range}
          sanitize={state.sanitize}
          onRange={onRange}
          onLines={(chosen) => change({ lines: chosen }, "replace")}
          onSanitize={(on) => change({ sanitize: on })}
          tools={menu("evolution", () => evolutionCsv(description.dimensions, allLines, exported()), drawn)}
        />
      ) : null}
      {isEmpty ? (
        <Message title="Nothing in these dates" text={`No ${basis.noun} lie in the range that is chosen.`}>
          <button type="button" class="button" onClick={() => onRange({ from: null, to: null }, "chosen")}>
            All dates
          </button>
        </Message>
      ) : (
        <>
          {isShown("distribution") && measure.kind !== "counter" ? (
            <DistributionFigure
              basis={basis}
              all={inRange}
              view={state.distribution}
              onView={(view) => change({ distribution: view })}
              tools={menu("distribution", () => distributionCsv(description.dimensions, exported()), basis)}
            />
          ) : null}
          {isShown("comparison") && series.length > 1 && measure.kind !== "counter" ? (
            <ComparisonFigure
              basis={basis}
              all={inRange}
              // Nothing lies between categories, so there is nothing to add up.
              view={measure.scale === "categories" ? "difference" : state.comparison}
              onView={(view) => change({ comparison: view })}
              tools={menu("comparison", () => distributionCsv(description.dimensions, exported()), basis)}
            />
          ) : null}
          {isShown("summary") ? (
            <SummaryFigure
              basis={basis}
              all={inRange.map((own, i) => ({
                ...own,
                days: (series[i]?.points ?? []).filter(({ date }) => datesIn([date], range.from, range.to).length > 0),
              }))}
              lines={allLines}
              tools={menu("summary", null, basis)}
            />
          ) : null}
        </>
      )}
    </div>
  );
}

interface NothingLeftProps {
  readonly state: PageState;
  readonly change: Change;
  readonly description: SiteDescription;
}

function NothingLeft({ state, change, description }: NothingLeftProps): JSX.Element {
  const { submissions, unit } = description;
  const all = unit.length > 0 ? `No ${submissions} of this version` : `No ${submissions}`;
  const isNarrowed = state.filters.size > 0;
  return (
    <Message
      title={isNarrowed ? "Nothing matches these filters" : "This measure is empty here"}
      text={
        isNarrowed
          ? `${all} have ${[...state.filters].map(([dimension, value]) => `${dimension} ${value}`).join(", ")} and this measure.`
          : `${all} have this measure.`
      }
    >
      {isNarrowed ? (
        <button type="button" class="button" onClick={() => change({ filters: new Map() })}>
          Clear the filters
        </button>
      ) : null}
    </Message>
  );
}
