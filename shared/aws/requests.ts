/**
 * How a store's parts reach S3: one client, the bucket, a bound on what is in flight, and errors in words.
 *
 * Faults come out raw, because 404, 409, 412 and 416 are answers to the parts; whoever does not take one for an answer throws
 * `translated(...)` of it. An abort comes out as the signal's own reason.
 */
import type { S3Client } from "@aws-sdk/client-s3";
import pLimit from "p-limit";
import type { LentUrl } from "../ports/blob-store.ts";
import type { Clock, Random } from "../ports/clock.ts";
import { storeTimeOf } from "./client.ts";
import { translated } from "./errors.ts";
import { resourceOf } from "./keys.ts";
import type { S3Place } from "./keys.ts";

/** Requests that wait for their answer's head, of one store. Enough for 500 small gets in a second at 100 ms each; AWS takes 5,500. */
const inFlightMax = 64;

/** A blob's metadata that names the write which made it: whoever lost a reply finds out whether its write took effect. */
export const writerMetadata = "spotfold-write";

/** What is special to one store; sent with each request that takes it. */
export interface BucketTerms {
  /** SSE-KMS with this key (id, ARN or alias) for all that is written. Absent: the bucket's default. */
  readonly kmsKeyId?: string;
  /** The requester pays for requests and transfer (buckets of others that ask for it). */
  readonly requesterPays?: boolean;
  /** What is written is for browsers: gzipped, with headers that they understand (published.ts), and unpacked when read. */
  readonly published?: boolean;
}

export interface RequestsOptions {
  readonly client: S3Client;
  readonly place: S3Place;
  readonly terms: BucketTerms;
  readonly clock: Clock;
  readonly random: Random;
  readonly profile: string | undefined;
  /** Of bodies, ms. */
  readonly silentMsMax: number;
}

export class S3Requests {
  readonly client: S3Client;
  readonly place: S3Place;
  readonly clock: Clock;
  readonly random: Random;
  readonly published: boolean;
  readonly silentMsMax: number;
  /** With each request: bucket and payer. */
  readonly common: { readonly Bucket: string; readonly RequestPayer?: "requester" };
  /** With each write. */
  readonly encryption: { readonly ServerSideEncryption?: "aws:kms"; readonly SSEKMSKeyId?: string };
  readonly #profile: string | undefined;
  readonly #limit = pLimit(inFlightMax);

  constructor({ client, place, terms, clock, random, profile, silentMsMax }: RequestsOptions) {
    this.silentMsMax = silentMsMax;
    this.client = client;
    this.place = place;
    this.clock = clock;
    this.random = random;
    this.published = terms.published ?? false;
    this.#profile = profile;
    this.common = {
      Bucket: place.bucket,
      ...(terms.requesterPays === true ? { RequestPayer: "requester" as const } : {}),
    };
    this.encryption =
      terms.kmsKeyId === undefined ? {} : { ServerSideEncryption: "aws:kms", SSEKMSKeyId: terms.kmsKeyId };
  }

  /** Bucket and key of one blob. */
  at(key: string): S3Requests["common"] & { readonly Key: string } {
    return { ...this.common, Key: this.place.root + key };
  }

  /** One request, as soon as there is room for it. Throws the SDK's error, or the signal's reason. */
  async send<T>(
    request: (client: S3Client, options: { abortSignal?: AbortSignal }) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    return await this.#limit(async () => {
      signal?.throwIfAborted();
      try {
        return await request(this.client, signal === undefined ? {} : { abortSignal: signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    });
  }

  /** An error of `send` in words. `action` as policies name it. */
  translated(error: unknown, action: string, key?: string): unknown {
    return translated(error, { ...this.namesOf(key), action, ...(key === undefined ? {} : { key }) });
  }

  /** What errors are told with. */
  namesOf(key?: string): NonNullable<LentUrl["names"]> {
    const { place } = this;
    const names = { store: place.name, resource: resourceOf(place, key) };
    return this.#profile === undefined ? names : { ...names, profile: this.#profile };
  }

  /** The store's clock at an answer, ms since the epoch. */
  timeOf(answer: object): number {
    return storeTimeOf(answer, this.place.name);
  }

  /** Waits before try number `number` (1 is the first repetition): doubling, with full jitter. */
  async backOff(number: number, baseMs: number, signal?: AbortSignal): Promise<void> {
    await this.clock.sleep(this.random.float() * baseMs * 2 ** number, signal);
    signal?.throwIfAborted();
  }
}
