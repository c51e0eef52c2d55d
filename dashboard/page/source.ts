/** What the page asks the client for, and what it shows first when nobody chose. Pure but for what it is given to read from. */
import { Evolution } from "../client/evolution.ts";
import type { Measure } from "../client/measure.ts";
import { isCount, isObject, isText, memberOf } from "../client/shapes.ts";
import { SiteFault } from "../client/site-fault.ts";
import type { Site } from "../client/site.ts";
import type { Choice } from "../parts/search.ts";
import type { LeftOutCounts } from "./caption.ts";

/** What could not be shown, in words. */
export interface Problem {
  readonly message: string;
  readonly hint: string;
  /** Whether trying again may help without anybody doing something. */
  readonly again: boolean;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof SiteFault) {
    return { message: `${error.message}.`, hint: `${error.hint}.`, again: true };
  }
  if (error instanceof RangeError) {
    return { message: `${error.message}.`, hint: "Choose another one above.", again: false };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: `This page failed: ${message}.`,
    hint: "Load it again; if that does not help, report it.",
    again: true,
  };
}

/** In order of text: the client gives the order of the file. */
export function measureChoices(measures: ReadonlyMap<string, Measure>): Choice[] {
  const named = [...measures.values()].map(({ name, kind, description }) => ({
    value: name,
    label: name,
    group: "",
    note: kind,
    description,
  }));
  return named.toSorted((a, b) => (a.value < b.value ? -1 : Number(a.value > b.value)));
}

/**
 * The measure that is shown when nobody chose: the first one by name whose values have a distribution, for of a flag there are two flat
 * lines to see; else the first of all. By kind alone: which one has the most submissions only its rows say, and reading those of all
 * measures would take minutes. Null without any.
 */
export function firstMeasure(choices: readonly Choice[]): string | null {
  const telling = choices.find(({ note }) => note === "exponential" || note === "linear");
  return (telling ?? choices[0])?.value ?? null;
}

/** Grouped by the first part of the label, the newest of each group first. */
export function versionChoices(versions: readonly string[]): Choice[] {
  const groups = new Map<string, Choice[]>();
  for (const version of versions) {
    const group = version.includes("/") ? (version.split("/")[0] ?? "") : "";
    const choice = { value: version, label: version === "" ? "all" : version, group, note: "", description: "" };
    groups.set(group, [choice, ...(groups.get(group) ?? [])]);
  }
  return [...groups.values()].flat();
}

/** By version; versions that are asked for twice are read once. Never rejects: what could not be read is a problem. */
export async function readEvolutions(
  site: Site,
  versions: readonly string[],
  measure: string,
  dates: string,
): Promise<ReadonlyMap<string, Evolution | Problem>> {
  const read = [...new Set(versions)].map(
    async (version) => [version, await site.evolution(version, measure, dates).catch(problemOf)] as const,
  );
  return new Map(await Promise.all(read));
}

export function isEvolution(read: Evolution | Problem | undefined): read is Evolution {
  return read instanceof Evolution;
}

/** What an analysis says that it left out of a unit: arrays of definitions unlike the newest one. */
export interface LeftOut {
  readonly measure: string;
  readonly definition: string;
  readonly entries: number;
  /** How many pings had them; null where the analysis does not say. */
  readonly pings: number | null;
}

/** Of one version; none where nothing is noted. Null where a note is not as it is read here: "none" would be a guess then. */
export function definitionsLeftOut(notes: unknown): readonly LeftOut[] | null {
  const listed = noteOf(notes, "definitionsLeftOut", []);
  if (!Array.isArray(listed)) return null;
  const all = listed.map((one: unknown) => {
    const { measure, definition, entries, pings = null } = isObject(one) ? one : {};
    const isKnown = isText(measure) && isText(definition) && isCount(entries) && (pings === null || isCount(pings));
    return isKnown ? { measure, definition, entries, pings } : null;
  });
  return all.every((one) => one !== null) ? all : null;
}

/** `all`: of the versions that are shown, so that one definition may be there several times. Null: nobody knows. */
export function countLeftOut(all: readonly LeftOut[] | null, measure: string): LeftOutCounts | null {
  if (all === null) return null;
  const here = all.filter((own) => own.measure === measure);
  const pings = here.map((own) => own.pings).filter((many) => many !== null);
  const isKnown = pings.length === here.length;
  return {
    here: new Set(here.map((own) => own.definition)).size,
    others: new Set(all.map((own) => own.measure).filter((own) => own !== measure)).size,
    pings: isKnown ? pings.reduce((sum, many) => sum + many, 0) : null,
  };
}

/** Measurements of one version that were dropped alone, out of records that were accepted, by reason. Null where nobody knows. */
export function droppedMeasurements(notes: unknown): readonly (readonly [reason: string, many: number])[] | null {
  const dropped = noteOf(notes, "dropped", {});
  if (!isObject(dropped)) return null;
  const all = Object.entries(dropped);
  const known = all.filter((entry): entry is [string, number] => isCount(entry[1]));
  return known.length === all.length ? known.filter(([, many]) => many > 0) : null;
}

/** Null where it is not known of one of them. */
export function ofAll<Own>(
  versions: readonly string[],
  of: (version: string) => readonly Own[] | null | undefined,
): Own[] | null {
  const all = versions.map((version) => of(version) ?? null);
  return all.every((own) => own !== null) ? all.flat() : null;
}

/** `none`: of a version without notes. Null notes are some that nobody understands. */
function noteOf(notes: unknown, name: string, none: unknown): unknown {
  return notes === null ? null : isObject(notes) ? (memberOf(notes, name) ?? none) : none;
}
