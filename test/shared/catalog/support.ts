/** What the catalog's tests share: a clock that stands still, a store that is watched, blocks in memory. */
import { Catalog } from "../../../shared/catalog/catalog.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import type { Clock, Random } from "../../../shared/ports/clock.ts";
import type { ListOptions, ListPage } from "../../../shared/ports/blob-store.ts";
import type { DatasetSpec } from "../../../shared/dataset/types.ts";
import { atEnd } from "../../support/cleanup.ts";

export class StillClock implements Clock {
  atMs: number;

  constructor(atMs: number) {
    this.atMs = atMs;
  }

  now(): number {
    return this.atMs;
  }

  monotonic(): number {
    return this.atMs;
  }

  async sleep(ms: number): Promise<void> {
    this.atMs += ms;
  }
}

/** Distinct, and the same every time. */
export function countingRandom(): Random {
  let next = 0;
  return { hex: (digits) => (next++).toString(16).padStart(digits, "0").slice(-digits), float: () => 0.5 };
}

/** Remembers what was listed, and fails where it is told to. */
export class WatchedStore extends MemoryBlobStore {
  readonly lists: { readonly prefix: string; readonly shallow: boolean; readonly after: string | undefined }[] = [];
  /** Called before each page. */
  beforePage: (prefix: string, page: number) => void | Promise<void> = () => undefined;

  override async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ListPage> {
    this.lists.push({ prefix, shallow: options.shallow ?? false, after: options.after });
    let page = 0;
    for await (const entries of super.list(prefix, options)) {
      await this.beforePage(prefix, page++);
      yield entries;
    }
  }

  async hold(keys: Iterable<string>, text = "x"): Promise<void> {
    for (const key of keys) await this.put(key, Buffer.from(text));
  }

  prefixes(): string[] {
    return this.lists.map(({ prefix }) => prefix).toSorted();
  }
}

export const noon = Date.UTC(2024, 0, 31, 12);
export const dayMs = 86_400_000;

export function dataset(layout: string, name = "logs"): DatasetSpec {
  return { name, place: `file:/${name}`, layout, records: "ndjson" };
}

export function keysOf(blocks: Iterable<{ readonly key: string }>): string[] {
  return [...blocks].map(({ key }) => key);
}

export const daily = dataset("{app}/{date:yyyy}/{date:MM}/{date:dd}/");
/** Some blocks of it. */
export const dailyKeys = [
  "fox/2024/01/29/a",
  "fox/2024/01/30/b",
  "fox/2024/01/31/c",
  "fox/2023/12/31/d",
  "owl/2024/01/31/e",
  "owl/2023/11/01/f",
];

/** An empty catalog in memory, and a store whose pages have so many entries. */
export async function begin(pageEntriesMax = 1000) {
  const clock = new StillClock(noon);
  const catalog = await Catalog.open(":memory:", { clock, random: countingRandom() });
  atEnd(() => catalog.close());
  const store = new WatchedStore({ clock, pageEntriesMax });
  return { clock, catalog, store };
}
