/** The page around the dashboard: its title, its theme, what happens to the site while it is open, and what to do when it cannot be read. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { BrokenVersion } from "../client/index.ts";
import { Message, Notice } from "../parts/message.tsx";
import { Segments } from "../parts/segments.tsx";
import { time } from "../parts/words.ts";
import { filtersText } from "./caption.ts";
import { Dashboard } from "./dashboard.tsx";
import type { Heading } from "./heads.tsx";
import { applyTheme } from "../parts/apply-theme.tsx";
import { themes, type Theme } from "../parts/themes.ts";
import { problemOf } from "./source.ts";
import type { PageState } from "./state.ts";
import { useSite } from "./use-site.tsx";
import { addressOf, isFramed, useStateHash } from "./use-state-hash.tsx";

const themeTitles: Readonly<Record<Theme, string>> = { auto: "Auto", light: "Light", dark: "Dark" };

/** `base`: the address of the folder that the page lies in, and its data beside it. */
export function App({ base }: { base: string }): JSX.Element {
  const [state, change] = useStateHash();
  const { site, problem, newer, gone, showNewer, again } = useSite(base);
  const { theme, only } = state;
  const [heading, setHeading] = useState<Heading | null>(null);
  useEffect(() => applyTheme(theme), [theme]);
  const title = site?.description?.title ?? site?.coverage.aggregate ?? "Spotfold";
  // Figures put what they show before it.
  useEffect(() => {
    document.title = title;
  }, [title]);

  return (
    <div class={only === null ? "page" : isFramed ? "page alone framed" : "page alone"}>
      {only === null ? (
        <header class="head">
          <div class="head-title">
            <h1 dir="auto">{title}</h1>
            {site === null ? null : <p class="soft">Data as of {time(site.coverage.asOf)}</p>}
          </div>
          <Segments
            label="Theme"
            names={themes}
            titles={themeTitles}
            value={theme}
            onChange={(chosen) => change({ theme: chosen }, "replace")}
            isSmall
          />
        </header>
      ) : (
        <header class="head-alone">
          <h1 dir="auto">{heading?.title ?? aloneTitle(state)}</h1>
          {heading === null ? null : (
            <p class="soft" dir="auto">
              {heading.about}
            </p>
          )}
          <a href={addressOf({ ...state, only: null })} target="_top">
            Open the dashboard
          </a>
        </header>
      )}
      <main>
        {newer === null ? null : (
          <Notice
            text={`Newer data was published, as of ${time(newer.coverage.asOf)}.`}
            action="Show it"
            onAction={showNewer}
          />
        )}
        {gone === null ? null : (
          <Notice
            text={`Newer data cannot be looked for: ${gone.message} What is shown stays as of ${time(site?.coverage.asOf ?? "")}.`}
            action="Try again"
            onAction={() => globalThis.dispatchEvent(new Event("online"))}
          />
        )}
        {site === null || site.isOfOne ? null : (
          <Notice
            text={`coverage.json and ${site.coverage.pointer} are of different publications: what is said of blocks and records may not be that of these numbers. For a moment this is so while somebody publishes.`}
            action="Try again"
            onAction={again}
          />
        )}
        {problem === null ? null : (
          <Message title="This aggregate cannot be shown" text={problem.message} hint={problem.hint} isBad>
            <button type="button" class="button" onClick={again}>
              Try again
            </button>
          </Message>
        )}
        {site === null && problem === null ? <p class="waiting">Loading…</p> : null}
        {site === null ? null : site.description === null ? (
          <Message
            title="Nothing is published yet"
            text={`${site.coverage.pointer} names nothing.`}
            hint="run the analysis on data that it accepts; the page shows it as soon as it is published."
          />
        ) : (
          <>
            {state.version === null ? <Broken all={site.broken} again={again} /> : null}
            <Dashboard
              site={site}
              description={site.description}
              state={state}
              change={change}
              onHeading={setHeading}
            />
          </>
        )}
      </main>
    </div>
  );
}

/** What the figure would be of, as the address says: while nothing is read, and of what cannot be. */
function aloneTitle({ measure, version, compared, filters }: PageState): string {
  const versions = [...new Set([version, ...compared.map((series) => series.version)])].filter(Boolean).join(", ");
  return [measure, versions, filters.size > 0 ? filtersText(filters) : ""].filter(Boolean).join(" · ");
}

interface BrokenProps {
  readonly all: readonly BrokenVersion[];
  readonly again: () => void;
}

/** Versions that would be shown first, and why they are not. Who chose one is told by the dashboard itself. */
function Broken({ all, again }: BrokenProps): JSX.Element | null {
  if (all.length === 0) return null;
  const names = all.map(({ version }) => version).join(", ");
  const { message, hint } = problemOf(all[0]?.fault);
  return (
    <Message
      title={`${names} cannot be shown; the others can`}
      text={
        all.length === 1
          ? message
          : `${message} Others: ${all
              .slice(1)
              .map(({ fault }) => fault.message)
              .join("; ")}.`
      }
      hint={hint}
      isBad
    >
      <button type="button" class="button" onClick={again}>
        Try again
      </button>
    </Message>
  );
}
