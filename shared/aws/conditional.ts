/**
 * `create` and `swap` on S3, settled by reading, whatever the answer was.
 *
 *   write under a condition --success--> won
 *     --refused outright (no access, no bucket, ...) at the first try--> that error
 *     --anything else (412, 409, an error inside a 200, time-out, reset)--> look what is there:
 *          made by this very write (its metadata says so)  -> won: the reply was lost, or a repetition met its own effect
 *          something else                                  -> lost
 *          as it was before                                -> write again, under the same condition and the same name
 *
 * One name for all tries of a call: a request that takes effect late is still known as ours. Giving up (the network is away)
 * says nothing about the effect: callers repeat the call, as after a crash.
 */
import type { BlobBody, CreateResult, SwapResult } from "../ports/blob-store.ts";
import { SpotfoldError } from "../errors.ts";
import { faultOf } from "./fault.ts";
import { quotedEtag } from "./keys.ts";
import { getPlain } from "./plain.ts";
import type { BlobHeaders } from "./published.ts";
import { headBlob, headOrTime } from "./reading.ts";
import type { S3Requests } from "./requests.ts";
import { writeBlob } from "./writing.ts";
import type { WriteTerms, Written } from "./writing.ts";

const putAction = "s3:PutObject";
/** Writes of one call. Each is tried again by the SDK where it was not answered. */
const roundsMax = 6;
const roundMs = 50;
const writerDigits = 32;

/** Answers that may follow an effect of ours, although their status is in the 400s. */
const unclearStatus = new Set([404, 408, 409, 412]);

/** Refused at the first try, before any effect. */
function isRefusal(error: unknown): boolean {
  if (error instanceof SpotfoldError) return true;
  const { status, attempts, code } = faultOf(error);
  if (code === "NoSuchBucket" || code === "CredentialsProviderError") return true;
  return attempts === 1 && status !== undefined && status >= 300 && status < 500 && !unclearStatus.has(status);
}

/** Unconditional. A lost reply to the last request of a multipart upload is settled, too: its body cannot be read twice. */
export async function putSettled(
  requests: S3Requests,
  key: string,
  body: BlobBody,
  headers: BlobHeaders,
): Promise<Written> {
  const writer = requests.random.hex(writerDigits);
  // Errors of a body are its own and pass unchanged; so they are kept apart from those of requests.
  let broken: { readonly error: unknown } | undefined;
  async function* guarded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      broken = { error };
      throw error;
    }
  }
  try {
    const unbroken = body instanceof Uint8Array ? body : guarded(body);
    return await writeBlob(requests, key, unbroken, { writer, headers, condition: {} });
  } catch (error) {
    if (broken !== undefined) throw broken.error;
    const found = isRefusal(error) ? null : await headBlob(requests, key).catch(() => null);
    if (found?.writer === writer) return { etag: found.etag, storeTime: found.storeTime };
    throw requests.translated(error, putAction, key);
  }
}

export async function createSettled(
  requests: S3Requests,
  key: string,
  bytes: Uint8Array,
  headers: BlobHeaders,
): Promise<CreateResult> {
  const writer = requests.random.hex(writerDigits);
  for (let round = 1; ; round++) {
    const tried = await tryWrite(requests, key, bytes, { writer, headers, condition: { IfNoneMatch: "*" } });
    if ("etag" in tried) return { created: true, ...tried };
    const found = await getPlain(requests, key);
    if (found !== null) {
      const { etag, storeTime } = found;
      if (found.writer === writer) {
        found.cancel();
        return { created: true, etag, storeTime };
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of found.body) chunks.push(chunk);
      return { created: false, existing: Buffer.concat(chunks), etag, storeTime };
    }
    // Not there: no effect (yet), or what was in the way has been deleted.
    if (round >= roundsMax) throw givenUp(requests, key, tried.failure);
    await requests.backOff(round, roundMs);
  }
}

export async function swapSettled(
  requests: S3Requests,
  key: string,
  bytes: Uint8Array,
  expected: string | null,
  headers: BlobHeaders,
): Promise<SwapResult> {
  const writer = requests.random.hex(writerDigits);
  const condition = expected === null ? ({ IfNoneMatch: "*" } as const) : { IfMatch: quotedEtag(expected) };
  for (let round = 1; ; round++) {
    const tried = await tryWrite(requests, key, bytes, { writer, headers, condition });
    if ("etag" in tried) return { swapped: true, ...tried };
    const { info, storeTime } = await headOrTime(requests, key);
    if (info?.writer === writer) return { swapped: true, etag: info.etag, storeTime };
    if ((info?.etag ?? null) !== expected) return { swapped: false, storeTime };
    // As it was: no effect (yet), or a conflict with somebody who was not successful either.
    if (round >= roundsMax) throw givenUp(requests, key, tried.failure);
    await requests.backOff(round, roundMs);
  }
}

async function tryWrite(
  requests: S3Requests,
  key: string,
  bytes: Uint8Array,
  terms: WriteTerms,
): Promise<Written | { readonly failure: unknown }> {
  try {
    return await writeBlob(requests, key, bytes, terms);
  } catch (failure) {
    if (isRefusal(failure)) throw requests.translated(failure, putAction, key);
    return { failure };
  }
}

function givenUp(requests: S3Requests, key: string, failure: unknown): unknown {
  const { status } = faultOf(failure);
  if (status !== 409 && status !== 412 && status !== 404) return requests.translated(failure, putAction, key);
  return new SpotfoldError(
    "store-unavailable",
    `${requests.place.name} refused to write ${key} ${roundsMax} times, although nothing was in its way.`,
    { hint: "It is in conflict with others; try again.", retryable: true, context: { key, status }, cause: failure },
  );
}
