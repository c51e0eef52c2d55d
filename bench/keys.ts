/**
 * Keys of a million blocks, the same each time, in byte order; and a store that lists them as a bucket does: pages of 1,000, each
 * after a while. It holds nothing else.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { systemClock } from "../shared/clock.ts";
import { addDays } from "../shared/dataset/calendar.ts";
import { MemoryBlobStore } from "../shared/memory/blob-store.ts";
import type { BlobInfo, ListOptions, ListPage } from "../shared/ports/blob-store.ts";

const pageKeys = 1_000;
/** As the adapter for S3 has them. */
const inFlightMax = 64;
/** 20 to 26 MB: a million of them are what the original collected in a year. */
const blockBytes = 20_000_000;

function hex(text: string, digits: number): string {
  return createHash("md5").update(text).digest("hex").slice(0, digits);
}

/** A year of converted telemetry: 4 channels of 10 versions, 2 to 8 build ids a day each. */
export function telemetryKeys(count: number): string[] {
  const channels = ["aurora", "beta", "nightly", "release"];
  const perDay = Math.ceil(count / 365);
  const keys = Array.from({ length: count }, (_, i) => {
    const date = addDays("20240101", Math.floor(i / perDay));
    const channel = channels[i % channels.length] ?? "";
    const version = `${20 + ((i >> 2) % 10)}.0`;
    const build = `${addDays(date, -((i >> 6) % 8))}030201`;
    return `saved_session/Firefox/${channel}/${version}/${build}.${date}.v2.log.${hex(String(i), 32)}.lzma`;
  });
  return keys.toSorted();
}

/** Names without a folder: hashes. */
export function hashedKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `logs/${hex(String(i), 32)}.json.zst`).toSorted();
}

/** Names without a folder: moments, and a few digits of chance; one every 30 s for a year. */
export function timedKeys(count: number): string[] {
  const from = Date.UTC(2024, 0, 1);
  return Array.from(
    { length: count },
    (_, i) => `logs/app-server-${new Date(from + i * 30_000).toISOString()}-${hex(String(i), 8)}.json.zst`,
  ).toSorted();
}

/** `keys`: sorted, ASCII. */
export class ListedStore extends MemoryBlobStore {
  readonly #keys: readonly string[];
  readonly #pageMs: number;
  readonly #limit = pLimit(inFlightMax);
  pages = 0;

  constructor(keys: readonly string[], pageMs: number) {
    super({ name: "s3://bucket/keys", clock: systemClock });
    this.#keys = keys;
    this.#pageMs = pageMs;
  }

  override async *list(
    prefix: string,
    { after = "", shallow = false, signal }: ListOptions = {},
  ): AsyncGenerator<ListPage> {
    let from = this.#firstAfter(after < prefix ? prefix : after, after < prefix);
    for (let more = true; more;) {
      this.pages++;
      if (this.#pageMs > 0) await this.#limit(async () => await sleep(this.#pageMs, undefined, { signal }));
      const blobs: BlobInfo[] = [];
      const prefixes: string[] = [];
      for (more = false; from < this.#keys.length && !more;) {
        const key = this.#keys[from] ?? "";
        if (!key.startsWith(prefix)) break;
        const slash = shallow ? key.indexOf("/", prefix.length) : -1;
        if (slash === -1) {
          blobs.push({
            key,
            size: blockBytes + (from & 63) * 100_000,
            etag: from.toString(16).padStart(32, "0"),
            lastModified: 0,
          });
          from++;
        } else {
          prefixes.push(key.slice(0, slash + 1));
          from = this.#firstAfter(`${key.slice(0, slash)}0`, true);
        }
        more = blobs.length + prefixes.length === pageKeys;
      }
      yield { blobs, prefixes, storeTime: 0 };
    }
  }

  /** Index of the first key after `key`, or of `key` itself with `orEqual`. */
  #firstAfter(key: string, orEqual: boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.#keys[middle] ?? "";
      if (found < key || (!orEqual && found === key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
