/**
 * Deleting many keys: in batches of 1,000, of which S3 answers for each entry. Entries that failed for a while (`SlowDown`,
 * `InternalError`) are sent again, without the others; one that may not be deleted fails the call.
 */
import { DeleteObjectCommand, DeleteObjectsCommand } from "@aws-sdk/client-s3";
import type { _Error } from "@aws-sdk/client-s3";
import { SpotfoldError } from "../errors.ts";
import { faultOf } from "./fault.ts";
import { fitsXml, mayExist } from "./keys.ts";
import type { S3Requests } from "./requests.ts";

/** What S3 takes in one request. */
const batchKeysMax = 1_000;
/** Times that an entry is sent. With the back-off about 10 s. */
const roundsMax = 6;
const roundMs = 150;

const deleteAction = "s3:DeleteObject";

export async function deleteBlobs(requests: S3Requests, keys: readonly string[]): Promise<void> {
  const there = [...new Set(keys)].filter((key) => mayExist(requests.place, key));
  const inXml = there.filter(fitsXml);
  for (let start = 0; start < inXml.length; start += batchKeysMax) {
    await deleteBatch(requests, inXml.slice(start, start + batchKeysMax));
  }
  for (const key of there) if (!fitsXml(key)) await deleteOne(requests, key);
}

async function deleteOne(requests: S3Requests, key: string): Promise<void> {
  try {
    await requests.send((client, options) => client.send(new DeleteObjectCommand(requests.at(key)), options));
  } catch (error) {
    const { status, code } = faultOf(error);
    if (status !== 404 || code === "NoSuchBucket") throw requests.translated(error, deleteAction, key);
  }
}

async function deleteBatch(requests: S3Requests, keys: readonly string[]): Promise<void> {
  const { root } = requests.place;
  let left = keys;
  for (let round = 1; ; round++) {
    const errors = await sendBatch(requests, left);
    if (errors.length === 0) return;
    const failed: string[] = [];
    for (const entry of errors) {
      const key = (entry.Key ?? "").slice(root.length);
      const error = entryError(requests, entry, key);
      if (!(error instanceof SpotfoldError && error.retryable) || round >= roundsMax) throw error;
      failed.push(key);
    }
    left = failed;
    await requests.backOff(round, roundMs);
  }
}

async function sendBatch(requests: S3Requests, keys: readonly string[]): Promise<readonly _Error[]> {
  const { root } = requests.place;
  const Delete = { Objects: keys.map((key) => ({ Key: root + key })), Quiet: true };
  try {
    const answer = await requests.send((client, options) =>
      client.send(new DeleteObjectsCommand({ ...requests.common, Delete }), options),
    );
    return (answer.Errors ?? []).filter(({ Code }) => Code !== "NoSuchKey");
  } catch (error) {
    throw requests.translated(error, deleteAction);
  }
}

/** An entry's error has no status: what the same code would have as an answer of its own. */
const statusOfCode: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  InternalError: 500,
  ServiceUnavailable: 503,
  SlowDown: 503,
};

function entryError(requests: S3Requests, { Code, Message }: _Error, key: string): unknown {
  const code = Code ?? "Unknown";
  const httpStatusCode = statusOfCode[code];
  const error = Object.assign(new Error(Message ?? ""), {
    Code: code,
    $metadata: httpStatusCode === undefined ? {} : { httpStatusCode },
  });
  return requests.translated(error, deleteAction, key);
}
