/**
 * `spotfold catalog sync|list|stats`: what blocks there are.
 *
 *   sync    lists the places of datasets into the catalog
 *   list    prints the catalogued blocks that a filter selects, with those that changed or vanished
 *   stats   adds them up, in all and by dimension
 *
 * They are about `--data`, or about every configured dataset. `--json` prints one object on one line:
 * `{format: 1, datasets: [{dataset, place, layout, ...}]}`; with sync `sync` and `selected`, with list `blocks`, with stats `stats`.
 *
 *   exit 0   done        2   a wrong option, an unknown dimension, or a filter that selects nothing (with the nearest values)
 *   exit 1   a place that cannot be read        130, 143   interrupted: what was listed is kept
 */
import type { Catalog } from "../../shared/catalog/catalog.ts";
import { catalogStats } from "../../shared/catalog/stats.ts";
import { syncCatalog, type SyncOptions, type SyncResult } from "../../shared/catalog/sync.ts";
import { systemClock } from "../../shared/clock.ts";
import { explainEmpty, nothingSelected } from "../../shared/dataset/explain.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { selectedDatasets, type Selected } from "../catalog/datasets.ts";
import { statsText } from "../catalog/stats-report.ts";
import { syncText, type Synced } from "../catalog/sync-report.ts";
import type { DataOptions, FilterOptions } from "../compose/dataset.ts";
import { DataStores, openCatalog } from "../compose/ports.ts";
import { withScope, type Scope } from "../compose/scope.ts";
import { settingsOf, type StoreOptions } from "../compose/settings.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { exitCodes } from "../exit-codes.ts";
import { commandLine, type Io } from "../io.ts";
import { Progress } from "../progress/progress.ts";
import { counted, sizeText } from "../report/lines.ts";
import { visibleLine } from "../visible.ts";

export interface CatalogOptions extends StoreOptions, DataOptions, FilterOptions {
  readonly json?: boolean;
}

export interface CatalogSyncOptions extends CatalogOptions {
  readonly full?: boolean;
}

/** Text is handed on in pieces of about this size. */
const pieceChars = 65_536;

export async function catalogSync(options: CatalogSyncOptions, io: Io): Promise<number> {
  const { interrupts, out } = io;
  const progress = new Progress(io.err, () => systemClock.monotonic());
  try {
    return await withCatalog(options, io, async ({ catalog, settings, scope, selected }) => {
      const stores = new DataStores(settings, scope);
      const syncOptions: SyncOptions = {
        full: options.full ?? false,
        recentDays: settings.recentDays,
        signal: interrupts.first,
        onProgress: ({ listed, prefixesPending }) =>
          progress.show(`${counted(listed, "block")} listed, ${counted(prefixesPending, "folder")} under way`),
      };
      const done: Synced[] = [];
      for (const { dataset, filter } of selected) {
        const sync = await syncCatalog(catalog, dataset, await stores.of(dataset), filter, syncOptions);
        progress.clear();
        const synced = { dataset, sync, selected: countOf(catalog.select(dataset, filter)) };
        if (options.json !== true) await out.write(syncText(synced));
        done.push(synced);
      }
      if (done.every((synced) => synced.selected === 0)) throw emptySelection(catalog, selected, done[0]?.sync);
      if (options.json === true) {
        await printJson(
          io,
          done.map(({ dataset, ...rest }) => ({ ...described(dataset), ...rest })),
        );
      }
      return exitCodes.done;
    });
  } catch (error) {
    progress.clear();
    if (!interrupts.first.aborted) throw error;
    progress.say(`Stopped. What was listed is kept; to go on: ${commandLine(io, io.words)}`);
    return interrupts.exitCode();
  }
}

export async function catalogList(options: CatalogOptions, io: Io): Promise<number> {
  return await withCatalog(options, io, async ({ catalog, selected }) => {
    if (selected.every(({ dataset, filter }) => catalog.list(dataset, filter).next().done === true)) {
      throw emptySelection(catalog, selected);
    }
    const pieces = options.json === true ? listJson(catalog, selected) : listLines(catalog, selected);
    for (const piece of inPieces(pieces)) {
      if (io.interrupts.first.aborted) return io.interrupts.exitCode();
      await io.out.write(piece);
    }
    return exitCodes.done;
  });
}

export async function catalogStatistics(options: CatalogOptions, io: Io): Promise<number> {
  return await withCatalog(options, io, async ({ catalog, selected }) => {
    const all = selected.map(({ dataset, filter }) => ({ dataset, stats: catalogStats(catalog, dataset, filter) }));
    if (all.every(({ stats }) => stats.blocks + stats.vanished === 0)) throw emptySelection(catalog, selected);
    if (options.json === true) {
      await printJson(
        io,
        all.map(({ dataset, stats }) => ({ ...described(dataset), stats })),
      );
    } else for (const { dataset, stats } of all) await io.out.write(statsText(dataset, stats));
    return exitCodes.done;
  });
}

interface Opened {
  readonly settings: Settings;
  readonly catalog: Catalog;
  readonly scope: Scope;
  readonly selected: readonly Selected[];
}

async function withCatalog(options: CatalogOptions, io: Io, use: (opened: Opened) => Promise<number>): Promise<number> {
  const settings = settingsOf(options, io);
  const selected = await selectedDatasets(settings, options, systemClock.now());
  return await withScope(async (scope) => {
    const catalog = await openCatalog(settings, scope);
    if (catalog.notice !== undefined) await io.err.write(`${catalog.notice}\n`);
    return await use({ settings, catalog, scope, selected });
  });
}

/** Nothing is selected in any of them: why, of the first; `sync`: of that, when it was just done. */
function emptySelection(catalog: Catalog, [first]: readonly Selected[], sync?: SyncResult): Error {
  if (first === undefined) return new SpotfoldError("internal", "no dataset was selected");
  const { dataset, filter } = first;
  return nothingSelected(
    dataset,
    explainEmpty(compileLayout(dataset.layout), filter, () => catalog.known(dataset)),
    sync,
  );
}

function* listLines(catalog: Catalog, selected: readonly Selected[]): Generator<string> {
  for (const { dataset, filter } of selected) {
    let [blocks, bytes, vanished] = [0, 0, 0];
    yield `${dataset.name}  ${dataset.place}\n`;
    for (const { key, size, state } of catalog.list(dataset, filter)) {
      yield `${sizeText(size).padStart(9)}  ${state.padEnd(8)}  ${visibleLine(key)}\n`;
      if (state === "vanished") vanished++;
      else {
        blocks++;
        bytes += size;
      }
    }
    const beside = vanished === 0 ? "" : `, and ${vanished} vanished`;
    yield `${counted(blocks, "block")}, ${sizeText(bytes)}${beside}\n`;
  }
}

/** One object on one line, written as it is read: a catalog may have more blocks than fit in memory. */
function* listJson(catalog: Catalog, selected: readonly Selected[]): Generator<string> {
  yield '{"format":1,"datasets":[';
  let separator = "";
  for (const { dataset, filter } of selected) {
    yield `${separator}${JSON.stringify(described(dataset)).slice(0, -1)},"blocks":[`;
    let comma = "";
    for (const { partition: _, seenMs, changedMs, ...block } of catalog.list(dataset, filter)) {
      const times = { seen: new Date(seenMs).toISOString(), changed: new Date(changedMs).toISOString() };
      yield `${comma}${JSON.stringify({ ...block, ...times })}`;
      comma = ",";
    }
    yield "]}";
    separator = ",";
  }
  yield "]}\n";
}

function described({ name, place, layout, records }: DatasetSpec): Readonly<Record<string, string>> {
  return { dataset: name, place, layout, records };
}

async function printJson({ out }: Io, datasets: readonly unknown[]): Promise<void> {
  await out.write(`${JSON.stringify({ format: 1, datasets })}\n`);
}

function countOf(items: Iterable<unknown>): number {
  let count = 0;
  for (const _ of items) count++;
  return count;
}

function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
