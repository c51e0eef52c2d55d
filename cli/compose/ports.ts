/** From settings to ports. Everything that is opened goes through the scope, which closes it. */
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { Catalog } from "../../shared/catalog/catalog.ts";
import type { Settings } from "../../shared/config/settings.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { startFolderRival } from "../../shared/local/folder-store/rival.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { SqliteJobQueue } from "../../shared/local/sqlite-queue/queue.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { probeStore } from "../../shared/store-probe.ts";
import type { Scope } from "./scope.ts";

const scheme = "file:";

/** The folder of a place that is one. */
export function folderOf(place: string): string {
  if (place.startsWith(scheme)) return place.slice(scheme.length);
  throw new SpotfoldError("usage", `${place} is no place that can be opened here`, { hint: "Name a folder." });
}

/** A folder of our own: the work store or the web store. Made if need be. */
export async function openStore(name: string, place: string, scope: Scope): Promise<FolderBlobStore> {
  const store = await FolderBlobStore.open(folderOf(place), { create: true });
  return scope.opened(name, store, async (opened) => await opened.close());
}

/** The work store; refused (`store-unfit`) when it does not honour conditions between two processes. */
export async function openWorkStore(settings: Settings, scope: Scope): Promise<FolderBlobStore> {
  const store = await openStore("store", settings.store, scope);
  await probeStore(store, { random: systemRandom, startRival: async () => await startFolderRival(store.path) });
  return store;
}

export interface Queues {
  readonly jobs: JobQueue;
  readonly ready: JobQueue;
}

export async function openQueues(settings: Settings, scope: Scope): Promise<Queues> {
  const open = async (name: string): Promise<JobQueue> => {
    const queue = await SqliteJobQueue.open(settings.queue, { name, clock: systemClock, random: systemRandom });
    return scope.opened(name, queue, async (opened) => await opened.close());
  };
  return { jobs: await open("jobs"), ready: await open("ready") };
}

export async function openCatalog(settings: Settings, scope: Scope): Promise<Catalog> {
  const catalog = await Catalog.open(settings.catalog, { clock: systemClock, random: systemRandom });
  return scope.opened("catalog", catalog, (opened) => opened.close());
}

/** The stores that datasets lie in, opened when they are first asked for; only read. */
export class DataStores {
  readonly #scope: Scope;
  readonly #open = new Map<string, Promise<BlobStore>>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  of(dataset: Pick<DatasetSpec, "place">): Promise<BlobStore> {
    const { place } = dataset;
    let store = this.#open.get(place);
    if (store === undefined) {
      store = this.#openFolder(place);
      this.#open.set(place, store);
      // One that could not be opened may be there the next time.
      store.catch(() => this.#open.delete(place));
    }
    return store;
  }

  async #openFolder(place: string): Promise<BlobStore> {
    const store = await FolderBlobStore.open(folderOf(place), { foreign: true });
    return this.#scope.opened(place, store, async (opened) => await opened.close());
  }
}
