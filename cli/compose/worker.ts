/** From settings to a worker's context, with real children. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { childRunner } from "../../executor/launch/runner.ts";
import type { AttemptLimits, JobRunner } from "../../executor/types.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { compileLayout, type Layout } from "../../shared/dataset/layout.ts";
import { httpTerms } from "../../shared/http-terms.ts";
import { makeFolders } from "../../shared/local/make-folders.ts";
import { translated } from "../../shared/local/system-errors.ts";
import type { Log } from "../../shared/log.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { DimensionsOf, WorkerContext } from "../../worker/context.ts";
import { workerRules } from "../../worker/rules.ts";
import { openBundleCache, type FileBundleCache } from "./bundle-cache.ts";
import type { AnyEvent } from "./log.ts";
import { DataStores, openQueues, openStore, openWorkStore } from "./ports.ts";
import { isDeadHere } from "./process-id.ts";
import { readLocalFile } from "./read-file.ts";
import type { Scope } from "./scope.ts";

export interface WorkerParts {
  readonly settings: Settings;
  readonly id: string;
  readonly slots: number;
  readonly log: Log<AnyEvent>;
  /** The process that started this one has probed the store a moment ago. */
  readonly probed?: boolean;
  /** Looks over the shoulder of the runner, for progress. */
  readonly watch?: (runner: JobRunner) => JobRunner;
}

export async function openWorker(parts: WorkerParts, scope: Scope): Promise<WorkerContext> {
  const { settings, id, slots, log, watch = (runner) => runner } = parts;
  const { timing } = settings;
  const store = parts.probed === true ? await openStore(settings, scope) : await openWorkStore(settings, scope);
  const { jobs, ready } = await openQueues(settings, scope);
  const scratch = await makeScratch(settings, id, scope);
  const data = new DataStores(settings, scope);
  const limits = attemptLimits(settings);
  const runner = childRunner({ scratch, http: () => httpTerms(settings.aws), ahead: { slots, limits } });
  scope.opened("children", runner, (opened) => opened.close());
  return {
    id,
    slots,
    store,
    data: async (dataset) => await data.of(dataset),
    jobs,
    ready,
    runner: watch(runner),
    bundles: await bundleCache(settings, store),
    dimensionsOf: dimensionsByLayout(),
    readFile: readLocalFile,
    rules: workerRules,
    limits,
    timing: {
      leaseMs: timing.leaseMs,
      heartbeatMs: timing.heartbeatMs,
      waitMs: timing.waitMs,
      statusMs: timing.statusMs,
      handOnMs: timing.handOnMs,
      scale: timing.scale,
    },
    clock: systemClock,
    random: systemRandom,
    log,
  };
}

export function attemptLimits({ limits, timing }: Settings): AttemptLimits {
  return {
    heapBytesMax: limits.executorHeapBytes,
    rssBytesMax: limits.executorRssBytes,
    stallMs: timing.stallMs,
    attemptMs: timing.attemptMs,
    checkpointStateBytes: limits.checkpointStateBytes,
    checkpointMs: timing.checkpointMs,
  };
}

/** Shared by all processes of this machine that work with these settings. */
export async function bundleCache(settings: Settings, store: BlobStore): Promise<FileBundleCache> {
  const folder = join(settings.work, "cache");
  return await openBundleCache({ store, folder, random: systemRandom }, systemClock.now());
}

const scratchFolder = (settings: Settings): string => join(settings.work, "scratch");

/** A folder of this process' own, removed at its end; those of processes that died on this machine go at once. */
export async function makeScratch(settings: Settings, id: string, scope: Scope): Promise<string> {
  const root = scratchFolder(settings);
  const own = join(root, id);
  try {
    makeFolders(own);
  } catch (error) {
    throw translated(error, { store: root, path: own });
  }
  for (const name of readdirSync(root)) {
    if (isDeadHere(name)) rmSync(join(root, name), { recursive: true, force: true });
  }
  return scope.opened("scratch", own, (path) => rmSync(path, { recursive: true, force: true }));
}

/** Layouts are compiled once. */
function dimensionsByLayout(): DimensionsOf {
  const layouts = new Map<string, Layout>();
  return (dataset, key) => {
    let layout = layouts.get(dataset.layout);
    if (layout === undefined) {
      layout = compileLayout(dataset.layout);
      layouts.set(dataset.layout, layout);
    }
    return layout.match(key) ?? {};
  };
}
