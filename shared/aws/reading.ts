/**
 * Reading blobs from S3: `get` with ranges, `head`, and bodies that outlive their connections.
 *
 *   open --bytes--> reading --cut, or silent for 30 s--> wait -> open again from here, If-Match -> reading ... -> all bytes
 *                                                          that fails with 412 or 404: `changed`; 6 times without a byte: given up
 *
 * A body ends when it has given as many bytes as it was asked for, never because a connection ended.
 */
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import { SpotfoldError } from "../errors.ts";
import type { Blob, BlobInfo, GetOptions } from "../ports/blob-store.ts";
import { faultOf } from "./fault.ts";
import { bareEtag, mayExist, quotedEtag } from "./keys.ts";
import { isGzip } from "./published.ts";
import { writerMetadata } from "./requests.ts";
import type { S3Requests } from "./requests.ts";

/** Openings in a row that gave no byte. Each is tried again by the SDK, too. */
const openingsMax = 6;
const reopenMs = 100;

export interface ReadInfo extends BlobInfo {
  readonly storeTime: number;
  /** The write that made it, when it was one of ours. */
  readonly writer: string | undefined;
  /** Its headers say that its bytes are gzip; `size` counts those. */
  readonly gzipped: boolean;
}

export type ReadBlob = ReadInfo & Blob;

const getAction = "s3:GetObject";

/** Null when there is none, also for keys that S3 cannot hold. Fails with `changed` when `ifMatch` does not hold. */
export async function headBlob(
  requests: S3Requests,
  key: string,
  options: Pick<GetOptions, "ifMatch" | "signal"> = {},
): Promise<ReadInfo | null> {
  return mayExist(requests.place, key) ? (await headOrTime(requests, key, options)).info : null;
}

/** `headBlob`, with the store's time also when there is none. The key must be one that S3 can hold. */
export async function headOrTime(
  requests: S3Requests,
  key: string,
  { ifMatch, signal }: Pick<GetOptions, "ifMatch" | "signal"> = {},
): Promise<{ info: ReadInfo; storeTime: number } | { info: null; storeTime: number }> {
  const condition = ifMatch === undefined ? {} : { IfMatch: quotedEtag(ifMatch) };
  try {
    const answer = await requests.send(
      (client, options) => client.send(new HeadObjectCommand({ ...requests.at(key), ...condition }), options),
      signal,
    );
    const info = infoOf(requests, key, answer, answer.ContentLength ?? 0);
    return { info, storeTime: info.storeTime };
  } catch (error) {
    if (isAbsent(error)) return { info: null, storeTime: requests.timeOf(error) };
    if (isChanged(error)) throw changed(requests, key, ifMatch, error);
    throw requests.translated(await explained(requests, key, error, signal), getAction, key);
  }
}

/** Answers to HEAD have no body, hence no words: a refusal is asked for again by a request whose answer has them. */
async function explained(
  requests: S3Requests,
  key: string,
  refusal: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { status } = faultOf(refusal);
  if (status === undefined || status >= 500) return refusal;
  try {
    const options = { range: { start: 0, end: 1 }, ...(signal === undefined ? {} : { signal }) };
    streamOf(requests, await openBody(requests, key, 0, 1, options)).destroy();
    return refusal;
  } catch (error) {
    signal?.throwIfAborted();
    return error;
  }
}

export async function getBlob(requests: S3Requests, key: string, options: GetOptions = {}): Promise<ReadBlob | null> {
  options.signal?.throwIfAborted();
  if (!mayExist(requests.place, key)) return null;
  const { range } = options;
  if (range !== undefined && range.start >= range.end) return await emptyBlob(requests, key, options);
  let answer: GetObjectCommandOutput;
  try {
    answer = await openBody(requests, key, range?.start ?? 0, range?.end, options);
  } catch (error) {
    if (isAbsent(error)) return null;
    // Nothing lies at or past the start; an answer to a range of nothing tells no size.
    if (range !== undefined && faultOf(error).status === 416) return await emptyBlob(requests, key, options);
    throw isChanged(error)
      ? changed(requests, key, options.ifMatch, error)
      : requests.translated(error, getAction, key);
  }
  const first = streamOf(requests, answer);
  const size = range === undefined ? answer.ContentLength : totalOf(answer.ContentRange);
  if (size === undefined) {
    first.destroy();
    throw rangeless(requests, key);
  }
  const info = infoOf(requests, key, answer, size);
  const start = range?.start ?? 0;
  return { ...info, ...body(requests, info, first, start, Math.min(size, range?.end ?? size), options.signal) };
}

function rangeless({ place }: S3Requests, key: string): SpotfoldError {
  return new SpotfoldError("store-unfit", `${place.name} does not answer to requests for a range.`, {
    hint: "Use S3, or a server that honours Range.",
    context: { store: place.name, key },
  });
}

async function emptyBlob(requests: S3Requests, key: string, options: GetOptions): Promise<ReadBlob | null> {
  const info = await headBlob(requests, key, options);
  return info === null ? null : { ...info, ...body(requests, info, Readable.from([]), 0, 0, options.signal) };
}

/** `end` undefined: to the end of the blob. */
async function openBody(
  requests: S3Requests,
  key: string,
  start: number,
  end: number | undefined,
  { range, ifMatch, signal }: GetOptions,
): Promise<GetObjectCommandOutput> {
  const input = {
    ...requests.at(key),
    ...(range === undefined && start === 0 ? {} : { Range: `bytes=${start}-${end === undefined ? "" : end - 1}` }),
    ...(ifMatch === undefined ? {} : { IfMatch: quotedEtag(ifMatch) }),
  };
  return await requests.send((client, options) => client.send(new GetObjectCommand(input), options), signal);
}

function body(
  requests: S3Requests,
  info: ReadInfo,
  first: Readable,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Pick<Blob, "body" | "cancel"> {
  const { key, etag } = info;
  let stream = first;
  let cancelled = false;
  const check = (): void => {
    signal?.throwIfAborted();
    // An end that looks like any other would be taken for the whole body.
    if (cancelled) throw new SpotfoldError("internal", "A body was read after it was cancelled.");
  };

  async function* bytes(): AsyncGenerator<Uint8Array> {
    let position = start;
    let cut: unknown = new Error("the connection ended early");
    try {
      for (let openings = 1; ; openings++) {
        try {
          check();
          for await (const chunk of watched(stream, requests.silentMsMax)) {
            position += chunk.length;
            openings = 0;
            yield chunk;
            check();
          }
        } catch (error) {
          check();
          cut = error;
        }
        check();
        if (position >= end) return;
        if (openings >= openingsMax) throw requests.translated(cut, getAction, key);
        await requests.backOff(openings, reopenMs, signal);
        check();
        stream = await again(position);
      }
    } finally {
      stream.destroy();
    }
  }

  async function again(position: number): Promise<Readable> {
    try {
      const range = { start: position, end };
      const options = { range, ifMatch: etag, ...(signal === undefined ? {} : { signal }) };
      const answer = await openBody(requests, key, position, end, options);
      const rest = streamOf(requests, answer);
      if (answer.ContentRange?.startsWith(`bytes ${position}-`) === true) return rest;
      rest.destroy();
      throw rangeless(requests, key);
    } catch (error) {
      const gone = isChanged(error) || isAbsent(error) || faultOf(error).status === 416;
      throw gone ? changed(requests, key, etag, error) : requests.translated(error, getAction, key);
    }
  }

  return {
    body: bytes(),
    cancel: () => {
      cancelled = true;
      stream.destroy();
    },
  };
}

/** The stream's chunks; it fails when somebody waits and nothing comes. A reader that pauses is not watched. */
async function* watched(stream: Readable, silentMs: number): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  for (;;) {
    const silent = Object.assign(new Error(`No byte came for ${silentMs / 1000} s.`), { name: "TimeoutError" });
    const timer = setTimeout(() => stream.destroy(silent), silentMs);
    const next = await chunks.next().finally(() => clearTimeout(timer));
    if (next.done === true) return;
    yield next.value;
  }
}

function streamOf(requests: S3Requests, answer: GetObjectCommandOutput): Readable {
  if (!(answer.Body instanceof Readable)) {
    throw new SpotfoldError("internal", `An answer of ${requests.place.name} has no body.`);
  }
  // A stream that nobody reads (yet) may fail: its reader meets the error, or there is none.
  return answer.Body.on("error", () => undefined);
}

/** The total of `bytes 3-6/10`. */
function totalOf(contentRange: string | undefined): number | undefined {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(contentRange ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

function infoOf(
  requests: S3Requests,
  key: string,
  answer: GetObjectCommandOutput | HeadObjectCommandOutput,
  size: number,
): ReadInfo {
  return {
    key,
    size,
    etag: bareEtag(answer.ETag, requests.place.name),
    lastModified: answer.LastModified?.getTime() ?? 0,
    storeTime: requests.timeOf(answer),
    writer: answer.Metadata?.[writerMetadata],
    gzipped: isGzip(answer.ContentEncoding),
  };
}

/** No such key. An absent bucket is something else. */
function isAbsent(error: unknown): error is Error {
  const { status, code } = faultOf(error);
  return status === 404 && code !== "NoSuchBucket";
}

function isChanged(error: unknown): boolean {
  return faultOf(error).status === 412;
}

function changed(requests: S3Requests, key: string, expected: string | undefined, cause: unknown): SpotfoldError {
  return new SpotfoldError("changed", `The blob ${key} is not the one that was asked for.`, {
    context: { store: requests.place.name, key, expected },
    cause,
  });
}
