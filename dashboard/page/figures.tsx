/**
 * The figures of several series in a range of dates, or the one that stands alone. Everything that is computed here is kept while what
 * it is made of stays the same: a brush that moves makes distributions of the range anew, and nothing else.
 */
import { useEffect, useMemo } from "preact/hooks";
import type { JSX, RefObject } from "preact";
import type { DateKind, Site, SiteDescription } from "../client/index.ts";
import { Message } from "../parts/message.tsx";
import * as words from "../parts/words.ts";
import type { DateRange, RangeStep } from "./brush.tsx";
import { alikeTo, comparableTo } from "./comparison.ts";
import { ComparisonFigure } from "./comparison-figure.tsx";
import { DistributionFigure } from "./distribution-figure.tsx";
import { EvolutionFigure } from "./evolution-figure.tsx";
import type { Mark } from "../parts/picture.ts";
import { basisText, datesText, drawnText, figureTitles, hiddenText, narrowedText } from "./caption.ts";
import { ExportMenu } from "./export-menu.tsx";
import { comparisonCsv, distributionCsv, evolutionCsv, summaryCsv } from "./export-csv.ts";
import { exportedSeries, type ExportedSeries } from "./exported.ts";
import { fileName, toJson } from "./export.ts";
import type { Basis } from "./figure.tsx";
import { comparisonMarks, distributionMarks, evolutionMarks } from "./marks.ts";
import { isSanitized, sanitize } from "./sanitize.ts";
import { AloneHead, PrintedHead, type Heading } from "./heads.tsx";
import { linesOf, shownLines } from "./lines.ts";
import { countLeftOut, type LeftOut } from "./source.ts";
import { allDates, datesIn, isIn, totalOf, type Series, type SeriesLabel } from "./series.ts";
import type { FigureName, PageState } from "./state.ts";
import { NothingLeft } from "./nothing-left.tsx";
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
  /** Of the versions that are shown; null where nobody knows. */
  readonly leftOut: readonly (LeftOut & { readonly version: string })[] | null;
  readonly onDetails: () => void;
  readonly onHeading: (heading: Heading | null) => void;
}

export function Figures(props: FiguresProps): JSX.Element {
  const { site, description, state, change, series, names, range, onRange, leftOut, onDetails } = props;
  const { coverage } = site;
  const [first] = series;
  const dates = useMemo(() => allDates(series), [series]);
  const kind = first?.evolution.measure.kind ?? "unknown";
  const isClean = isSanitized(state.sanitize, kind);
  const sanitized = useMemo(() => series.map(({ points }) => sanitize(points, isClean)), [series, isClean]);
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
  /** Of the range at rest: what is said aloud is not said again with each step of a brush that moves. */
  const resting = useMemo(
    () => series.map(({ evolution }) => evolution.range(state.from ?? undefined, state.to ?? undefined).submissions),
    [series, state.from, state.to],
  );
  const shownNames = labels.map(({ name }) => name);
  const title = `${first?.evolution.measure.name ?? ""} · ${shownNames.join(", ")}`;
  useEffect(() => {
    document.title = `${title} · ${description.title}`;
    return () => {
      document.title = description.title;
    };
  }, [title, description.title]);
  if (first === undefined || dates.length === 0)
    return <NothingLeft filters={first?.filters ?? state.filters} change={change} description={description} />;

  // Series of one version have one file.
  const files = new Map(series.map(({ version, evolution }) => [version, evolution.rowsLeftOut]));
  const rowsLeftOut = [...files.values()].reduce((sum, rows) => sum + rows, 0);
  const { measure } = first.evolution;
  const leftOutCounts = countLeftOut(leftOut, measure.name);
  const basisOf = (all: readonly { readonly submissions: number; readonly samples: number }[]): Basis => ({
    of: labels.map((label, i) => ({
      ...label,
      submissions: all[i]?.submissions ?? 0,
      samples: measure.kind === "counter" ? null : (all[i]?.samples ?? 0),
    })),
    noun: description.submissions,
    coverage,
    leftOut: leftOutCounts,
    onDetails,
  });
  const ranged = inRange.map(({ distribution }) => distribution);
  const basis = basisOf(ranged.map(({ submissions, count }) => ({ submissions, samples: count })));
  const drawn = basisOf(shown.map(({ points }) => totalOf(points)));
  /** Of a drawing that not all series stand in. */
  const drawnOf = (own: readonly SeriesLabel[]): Basis => ({
    ...basis,
    of: basis.of.filter(({ place }) => own.some((series) => series.place === place)),
  });
  const compared = comparableTo(inRange);

  const { dimensions } = description;
  const exported = (): ExportedSeries[] => exportedSeries(series, sanitized, ranged, range);
  const json = (): string =>
    toJson(
      {
        title: description.title,
        measure: measure.name,
        kind: measure.kind,
        dates: props.dates?.name ?? "",
        range,
        sanitize: isClean,
        submissions: description.submissions,
        coverage,
        definitionsLeftOut: leftOut,
      },
      allLines,
      exported(),
    );
  const narrowed = narrowedText({ names: shownNames, filters: series.map(({ filters }) => filters) });
  const datesOf = (own: readonly string[]): string => datesText(props.dates?.title ?? "Dates", own);
  const aboutOf = (own: readonly string[], more: string): string =>
    [datesOf(own), more, narrowed].filter((part) => part !== "").join(" · ");
  const aboutAll = aboutOf(dates, hiddenText(sanitized, basis.noun));
  // Nothing lies between categories, so there is nothing to add up.
  const comparedBy = measure.scale === "categories" ? "difference" : state.comparison;
  /** The evolution shows all dates, the others the range. */
  const aboutFigure = (figure: FigureName): string =>
    figure === "evolution"
      ? aboutAll
      : aboutOf(datesIn(dates, range.from, range.to), drawnText(figure, comparedBy, shownNames[0] ?? ""));
  const menu =
    (figure: FigureName, of: Basis, csv: () => string, marks: (() => readonly Mark[]) | null) =>
    (frame: RefObject<HTMLElement | null>) => (
      <ExportMenu
        frame={frame}
        title={title}
        picture={
          marks === null
            ? null
            : () => ({
                title: `${figureTitles[figure]} of ${title}`,
                about: aboutFigure(figure),
                marks: marks(),
                basis: basisText(of),
              })
        }
        csv={csv}
        json={json}
        name={(ending) => fileName(measure.name, figure, ending)}
        address={() => addressOf({ ...state, version: first.version, measure: measure.name, only: figure })}
      />
    );
  const isRange = range.from !== null || range.to !== null;
  const datesAbout = datesOf(datesIn(dates, range.from, range.to));
  const countAt = (submissions: number, name: string): string =>
    `${words.count(submissions)} ${words.nounFor(submissions, basis.noun)}${series.length > 1 ? ` of ${name}` : ""}`;
  const isShown = (figure: FigureName): boolean => state.only === null || state.only === figure;
  const isEmpty = ranged.every(({ submissions, count }) => submissions + count === 0);
  return (
    <div class={`figures ${series.length > 1 ? "several" : ""} ${measure.kind === "counter" ? "counter" : ""}`}>
      {state.only === null ? (
        <PrintedHead
          title={title}
          about={aboutAll}
          aboutRange={isRange ? `Figures but the evolution: ${datesAbout}` : ""}
        />
      ) : (
        <AloneHead title={title} about={aboutFigure(state.only)} onHeading={props.onHeading} />
      )}
      <p class="hidden" role="status">
        {`${measure.name}, ${labels.map(({ name }, i) => countAt(resting[i] ?? 0, name)).join(", ")} in ${words.counted(datesIn(dates, state.from, state.to).length, "date", "dates")}`}
      </p>
      {isShown("evolution") ? (
        <EvolutionFigure
          measure={measure.name}
          basis={drawn}
          series={shown}
          sanitized={sanitized}
          rowsLeftOut={rowsLeftOut}
          dates={dates}
          lines={lines}
          allLines={allLines}
          range={range}
          sanitize={isClean}
          onRange={onRange}
          onLines={(chosen) => change({ lines: chosen }, "replace")}
          onSanitize={(on) => change({ sanitize: on === isSanitized(null, kind) ? null : on })}
          tools={menu(
            "evolution",
            drawn,
            () => evolutionCsv(dimensions, allLines, exported()),
            () => evolutionMarks(drawn, lines),
          )}
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
              tools={menu(
                "distribution",
                basis,
                () => distributionCsv(dimensions, exported()),
                () => distributionMarks(drawnOf(alikeTo(inRange))),
              )}
            />
          ) : null}
          {isShown("comparison") && series.length > 1 && measure.kind !== "counter" ? (
            <ComparisonFigure
              basis={basis}
              all={inRange}
              view={comparedBy}
              onView={(view) => change({ comparison: view })}
              tools={menu(
                "comparison",
                basis,
                () => comparisonCsv(dimensions, exported()),
                // A single one is compared with nothing, and nothing is drawn.
                compared.length > 1 ? () => comparisonMarks(drawnOf(compared), comparedBy) : null,
              )}
            />
          ) : null}
          {isShown("summary") ? (
            <SummaryFigure
              basis={basis}
              all={inRange.map((own, i) => ({
                ...own,
                days: (series[i]?.points ?? []).filter(({ date }) => isIn(date, range)),
                among: datesIn(
                  series.flatMap(({ evolution }) => evolution.allDates),
                  range.from,
                  range.to,
                ),
              }))}
              lines={allLines}
              tools={menu("summary", basis, () => summaryCsv(dimensions, allLines, exported()), null)}
            />
          ) : null}
        </>
      )}
    </div>
  );
}
