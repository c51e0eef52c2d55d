/**
 * What `npm run test:backend` works with: the server that the AWS variables name, and what may be used there. It makes
 * everything that it uses under random names of its own, and deletes that; nothing else is read, written or deleted.
 */
import type { AwsOptions } from "../../shared/aws/client.ts";
import { awsOptions } from "../../shared/config/aws.ts";

export const usage = `npm run test:backend [-- FILE_OR_FOLDER...] [--grep TEXT] [--bail]

Runs the contract suites of stores and queues, and a run from end to end with a master and two workers, against a server
that speaks S3 and SQS. docs/backends.md lists those that were run, with what each cannot do.

  AWS_ENDPOINT_URL              the server; AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL_SQS where they are two
  AWS_ACCESS_KEY_ID, ...        credentials, region and profile, as for every tool of AWS
  SPOTFOLD_TEST_BUCKET=NAME     a bucket that is there: all blobs lie below spotfold-test-<random>/ in it
  SPOTFOLD_TEST_QUEUE=NAME      all queues are made as NAME-<random>-...

Without SPOTFOLD_TEST_BUCKET it makes a bucket spotfold-test-<random>, without SPOTFOLD_TEST_QUEUE its queues begin with
spotfold-test. With no endpoint it is AWS itself, which costs money (some cents): then both must be named, and no bucket is made.

What it makes it deletes at its end: blobs and uploads below its prefix, its bucket, its queues. Interrupted, it leaves them;
their names are in its first lines.

Rights on BUCKET/spotfold-test-*: s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload; on BUCKET: s3:ListBucket,
s3:ListBucketMultipartUploads (and s3:CreateBucket, s3:DeleteBucket where it makes its own). On queues NAME-*: sqs:CreateQueue,
sqs:DeleteQueue, sqs:GetQueueUrl, sqs:GetQueueAttributes, sqs:SendMessage, sqs:ReceiveMessage, sqs:DeleteMessage,
sqs:ChangeMessageVisibility.`;

type Variables = Readonly<Record<string, string | undefined>>;

export interface BackendSettings {
  readonly aws: AwsOptions;
  /** Absent: one is made. */
  readonly bucket: string | undefined;
  readonly queuePrefix: string;
  /** For people. */
  readonly server: string;
}

/** Throws, with what is lacking and the usage. */
export function backendSettings(variables: Variables): BackendSettings {
  const aws = awsOptions(variables);
  const bucket = variables["SPOTFOLD_TEST_BUCKET"] || undefined;
  const queue = variables["SPOTFOLD_TEST_QUEUE"] || undefined;
  const lacking = [
    ...(aws.s3Endpoint === undefined && bucket === undefined ? ["SPOTFOLD_TEST_BUCKET"] : []),
    ...(aws.sqsEndpoint === undefined && queue === undefined ? ["SPOTFOLD_TEST_QUEUE"] : []),
  ];
  if (lacking.length > 0) {
    const services = [aws.s3Endpoint === undefined ? "S3" : "", aws.sqsEndpoint === undefined ? "SQS" : ""];
    const own = services.filter((service) => service !== "").join(" and ");
    throw new Error(`No endpoint for ${own}, so this would be AWS itself: set ${lacking.join(" and ")}.\n\n${usage}`);
  }
  if (queue !== undefined && !/^[A-Za-z0-9_-]{1,40}$/.test(queue)) {
    throw new Error(`SPOTFOLD_TEST_QUEUE is not 1 to 40 letters, digits, - and _: ${JSON.stringify(queue)}.`);
  }
  const server = `S3 at ${aws.s3Endpoint ?? "AWS"}, SQS at ${aws.sqsEndpoint ?? "AWS"}`;
  return { aws, bucket, queuePrefix: queue ?? "spotfold-test", server };
}
