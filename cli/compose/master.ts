/** From settings to a master's context, with real children. */
import { ChildExecutors } from "../../executor/launch/executors.ts";
import type { Executors } from "../../executor/types.ts";
import type { MasterContext, SelectedBlocks } from "../../master/context.ts";
import { Ledger } from "../../master/ledger/ledger.ts";
import { ledgerRules } from "../../master/ledger/rules.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import type { Catalog } from "../../shared/catalog/catalog.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { parseRun, type RunSpec } from "../../shared/formats/run.ts";
import type { Log } from "../../shared/log.ts";
import { runKey } from "../../shared/names.ts";
import { httpTerms } from "../../shared/http-terms.ts";
import { readAll } from "../../shared/read-all.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import { pageFiles } from "./page-files.ts";
import { readLocalFile } from "./read-file.ts";
import { liveWorkers } from "../../shared/live-workers.ts";
import type { AnyEvent } from "./log.ts";
import type { Queues } from "./ports.ts";
import { bundleCache } from "./worker.ts";

export interface MasterParts {
  readonly settings: Settings;
  readonly id: string;
  readonly store: BlobStore;
  readonly web: BlobStore;
  readonly queues: Queues;
  readonly blocksOf: (spec: RunSpec) => Promise<SelectedBlocks>;
  /** Slots that are known to be there, whatever the statuses of workers say. */
  readonly ownSlots: number;
  readonly executors: Executors;
  readonly log: Log<AnyEvent>;
}

export async function masterContext(parts: MasterParts): Promise<MasterContext> {
  const { settings, id, store, web, queues, blocksOf, ownSlots, executors, log } = parts;
  const { timing } = settings;
  const cache = await bundleCache(settings, store);
  return {
    id,
    store,
    web,
    jobs: queues.jobs,
    ready: queues.ready,
    dead: queues.dead,
    ledger: new Ledger(store, systemRandom),
    rules: ledgerRules,
    executors,
    blocksOf,
    bundleOf: async (renderer) => await cache.fetch(await readRun(store, renderer.run)),
    page: async () => pageFiles("page"),
    readFile: readLocalFile,
    liveSlots: async () => Math.max(1, ownSlots, await liveSlots(store, timing.statusMs)),
    timing: {
      foldMs: timing.foldMs,
      publishMs: timing.publishMs,
      compactMs: timing.compactMs,
      collectMs: timing.collectMs,
      resendMs: timing.resendMs,
      statusMs: timing.statusMs,
      retainMs: timing.retainMs,
      standbyMs: timing.standbyMs,
      scale: timing.scale,
    },
    clock: systemClock,
    random: systemRandom,
    log,
  };
}

/** Executors of this process, in its scratch folder. */
export function openExecutors(settings: Settings, scratch: string): Executors {
  const { limits, timing } = settings;
  return new ChildExecutors({
    scratch,
    limits: {
      heapBytesMax: limits.executorHeapBytes,
      rssBytesMax: limits.executorRssBytes,
      stallMs: timing.stallMs,
    },
    http: () => httpTerms(settings.aws),
  });
}

/** `runs/<run>/run.json`. Throws `usage`: a run is named by whoever asks. */
export async function readRun(store: BlobStore, run: string): Promise<RunSpec> {
  const blob = await readAll(store, runKey(run));
  if (blob !== null) return parseRun(run, blob.bytes);
  throw new SpotfoldError("usage", `there is no run ${run} in ${store.name}`, {
    hint: "See spotfold status for those that there are.",
  });
}

/** What the catalog knows of a run's selection, as it stands. */
export function selectionOf(catalog: Catalog, spec: Pick<RunSpec, "dataset" | "filter">): SelectedBlocks {
  return catalog.select(spec.dataset, spec.filter);
}

/** Slots of all workers that are alive. */
export async function liveSlots(store: BlobStore, statusMs: number): Promise<number> {
  const live = await liveWorkers(store, statusMs);
  return live.reduce((slots, { status }) => slots + status.slots, 0);
}
