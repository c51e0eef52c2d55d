/** A master's context for all aggregates: the selection of each run is listed when it is admitted. */
import type { MasterContext } from "../../master/context.ts";
import type { Settings } from "../../shared/config/settings.ts";
import type { Log } from "../../shared/log.ts";
import { syncCatalog } from "../../shared/catalog/sync.ts";
import type { AnyEvent } from "./log.ts";
import { openLook } from "./look.ts";
import { masterContext, openExecutors, selectionOf } from "./master.ts";
import { DataStores, openCatalog, openQueues, openWebStore, openWorkStore } from "./ports.ts";
import type { Scope } from "./scope.ts";
import { publishingStore } from "./web-store.ts";
import { makeScratch } from "./worker.ts";

export interface OpenMasterInput {
  readonly settings: Settings;
  readonly id: string;
  readonly log: Log<AnyEvent>;
  /** Daemons probe the store before they work on it, and make it; a single commit takes it as it is. */
  readonly probe: boolean;
}

export async function openMaster(input: OpenMasterInput, scope: Scope): Promise<MasterContext> {
  const { settings, id, log, probe } = input;
  const store = probe ? await openWorkStore(settings, scope) : (await openLook(settings, scope)).store;
  const web = publishingStore(await openWebStore(settings.web, settings, scope));
  const queues = await openQueues(settings, scope);
  const catalog = await openCatalog(settings, scope);
  const data = new DataStores(settings, scope);
  return await masterContext({
    settings,
    id,
    store,
    web,
    queues,
    blocksOf: async (spec) => {
      await syncCatalog(catalog, spec.dataset, await data.of(spec.dataset), spec.filter, {
        recentDays: settings.recentDays,
      });
      return selectionOf(catalog, spec);
    },
    ownSlots: 0,
    executors: openExecutors(settings, await makeScratch(settings, id, scope)),
    log,
  });
}
