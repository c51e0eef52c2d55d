/**
 * The page's state as the part of its address after `#`, and back:
 *
 *   #version=nightly%2F28&measure=GC_MS&filter.OS=Linux&compare=version%3Dnightly%252F29
 *
 * Reading forgives: what is broken, unknown or too much is left out, and the rest holds. So a link that was cut by a mail program
 * still opens the page. Writing leaves out what is as at the start.
 */
import {
  comparedMax,
  comparisonViews,
  distributionViews,
  figures,
  firstState,
  statisticNames,
  type Compared,
  type Filters,
  type LineName,
  type PageState,
} from "./state.ts";
import { themes } from "../parts/themes.ts";

const filterPrefix = "filter.";
/** Longer ones nobody wrote by choosing on the page. */
const hashCharsMax = 20_000;

/** Without the `#`. Equal states give equal texts. */
export function toHash(state: PageState): string {
  const hash = new URLSearchParams();
  const put = (name: string, value: string | null): void => {
    if (value !== null) hash.append(name, value);
  };
  put("version", state.version);
  put("measure", state.measure);
  put("dates", state.dates);
  putFilters(hash, state.filters);
  put("from", state.from);
  put("to", state.to);
  for (const compared of state.compared) put("compare", comparedText(compared));
  if (state.sanitize !== null) put("sanitize", state.sanitize ? "on" : "off");
  if (state.lines !== null) put("lines", state.lines.join("."));
  if (state.distribution !== firstState.distribution) put("distribution", state.distribution);
  if (state.comparison !== firstState.comparison) put("comparison", state.comparison);
  if (state.theme !== firstState.theme) put("theme", state.theme);
  put("only", state.only);
  return hash.toString();
}

/** With or without the `#`. Never throws. */
export function fromHash(text: string): PageState {
  if (text.length > hashCharsMax) return firstState;
  const hash = new URLSearchParams(text.replace(/^#/, ""));
  const [from, to] = [dateOf(hash.get("from")), dateOf(hash.get("to"))];
  const isRange = from === null || to === null || from <= to;
  return {
    version: hash.get("version"),
    measure: hash.get("measure"),
    dates: hash.get("dates"),
    filters: filtersOf(hash),
    from: isRange ? from : null,
    to: isRange ? to : null,
    compared: hash
      .getAll("compare")
      .map(comparedOf)
      .filter((compared) => compared !== null)
      .slice(0, comparedMax),
    sanitize: switchOf(hash.get("sanitize")),
    lines: linesOf(hash.get("lines")),
    distribution: oneOf(distributionViews, hash.get("distribution")) ?? firstState.distribution,
    comparison: oneOf(comparisonViews, hash.get("comparison")) ?? firstState.comparison,
    theme: oneOf(themes, hash.get("theme")) ?? firstState.theme,
    only: oneOf(figures, hash.get("only")),
  };
}

function putFilters(hash: URLSearchParams, filters: Filters): void {
  for (const [dimension, value] of filters) hash.append(filterPrefix + dimension, value);
}

function filtersOf(hash: URLSearchParams): Filters {
  return new Map(
    [...hash]
      .filter(([name]) => name.startsWith(filterPrefix))
      .map(([name, value]) => [name.slice(filterPrefix.length), value]),
  );
}

function comparedText({ version, filters }: Compared): string {
  const inner = new URLSearchParams({ version });
  if (filters !== null) {
    inner.append("own", "filters");
    putFilters(inner, filters);
  }
  return inner.toString();
}

function comparedOf(text: string): Compared | null {
  const inner = new URLSearchParams(text);
  const version = inner.get("version");
  if (version === null) return null;
  return { version, filters: inner.get("own") === "filters" ? filtersOf(inner) : null };
}

/** Statistics in their order, then shares in theirs. */
function linesOf(text: string | null): readonly LineName[] | null {
  if (text === null) return null;
  const parts = text.split(".");
  const shares = new Set(parts.filter((part) => /^v\d{1,5}$/.test(part)).map((part) => Number(part.slice(1))));
  return [
    ...statisticNames.filter((name) => parts.includes(name)),
    ...[...shares].toSorted((a, b) => a - b).map((bucket): LineName => `v${bucket}`),
  ];
}

function switchOf(text: string | null): boolean | null {
  return text === "on" || text === "off" ? text === "on" : null;
}

function dateOf(text: string | null): string | null {
  return text !== null && /^\d{8}$/.test(text) ? text : null;
}

function oneOf<Name extends string>(names: readonly Name[], text: string | null): Name | null {
  return names.find((name) => name === text) ?? null;
}
