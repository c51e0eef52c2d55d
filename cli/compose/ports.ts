/**
 * From settings to ports, by the scheme of each place. Everything that is opened goes through the scope, which closes it. What
 * speaks to AWS is loaded where a place asks for it: a local run, and `--help`, do not wait for its SDK.
 */
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { Catalog } from "../../shared/catalog/catalog.ts";
import type { BucketTerms } from "../../shared/aws/requests.ts";
import { isSqsPlace } from "../../shared/aws/sqs/place.ts";
import type { Settings } from "../../shared/config/settings.ts";
import type { DatasetSpec } from "../../shared/dataset/types.ts";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import { startFolderRival } from "../../shared/local/folder-store/rival.ts";
import { FolderBlobStore, type FolderBlobStoreOptions } from "../../shared/local/folder-store/store.ts";
import { SqliteJobQueue } from "../../shared/local/sqlite-queue/queue.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { probeStore, type Rival } from "../../shared/store-probe.ts";
import type { Scope } from "./scope.ts";

const scheme = "file:";

/** All of the settings that opening a place needs. */
type AwsSettings = Pick<Settings, "aws" | "storeKmsKeyId" | "webKmsKeyId">;

export function isFolder(place: string): boolean {
  return place.startsWith(scheme);
}

/** The folder of a place that is one; `usage` for a bucket. */
export function folderOf(place: string): string {
  if (isFolder(place)) return place.slice(scheme.length);
  throw new SpotfoldError("usage", `${place} is no folder`, { hint: "Name a folder." });
}

/** As people write it: a folder without its scheme. */
export function shownPlace(place: string): string {
  return isFolder(place) ? folderOf(place) : place;
}

async function openPlace(
  place: string,
  { aws }: Pick<Settings, "aws">,
  folder: FolderBlobStoreOptions,
  terms: BucketTerms,
): Promise<BlobStore> {
  if (isFolder(place)) return await FolderBlobStore.open(folderOf(place), folder);
  const { S3BlobStore } = await import("../../shared/aws/store.ts");
  return await S3BlobStore.open({ place, aws, clock: systemClock, random: systemRandom, ...terms });
}

/** The work store, taken for what it says it is. A folder is made if need be. */
export async function openStore(settings: Settings, scope: Scope): Promise<BlobStore> {
  const store = await openPlace(settings.store, settings, { create: true }, encrypted(settings.storeKmsKeyId));
  return scope.opened("store", store, async (opened) => await opened.close());
}

/** What browsers read; `place` is the settings' or what was asked for instead. A folder is made if need be. */
export async function openWebStore(place: string, settings: AwsSettings, scope: Scope): Promise<BlobStore> {
  const terms = { published: true, ...encrypted(settings.webKmsKeyId) };
  const store = await openPlace(place, settings, { create: true }, terms);
  return scope.opened("web", store, async (opened) => await opened.close());
}

/** What is published, to look at; `no-such-store` when there is none yet. */
export async function openPublished(settings: Settings, scope: Scope): Promise<BlobStore> {
  const store = await openPlace(settings.web, settings, {}, { published: true });
  return scope.opened("web", store, async (opened) => await opened.close());
}

function encrypted(kmsKeyId: string | undefined): BucketTerms {
  return kmsKeyId === undefined ? {} : { kmsKeyId };
}

/** The work store as it is: `no-such-store` when there is none yet. */
export async function openExistingStore(settings: Settings, scope: Scope): Promise<BlobStore> {
  const store = await openPlace(settings.store, settings, {}, encrypted(settings.storeKmsKeyId));
  return scope.opened("store", store, async (opened) => await opened.close());
}

/** The same, and an empty one where there is none yet: nothing is made, and whoever looks finds nothing. */
export async function openStoreToRead(settings: Settings, scope: Scope): Promise<BlobStore> {
  try {
    return await openExistingStore(settings, scope);
  } catch (error) {
    if (codeOf(error) !== "no-such-store" || !isFolder(settings.store)) throw error;
    return new MemoryBlobStore({ clock: systemClock, name: settings.store });
  }
}

/** The work store; refused (`store-unfit`) when it does not honour conditions between two processes. */
export async function openWorkStore(settings: Settings, scope: Scope): Promise<BlobStore> {
  const store = await openStore(settings, scope);
  await probeStore(store, { random: systemRandom, startRival: async () => await startRival(store, settings) });
  return store;
}

async function startRival(store: BlobStore, { store: place, aws, storeKmsKeyId }: Settings): Promise<Rival> {
  if (store instanceof FolderBlobStore) return await startFolderRival(store.path);
  const { startS3Rival } = await import("../../shared/aws/rival.ts");
  const ports = { clock: systemClock, random: systemRandom };
  return await startS3Rival({ place, aws, ...ports, ...encrypted(storeKmsKeyId) });
}

export interface Queues {
  readonly jobs: JobQueue;
  readonly ready: JobQueue;
  /** Where the server puts messages that nobody deals with; null where there is none, or where we may not ask. */
  readonly dead: JobQueue | null;
}

export async function openQueues({ queue: place, queueBatchBytes, aws }: Settings, scope: Scope): Promise<Queues> {
  const ports = { clock: systemClock, random: systemRandom };
  if (isSqsPlace(place)) {
    const { openSqsQueues } = await import("../../shared/aws/sqs/open.ts");
    const queues = await openSqsQueues(place, { aws, batchBytesMax: queueBatchBytes, ...ports });
    return scope.opened("queues", queues, async (opened) => await opened.close());
  }
  const open = async (name: string): Promise<JobQueue> => {
    const queue = await SqliteJobQueue.open(place, { name, ...ports });
    return scope.opened(name, queue, async (opened) => await opened.close());
  };
  return { jobs: await open("jobs"), ready: await open("ready"), dead: null };
}

export async function openCatalog(settings: Settings, scope: Scope): Promise<Catalog> {
  const catalog = await Catalog.open(settings.catalog, { clock: systemClock, random: systemRandom });
  return scope.opened("catalog", catalog, (opened) => opened.close());
}

type DataPlace = Pick<DatasetSpec, "place" | "requesterPays" | "kmsKeyId">;

/** The stores that datasets lie in, opened when they are first asked for; only read. */
export class DataStores {
  readonly #settings: AwsSettings;
  readonly #scope: Scope;
  readonly #open = new Map<string, Promise<BlobStore>>();

  constructor(settings: AwsSettings, scope: Scope) {
    this.#settings = settings;
    this.#scope = scope;
  }

  of(dataset: DataPlace): Promise<BlobStore> {
    const { place, requesterPays = false, kmsKeyId = "" } = dataset;
    const name = `${place} ${requesterPays} ${kmsKeyId}`;
    let store = this.#open.get(name);
    if (store === undefined) {
      store = this.#openData(dataset);
      this.#open.set(name, store);
      // One that could not be opened may be there the next time.
      store.catch(() => this.#open.delete(name));
    }
    return store;
  }

  async #openData({ place, requesterPays, kmsKeyId }: DataPlace): Promise<BlobStore> {
    const terms = { ...(requesterPays === true ? { requesterPays } : {}), ...encrypted(kmsKeyId) };
    const store = await openPlace(place, this.#settings, { foreign: true }, terms);
    return this.#scope.opened(place, store, async (opened) => await opened.close());
  }
}
