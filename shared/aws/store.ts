/**
 * A blob store in a bucket of S3, or of a server that speaks S3: `s3://bucket/prefix`.
 *
 * The parts: keys.ts (places and keys), requests.ts (in flight, in words), reading.ts, writing.ts, conditional.ts, listing.ts,
 * deleting.ts, published.ts, gzip.ts and plain.ts (what browsers read), bucket.ts (which region). Nothing is kept in memory between calls.
 *
 * What S3 gives and the port needs: strong read after write, conditional writes (If-Match, If-None-Match), lists in byte
 * order. A server that only seems to have them is found by the start-up probe (shared/store-probe.ts).
 */
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { SpotfoldError } from "../errors.ts";
import { checkKey } from "../keys.ts";
import type {
  Blob,
  BlobBody,
  BlobInfo,
  BlobStore,
  CreateResult,
  GetOptions,
  Lent,
  ListOptions,
  ListPage,
  SwapResult,
} from "../ports/blob-store.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { clientOf } from "./bucket.ts";
import { silentMsMaxDefault } from "./patience.ts";
import type { AwsOptions } from "./client.ts";
import { createSettled, putSettled, swapSettled } from "./conditional.ts";
import { deleteBlobs } from "./deleting.ts";
import { gzipped } from "./gzip.ts";
import { checkLength, fitsUrl, mayExist, parseS3Place } from "./keys.ts";
import { listBlobs } from "./listing.ts";
import { getPlain } from "./plain.ts";
import { publishedHeaders } from "./published.ts";
import type { BlobHeaders, WriteKind } from "./published.ts";
import { headBlob } from "./reading.ts";
import { S3Requests } from "./requests.ts";
import type { BucketTerms } from "./requests.ts";

/**
 * How long a lent URL can be opened, s; a download that has begun goes on. Long enough for a child that reads one block after
 * another, short enough to be worth nothing in a log. Children ask again when it has run out.
 */
export const lentSecondsMax = 15 * 60;

export interface S3StoreOptions extends BucketTerms {
  /** `s3://bucket/prefix`. */
  readonly place: string;
  readonly aws: AwsOptions;
  readonly clock: Clock;
  readonly random: Random;
}

export class S3BlobStore implements BlobStore {
  readonly name: string;
  readonly #requests: S3Requests;

  private constructor(requests: S3Requests) {
    this.name = requests.place.name;
    this.#requests = requests;
  }

  /**
   * Finds the bucket. Fails with `usage` and `store-unfit` for places that cannot be used, `no-such-store`, and with what the
   * environment lacks (`no-credentials`, `clock-skew`, `store-unavailable`, …).
   */
  static async open(options: S3StoreOptions): Promise<S3BlobStore> {
    const { place: text, aws, clock, random, ...terms } = options;
    const place = parseS3Place(text);
    const client = await clientOf(place, aws, terms);
    const silentMsMax = aws.silentMsMax ?? silentMsMaxDefault;
    return new S3BlobStore(new S3Requests({ client, place, terms, clock, random, profile: aws.profile, silentMsMax }));
  }

  async get(key: string, options?: GetOptions): Promise<Blob | null> {
    const read = await getPlain(this.#requests, key, options);
    if (read === null) return null;
    const { writer: _, gzipped: __, ...blob } = read;
    return blob;
  }

  async head(key: string): Promise<(BlobInfo & { readonly storeTime: number }) | null> {
    const read = await headBlob(this.#requests, key);
    if (read === null) return null;
    const { writer: _, gzipped: __, ...info } = read;
    return info;
  }

  async put(key: string, body: BlobBody): Promise<{ readonly etag: string; readonly storeTime: number }> {
    this.#checkKey(key);
    const headers = this.#headersOf(key, "put");
    return await putSettled(this.#requests, key, headers.ContentEncoding === "gzip" ? gzipped(body) : body, headers);
  }

  async create(key: string, bytes: Uint8Array): Promise<CreateResult> {
    this.#checkKey(key);
    const headers = this.#headersOf(key, "create");
    return await createSettled(this.#requests, key, await stored(bytes, headers), headers);
  }

  async swap(key: string, bytes: Uint8Array, expected: string | null): Promise<SwapResult> {
    this.#checkKey(key);
    const headers = this.#headersOf(key, "swap");
    return await swapSettled(this.#requests, key, await stored(bytes, headers), expected, headers);
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage> {
    return listBlobs(this.#requests, prefix, options);
  }

  async delete(keys: readonly string[]): Promise<void> {
    await deleteBlobs(this.#requests, keys);
  }

  /** Signed without asking the store: the URL of an absent blob leads nowhere. */
  async lend(key: string): Promise<Lent> {
    const context = { store: this.name, key };
    if (!mayExist(this.#requests.place, key))
      throw new SpotfoldError("absent", `There is no blob ${JSON.stringify(key)} that S3 could hold.`, { context });
    if (!fitsUrl(this.#requests.place.root + key)) {
      throw new SpotfoldError("absent", 'its key has the segment "." or "..", which no URL can name: rename it', {
        hint: "S3 may hold such a key, but HTTP clients take the segment for a step between folders.",
        context,
      });
    }
    try {
      const command = new GetObjectCommand(this.#requests.at(key));
      const url = await getSignedUrl(this.#requests.client, command, { expiresIn: lentSecondsMax });
      return { kind: "url", url, names: this.#requests.namesOf(key) };
    } catch (error) {
      throw this.#requests.translated(error, "s3:GetObject", key);
    }
  }

  async close(): Promise<void> {
    this.#requests.client.destroy();
  }

  #checkKey(key: string): void {
    checkKey(key);
    checkLength(this.#requests.place, key);
  }

  #headersOf(key: string, kind: WriteKind): BlobHeaders {
    return this.#requests.published ? publishedHeaders(key, kind) : {};
  }
}

/** Whole, because a condition that was not answered is tried again with the same bytes. */
async function stored(bytes: Uint8Array, { ContentEncoding }: BlobHeaders): Promise<Uint8Array> {
  if (ContentEncoding === undefined) return bytes;
  const chunks: Uint8Array[] = [];
  for await (const chunk of gzipped(bytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
