/**
 * Writing blobs to S3: in one request while they are small, else as a multipart upload of parts that are made while earlier
 * ones are on their way. A blob appears with its last request, whole, or not at all.
 *
 *   parts --one only--> PutObject
 *         --more--> CreateMultipartUpload -> UploadPart ... (a few at a time) -> CompleteMultipartUpload
 *                     anything fails: AbortMultipartUpload, and the error passes on
 *
 * An upload that could not even be aborted (the process died) stays until a lifecycle rule ends it
 * (AbortIncompleteMultipartUpload). Errors of requests come out raw here, those of a body unchanged.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { CompletedPart } from "@aws-sdk/client-s3";
import { SpotfoldError } from "../errors.ts";
import type { BlobBody } from "../ports/blob-store.ts";
import { bareEtag } from "./keys.ts";
import type { BlobHeaders } from "./published.ts";
import { writerMetadata } from "./requests.ts";
import type { S3Requests } from "./requests.ts";

/** A part, and the largest blob that goes in one request. S3 takes parts from 5 MiB; what is in memory is a few of them. */
export const partBytes = 8 * 1024 * 1024;
/** From this part on they are larger, so that 10,000, the most there may be, hold 5 TiB/10. */
const smallParts = 1_000;
const largePartBytes = 64 * 1024 * 1024;
const partsMax = 10_000;
/** On their way at once: fills a link of 1 Gbit/s, and keeps 32 MiB. */
const partsInFlightMax = 4;

export interface WriteCondition {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: "*";
}

/** What is written beside the bytes. */
export interface WriteTerms {
  /** Put into the blob's metadata: the name of this write. */
  readonly writer: string;
  readonly headers: BlobHeaders;
  /** Tested by the request that makes the blob appear. */
  readonly condition: WriteCondition;
}

export interface Written {
  readonly etag: string;
  readonly storeTime: number;
}

export async function writeBlob(
  requests: S3Requests,
  key: string,
  body: BlobBody,
  terms: WriteTerms,
): Promise<Written> {
  const parts = partsOf(body);
  try {
    const first = await parts.next();
    const second = await parts.next();
    const begin = first.done === true ? [new Uint8Array(0)] : [first.value];
    if (second.done === true) return await writeWhole(requests, key, begin[0] as Uint8Array, terms);
    return await writeParts(requests, key, [...begin, second.value], parts, terms);
  } finally {
    await parts.return(undefined);
  }
}

async function writeWhole(requests: S3Requests, key: string, bytes: Uint8Array, terms: WriteTerms): Promise<Written> {
  const answer = await requests.send((client, options) =>
    client.send(new PutObjectCommand({ ...begun(requests, key, terms), ...terms.condition, Body: bytes }), options),
  );
  return { etag: bareEtag(answer.ETag, requests.place.name), storeTime: requests.timeOf(answer) };
}

/** What the request says that begins a blob: the only one of an upload in parts that takes it. */
function begun(requests: S3Requests, key: string, { writer, headers }: WriteTerms) {
  return { ...requests.at(key), ...requests.encryption, ...headers, Metadata: { [writerMetadata]: writer } };
}

async function writeParts(
  requests: S3Requests,
  key: string,
  begin: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
  terms: WriteTerms,
): Promise<Written> {
  const { UploadId } = await requests.send((client, options) =>
    client.send(new CreateMultipartUploadCommand(begun(requests, key, terms)), options),
  );
  if (UploadId === undefined) {
    throw new SpotfoldError("store-unfit", `${requests.place.name} began an upload without an id for it.`);
  }
  const upload = { ...requests.at(key), UploadId };
  try {
    const Parts = await uploadParts(requests, upload, begin, rest);
    const answer = await requests.send((client, options) =>
      client.send(
        new CompleteMultipartUploadCommand({ ...upload, ...terms.condition, MultipartUpload: { Parts } }),
        options,
      ),
    );
    return { etag: bareEtag(answer.ETag, requests.place.name), storeTime: requests.timeOf(answer) };
  } catch (error) {
    // After an upload that is complete, or when this fails too, nothing is lost that a lifecycle rule does not find.
    await requests
      .send((client, options) => client.send(new AbortMultipartUploadCommand(upload), options))
      .catch(() => undefined);
    throw error;
  }
}

async function uploadParts(
  requests: S3Requests,
  upload: ReturnType<S3Requests["at"]> & { UploadId: string },
  begin: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): Promise<CompletedPart[]> {
  const done: CompletedPart[] = [];
  const pending: Promise<CompletedPart>[] = [];
  let number = 0;
  const start = async (bytes: Uint8Array): Promise<void> => {
    const PartNumber = ++number;
    if (PartNumber > partsMax) {
      throw new SpotfoldError("limit", `${upload.Key} has more than ${partsMax} parts, the most that S3 takes.`);
    }
    if (pending.length >= partsInFlightMax) done.push(await (pending.shift() as Promise<CompletedPart>));
    const part = requests
      .send((client, options) => client.send(new UploadPartCommand({ ...upload, PartNumber, Body: bytes }), options))
      .then(({ ETag }) => ({ PartNumber, ...(ETag === undefined ? {} : { ETag }) }));
    // It may fail while nobody waits for it yet.
    part.catch(() => undefined);
    pending.push(part);
  };
  try {
    for (const bytes of begin) await start(bytes);
    for await (const bytes of rest) await start(bytes);
    done.push(...(await Promise.all(pending)));
    return done;
  } finally {
    // An upload that is aborted while a part is on its way keeps that part.
    await Promise.allSettled(pending);
  }
}

/** The body in parts. Chunks are copied: a producer may use its buffer again. No part at all for an empty body. */
async function* partsOf(body: BlobBody): AsyncGenerator<Uint8Array, undefined> {
  const chunks = body instanceof Uint8Array ? [body] : body;
  let pieces: Uint8Array[] = [];
  let length = 0;
  let yielded = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      const size = yielded < smallParts ? partBytes : largePartBytes;
      // Not `slice`: a Buffer's is no copy.
      const piece = new Uint8Array(chunk.subarray(offset, offset + size - length));
      pieces.push(piece);
      offset += piece.length;
      length += piece.length;
      if (length < size) continue;
      yield joined(pieces);
      yielded++;
      pieces = [];
      length = 0;
    }
  }
  if (length > 0) yield joined(pieces);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}
