/** The server of `npm run test:backend`: places and queues of a suite's own on it, deleted at its end. */
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { regionDefault, s3ClientConfig, sqsClientConfig } from "../../shared/aws/client.ts";
import type { AwsOptions } from "../../shared/aws/client.ts";
import { decodeListed, fitsXml } from "../../shared/aws/keys.ts";
import { S3BlobStore, type S3StoreOptions } from "../../shared/aws/store.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { backendSettings } from "./settings.ts";

const idDigits = 12;
/** Places of one run: some for each test. */
const placeDigits = 4;

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
  /** Deletes all that was made. Takes as long as so many requests do. */
  close(): Promise<void>;
}

/** For the hook that calls `close`: thousands of blobs, on a server that may be slow or far. */
export const closeMsMax = 600_000;

/** To be called in a `before` hook, and closed in an `after` hook. */
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
    async close() {
      await emptyPrefix(s3, bucket, prefix);
      if (named === undefined) await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
      for (const url of queues) await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
      s3.destroy();
      sqs.destroy();
    },
    async newQueue(name = `${queues.length + 1}`) {
      const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: `${queueBase}-${name}` }));
      queues.push(url);
      return url;
    },
  };
}

/** Deletes all blobs, and ends all uploads, below a prefix. */
async function emptyPrefix(s3: S3Client, bucket: string, prefix: string): Promise<void> {
  for (;;) {
    const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, EncodingType: "url" });
    const { Contents: found = [], EncodingType: encoding } = await s3.send(list);
    const keys = found.map(({ Key = "" }) => (encoding === "url" ? decodeListed(Key) : Key));
    if (keys.length === 0) break;
    // Not every key can be told in a batch's XML.
    const Objects = keys.filter(fitsXml).map((Key) => ({ Key }));
    const Delete = { Objects, Quiet: true };
    if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }));
    for (const Key of keys.filter((key) => !fitsXml(key))) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    }
  }
  // Servers differ in whether they list uploads by prefix.
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
  for (const { Key, UploadId } of Uploads) {
    if (Key?.startsWith(prefix) !== true) continue;
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
}
