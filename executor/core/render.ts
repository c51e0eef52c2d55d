/**
 * Renders one unit of publication: the analysis' own `publish.render` or `renderEncoded`, or without them one file `results.ndjson`. Names of
 * folder and files are checked, whoever gave them.
 */
import type { Analysis, Beside, Key, Unit } from "../../jobs/analysis.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Entries } from "./entries.ts";
import { defaultPointer } from "./load.ts";
import type { LoadedAnalysis } from "./load.ts";
import { failedAt } from "./merge.ts";
import { writeResults } from "./results.ts";
import { CheckedSite, isPlainFileName } from "./site.ts";
import { mustBeOver } from "./must-be-over.ts";
import type { SiteFile } from "./site.ts";

/** What an analysis without `publish` publishes. */
export const resultsFileName = "results.ndjson";

/** A label is a member's name in the pointer. */
const labelCharsMax = 200;

export interface RenderOptions {
  readonly unit: Key;
  readonly stamp: string;
  readonly suffix: string;
  /** Begins a file of the unit's folder. */
  readonly create: (name: string) => { write(bytes: Uint8Array): void; close(): void };
}

export interface Rendered {
  readonly label: string;
  readonly folder: string;
  readonly files: readonly SiteFile[];
  readonly notes: Readonly<Record<string, unknown>>;
  readonly entries: number;
}

/** Throws `analysis-failed`, naming the key in hand. */
export function renderUnit(entries: Entries, loaded: LoadedAnalysis, options: RenderOptions): Rendered {
  const { publish } = loaded.analysis;
  return publish === undefined ? renderResults(entries, loaded, options) : renderOwn(publish, entries, loaded, options);
}

function renderResults(entries: Entries, loaded: LoadedAnalysis, { stamp, suffix, create }: RenderOptions): Rendered {
  let bytes = 0;
  const file = create(resultsFileName);
  const beside = besideOf(loaded, entries);
  writeResults(
    entries,
    loaded,
    "ndjson",
    (piece) => {
      bytes += piece.length;
      file.write(piece);
    },
    beside?.add.bind(beside),
  );
  file.close();
  const results = { name: resultsFileName, at: 0, bytes };
  const site = siteFor([resultsFileName, defaultPointer], create);
  try {
    mustBeOver("end of `beside`", beside?.end(site));
  } catch (error) {
    throw failedAt("beside", entries.inHand, error);
  }
  const files = [results, ...site.files.map((other) => ({ ...other, at: bytes + other.at }))];
  return { label: "results", folder: `${stamp}-${suffix}`, files, notes: site.notes, entries: entries.count };
}

function besideOf({ analysis, context }: LoadedAnalysis, entries: Entries): Beside<unknown> | null {
  try {
    return analysis.beside?.(context) ?? null;
  } catch (error) {
    throw failedAt("beside", entries.inHand, error);
  }
}

/** Files go to `create`; nothing may be called as `reserved`. */
function siteFor(reserved: readonly string[], create: RenderOptions["create"]): CheckedSite {
  return new CheckedSite({
    reserved: [...reserved, "coverage.json"],
    put(name, content) {
      const file = create(name);
      file.write(content);
      file.close();
    },
  });
}

function renderOwn(
  publish: NonNullable<Analysis["publish"]>,
  entries: Entries,
  loaded: LoadedAnalysis,
  { unit: key, stamp, suffix, create }: RenderOptions,
): Rendered {
  const unit: Unit = { key };
  const site = siteFor([publish.pointer], create);
  try {
    const label = checkLabel(publish.label(unit));
    const folder = checkFolder(publish.folder(unit, stamp, suffix), suffix);
    if (publish.renderEncoded === undefined) {
      mustBeOver("publish.render", publish.render(unit, entries, site, loaded.context));
    } else mustBeOver("publish.renderEncoded", publish.renderEncoded(unit, entries, site, loaded.context));
    return { label, folder, files: site.files, notes: site.notes, entries: entries.count };
  } catch (error) {
    throw failedAt("render", entries.inHand, error);
  }
}

function checkLabel(label: unknown): string {
  if (typeof label === "string" && label !== "" && label.length <= labelCharsMax && label.isWellFormed()) return label;
  throw new SpotfoldError(
    "analysis-failed",
    `publish.label gave ${JSON.stringify(label)}, not 1 to ${labelCharsMax} characters`,
  );
}

function checkFolder(folder: unknown, suffix: string): string {
  if (typeof folder === "string" && isPlainFileName(folder) && folder.endsWith(suffix)) return folder;
  throw new SpotfoldError(
    "analysis-failed",
    `publish.folder gave ${JSON.stringify(folder)}, not a plain name that ends with its suffix`,
  );
}
