/**
 * What `run` and `submit` have in common: the place is listed, the selection resolved, the analysis bundled and checked, the
 * aggregate looked at. Nothing is stored.
 */
import type { Executors } from "../../executor/types.ts";
import type { PartitionedBlock } from "../../master/context.ts";
import type { LedgerRules } from "../../master/ledger/rules.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import type { Catalog } from "../../shared/catalog/catalog.ts";
import { syncCatalog, type SyncResult } from "../../shared/catalog/sync.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { explainEmpty, nothingSelected } from "../../shared/dataset/explain.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { unmatchedText, unmatchedValues } from "../../shared/dataset/unmatched.ts";
import type { DatasetSpec, Filter } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import type { Manifest } from "../../shared/formats/ledger.ts";
import type { RunSpec } from "../../shared/formats/run.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { datasetOf, filterOf, type DataOptions, type FilterOptions } from "../compose/dataset.ts";
import { openLook } from "../compose/look.ts";
import { selectionOf } from "../compose/master.ts";
import { DataStores } from "../compose/ports.ts";
import type { Scope } from "../compose/scope.ts";
import type { Progress } from "../progress/progress.ts";
import { counted, countText } from "../report/lines.ts";
import { visibleLine } from "../visible.ts";
import { refuseOwnPlaces } from "./own-places.ts";
import { unlessAborted } from "../second-signal.ts";
import { analysisModule } from "../submit/analysis.ts";
import { definitionInputs, type InputFile } from "../submit/inputs.ts";
import { bundleDigitsOf, storedBundle, storedInputs } from "../submit/stored-code.ts";
import { checkAnalysis, requestOf, type AnalysisOptions, type CheckedAnalysis } from "../submit/request.ts";

/** The reason by which `counts` rejects records. */
const unknownDimension = "unknown-dimension";

export interface RequestOptions extends DataOptions, FilterOptions, AnalysisOptions {
  readonly into?: string;
  readonly reprocess?: boolean;
}

export interface Prepared {
  readonly dataset: DatasetSpec;
  readonly filter: Filter;
  readonly checked: CheckedAnalysis;
  /** What would be submitted. */
  readonly spec: RunSpec;
  /** Values of the filter that select nothing, a text for each; they were said. */
  readonly unmatched: readonly string[];
}

export interface PrepareInput {
  readonly analysis: string;
  readonly options: RequestOptions;
  readonly settings: Settings;
  readonly catalog: Catalog;
  readonly executors: Executors;
  /** This process' folder for files of a moment. */
  readonly scratch: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly scope: Scope;
  /** Where `run` publishes instead of the web store. */
  readonly out?: string;
}

export async function prepare(input: PrepareInput): Promise<Prepared> {
  const { analysis, options, settings, catalog, executors, scratch, progress, signal, scope } = input;
  // Asked for first: a slip is told before anything is listed, and one in a name before there is a store.
  refuseTwoInputs(options);
  const digits = bundleDigitsOf(analysis);
  const source =
    digits === null
      ? analysisModule(analysis, settings.folder)
      : await storedBundle((await openLook(settings, scope)).store, digits);
  const dataset = datasetOf(settings, options);
  const { store, queue, catalog: catalogFile, web, work } = settings;
  refuseOwnPlaces(dataset.place, { store, queue, catalog: catalogFile, web, work, out: input.out });
  const filter = await filterOf(settings, dataset, options, systemClock.now());
  requireBy(analysis, options);
  const data = await new DataStores(settings, scope).of(dataset);
  const sync = await syncDataset({ catalog, dataset, data, filter, settings, progress, signal });
  progress.say(syncText(dataset, sync));
  const first = firstOf(selectionOf(catalog, { dataset, filter: filter as RunSpec["filter"] }));
  if (first === null) {
    throw nothingSelected(
      dataset,
      explainEmpty(compileLayout(dataset.layout), filter, () => catalog.known(dataset)),
      sync,
    );
  }
  const unmatched = unmatchedValues(compileLayout(dataset.layout), filter, () => catalog.known(dataset)).map(
    unmatchedText,
  );
  for (const text of unmatched) progress.say(visibleLine(text));
  progress.show(`trying the analysis on ${visibleLine(first.key)}`);
  const inputs = await inputsOf(input);
  // Nothing is stored yet: who stops it now need not wait until an analysis that hangs is found out.
  const checked = await unlessAborted(
    signal,
    async () =>
      await checkAnalysis({
        source,
        inputs,
        options,
        executors,
        scratch,
        dataset,
        sample: { block: first, data },
      }),
  );
  progress.clear();
  for (const line of checkLines(checked)) progress.say(line);
  refuseUnknownDimension(checked);
  const spec = requestOf({
    checked,
    dataset,
    filter,
    into: options.into,
    reprocess: options.reprocess ?? false,
    deadlineMs: settings.timing.runDeadlineMs,
    clock: systemClock,
    random: systemRandom,
  });
  return { dataset, filter, checked, spec, unmatched };
}

/** The side files that the command names: of this machine, or of a run that the store knows. */
async function inputsOf({ options, settings, scratch, scope }: PrepareInput): Promise<readonly InputFile[]> {
  const { definitions, inputsOf: run } = options;
  if (run === undefined) return await definitionInputs(definitions, settings.folder);
  return await storedInputs((await openLook(settings, scope)).store, run, scratch);
}

function refuseTwoInputs({ definitions, inputsOf: run }: AnalysisOptions): void {
  if (definitions === undefined || run === undefined) return;
  throw new SpotfoldError("usage", "--definitions and --inputs-of both say which side files", { hint: "Keep one." });
}

export interface SyncInput {
  readonly catalog: Catalog;
  readonly dataset: DatasetSpec;
  readonly data: BlobStore;
  readonly filter: Filter;
  readonly settings: Settings;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function syncDataset(input: SyncInput): Promise<SyncResult> {
  const { catalog, dataset, data, filter, settings, progress, signal } = input;
  const result = await syncCatalog(catalog, dataset, data, filter, {
    recentDays: settings.recentDays,
    signal,
    onProgress: ({ listed, prefixesPending }) => {
      progress.show(
        `listing ${dataset.place}: ${counted(listed, "block")}, ${counted(prefixesPending, "folder")} to go`,
      );
    },
  });
  progress.clear();
  if (catalog.notice !== undefined) progress.say(catalog.notice);
  return result;
}

function syncText(dataset: DatasetSpec, result: SyncResult): string {
  const { listed, added, changed, vanished, unmatched } = result;
  const news = [
    added > 0 ? `${countText(added)} new` : "",
    changed > 0 ? `${countText(changed)} changed` : "",
    vanished > 0 ? `${countText(vanished)} gone` : "",
  ].filter((text) => text !== "");
  const other =
    unmatched.keys === 0
      ? ""
      : `; ${unmatched.more ? "at least " : ""}${counted(unmatched.keys, "file does", "files do")} not match the layout ` +
        `${dataset.layout}, such as ${unmatched.examples.map(visibleLine).join(", ")}`;
  return `${dataset.name}: ${counted(listed, "block")} in ${dataset.place}${news.length === 0 ? "" : ` (${news.join(", ")})`}${other}`;
}

function firstOf(blocks: Iterable<PartitionedBlock>): PartitionedBlock | null {
  for (const block of blocks) return block;
  return null;
}

/** What the check of the analysis showed, where that is worth a line. */
function checkLines({ check }: CheckedAnalysis): string[] {
  const { mapped, unread } = check;
  if (unread !== null) {
    const hint = unread.hint === undefined ? "" : ` ${unread.hint}`;
    return [`the analysis was loaded, and not tried on a block: ${unread.message}${hint}`];
  }
  const rejected = Object.values(mapped?.rejected ?? {}).reduce((sum, count) => sum + count, 0);
  if (mapped === null || rejected === 0) return [];
  const first = mapped.firstRejection === null ? "" : `: ${mapped.firstRejection}`;
  return [`${countText(rejected)} of the first ${counted(mapped.records, "record")} tried are rejected${first}`];
}

/** The one parameter that has a flag of its own, and that nothing can do without. */
function requireBy(analysis: string, { by, param }: RequestOptions): void {
  if (analysis !== "counts" || by !== undefined || (param ?? []).some((text) => text.startsWith("by="))) return;
  throw new SpotfoldError("usage", "--by is missing: counts is told by what to count", {
    hint: "Name dimensions of the layout and paths in the record: --by 'date,$.info.OS'.",
  });
}

/** `counts` finds out what it counts by only when it sees a block's dimensions; they are the same for all blocks. */
function refuseUnknownDimension({ check }: CheckedAnalysis): void {
  const { mapped } = check;
  if (mapped === null || mapped.records === 0 || mapped.rejected[unknownDimension] !== mapped.records) return;
  throw new SpotfoldError("usage", mapped.firstRejection ?? "there is no such dimension", {
    hint: "Name a dimension of the layout, or a path in the record, such as $.info.OS.",
  });
}

/** Throws `lineage-differs`, naming the field, when the aggregate was made with something else. */
export function refuseLineage(rules: LedgerRules, manifest: Manifest | null, spec: RunSpec): void {
  const state = rules.admissible(manifest, spec);
  if (typeof state !== "object") return;
  throw new SpotfoldError(
    "lineage-differs",
    `the aggregate ${spec.aggregate} is of another lineage: ${state.differs}`,
    {
      hint: "Choose another name for --into, or use what the aggregate was made with.",
    },
  );
}
