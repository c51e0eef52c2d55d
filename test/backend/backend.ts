/** The server of `npm run test:backend`: places and queues of this process's own on it, deleted at the end of the run. */
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import pLimit from "p-limit";
import { regionDefault, s3ClientConfig, sqsClientConfig } from "../../shared/aws/client.ts";
import type { AwsOptions } from "../../shared/aws/client.ts";
import { decodeListed } from "../../shared/aws/keys.ts";
import { S3BlobStore, type S3StoreOptions } from "../../shared/aws/store.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { atEnd } from "../support/cleanup.ts";
import { backendSettings } from "./settings.ts";

const idDigits = 12;
/** Places of one run: some for each test. */
const placeDigits = 4;
const deletesAtOnce = 20;

export interface Backend {
  readonly aws: AwsOptions;
  readonly sqs: SQSClient;
  /** `s3://...`, empty. */
  newPlace(): string;
  /** What a place takes of the 1,024 bytes that a key may have, at most. */
  readonly placeBytes: number;
  openStore(place: string, terms?: Pick<S3StoreOptions, "published">): Promise<S3BlobStore>;
  /** The URL of a new queue. Without a name it has the next number. */
  newQueue(name?: string): Promise<string>;
  /** What this process's queues begin with. */
  readonly queueBase: string;
}

/** To be called in a `before` hook: what it makes is deleted at the end of the run. */
export async function openBackend(): Promise<Backend> {
  const { aws: given, bucket: named, queuePrefix, server } = backendSettings(process.env);
  const custom = given.s3Endpoint !== undefined || given.sqsEndpoint !== undefined;
  const aws = custom ? { region: regionDefault, ...given } : given;
  const id = systemRandom.hex(idDigits);
  const bucket = named ?? `spotfold-test-${id}`;
  const prefix = `spotfold-test-${id}/`;
  const queueBase = `${queuePrefix}-${id}`;
  console.log(`${server}: s3://${bucket}/${prefix} and queues ${queueBase}-*`);

  const s3 = new S3Client({ ...s3ClientConfig(aws), followRegionRedirects: true });
  const sqs = new SQSClient({ ...sqsClientConfig(aws), useQueueUrlAsEndpoint: false });
  const queues: string[] = [];
  atEnd(async () => {
    await emptyPrefix(s3, bucket, prefix);
    if (named === undefined) await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
    for (const url of queues) await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    s3.destroy();
    sqs.destroy();
  });
  if (named === undefined) await s3.send(new CreateBucketCommand({ Bucket: bucket }));

  let places = 0;
  return {
    aws,
    sqs,
    queueBase,
    newPlace: () => `s3://${bucket}/${prefix}${String(++places).padStart(placeDigits, "0")}`,
    placeBytes: prefix.length + placeDigits + 1,
    openStore: async (place, terms = {}) =>
      await S3BlobStore.open({ place, aws, clock: systemClock, random: systemRandom, ...terms }),
    async newQueue(name = `${queues.length + 1}`) {
      const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: `${queueBase}-${name}` }));
      queues.push(url);
      return url;
    },
  };
}

/** Deletes all blobs, one by one as not every key fits into a batch's XML, and ends all uploads, below a prefix. */
async function emptyPrefix(s3: S3Client, bucket: string, prefix: string): Promise<void> {
  const inFlight = pLimit(deletesAtOnce);
  for (;;) {
    const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, EncodingType: "url" });
    const { Contents: found = [], EncodingType: encoding } = await s3.send(list);
    const keys = found.map(({ Key = "" }) => (encoding === "url" ? decodeListed(Key) : Key));
    if (keys.length === 0) break;
    await inFlight.map(keys, async (Key) => await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key })));
  }
  // Servers differ in whether they list uploads by prefix.
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
  for (const { Key, UploadId } of Uploads) {
    if (Key?.startsWith(prefix) !== true) continue;
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
}
