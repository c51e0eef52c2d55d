/**
 * Makes a bucket where there is none, as stores of ours need it. A bucket that is there is somebody's: it is looked at, and
 * changed in nothing (but see `publicRoot`).
 *
 *   a prefix for anybody that policies cannot name: refused, and nothing is made
 *   find it --there--> left as it is
 *     '--absent--> CreateBucket --made--> public access blocked -> uploads that broke off end after a day -> CORS, if it is for
 *                    |                    browsers -> reading by anybody, if that was asked for
 *                    '--somebody was quicker--> there, when it is ours
 *
 * Each step answers for itself: when one is refused, the others are tried, and all is told. Twice is once.
 */
import {
  CreateBucketCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { BucketLocationConstraint } from "@aws-sdk/client-s3";
import { codeOf, SpotfoldError } from "../errors.ts";
import { clientOf } from "./bucket.ts";
import { regionDefault, s3ClientConfig } from "./client.ts";
import type { AwsOptions } from "./client.ts";
import { configured } from "./configured.ts";
import { translated } from "./errors.ts";
import { faultOf } from "./fault.ts";
import { failed } from "./made.ts";
import type { Made } from "./made.ts";
import { checkPublicRoot, openToAnybody, publicAccessBlocked, publicPrefixOf } from "./public-prefix.ts";

/** A part of an upload that broke off is paid for until it is ended; none of ours takes so long. */
export const uploadDaysMax = 1;
/** Browsers ask again whether they may read after this. */
const corsSecondsMax = 3_600;
/** S3's own: the one region that is named by leaving it out. */
const unnamedRegion = "us-east-1";

export interface BucketWish {
  readonly bucket: string;
  /** Pages of other origins may read it, as far as they may read it at all. */
  readonly forBrowsers: boolean;
  /** What is below this (empty, or ends in `/`) is readable by anybody. Done to a bucket that is there, too: it was asked for by name. */
  readonly publicRoot?: string;
}

/** The rule of the lifecycle configuration that a bucket of ours gets. */
export const uploadRule = {
  ID: "spotfold-uploads-that-broke-off",
  Status: "Enabled",
  Filter: { Prefix: "" },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: uploadDaysMax },
} as const;

export const corsRule = {
  AllowedMethods: ["GET", "HEAD"],
  AllowedOrigins: ["*"],
  AllowedHeaders: ["*"],
  ExposeHeaders: ["ETag", "Date", "Last-Modified"],
  MaxAgeSeconds: corsSecondsMax,
};

/** Never throws for what the server says: that is in what it yields. */
export async function* makeBucket(wish: BucketWish, aws: AwsOptions): AsyncGenerator<Made> {
  const what = `bucket s3://${wish.bucket}`;
  const { bucket, publicRoot } = wish;
  try {
    if (publicRoot !== undefined) checkPublicRoot(bucket, publicRoot);
  } catch (error) {
    // Nothing is made for a prefix that will be another one.
    yield failed(publicPrefixOf(bucket, publicRoot ?? ""), error);
    return;
  }
  let client: S3Client | undefined;
  let made: boolean;
  try {
    client = await find(wish, aws);
    made = client === undefined;
    if (client === undefined) {
      client = await clientToMakeWith(aws);
      made = await create(client, wish.bucket, aws);
    } else await look(client, wish.bucket, aws);
    const region = await client.config.region();
    yield made ? { what, state: "made", detail: region } : { what, state: "there", detail: `${region}; left as it is` };
  } catch (error) {
    client?.destroy();
    yield failed(what, error);
    return;
  }
  try {
    if (made) yield* furnish(client, wish, aws);
    if (publicRoot !== undefined) yield await openToAnybody(client, bucket, publicRoot, aws);
  } finally {
    client.destroy();
  }
}

async function find({ bucket }: BucketWish, aws: AwsOptions): Promise<S3Client | undefined> {
  try {
    return await clientOf({ bucket, root: "", name: `s3://${bucket}` }, aws);
  } catch (error) {
    if (codeOf(error) === "no-such-store" && faultOf((error as SpotfoldError).cause).code !== "InvalidBucketName")
      return undefined;
    throw error;
  }
}

/** One that is there and that we may not see is mostly somebody else's: names of buckets are the whole world's. */
async function look(client: S3Client, bucket: string, aws: AwsOptions): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    const { status } = faultOf(error);
    throw status === 403 ? taken(bucket, error) : inWords(error, "s3:ListBucket", bucket, aws);
  }
}

function taken(bucket: string, cause: unknown): SpotfoldError {
  return new SpotfoldError("access-denied", `There is a bucket ${bucket}, and these credentials may not see it.`, {
    hint: "Choose another name, if it is somebody else's: all accounts share the names of buckets. Else allow s3:ListBucket on it.",
    context: { bucket },
    cause,
  });
}

/** In the region that every tool of AWS would take. A server that is not AWS's has one region or takes any. */
async function clientToMakeWith(aws: AwsOptions): Promise<S3Client> {
  const options = await configured(aws);
  const region = options.region ?? (options.s3Endpoint === undefined ? undefined : regionDefault);
  if (region !== undefined) return new S3Client(s3ClientConfig({ ...options, region }));
  throw new SpotfoldError("usage", "No region is configured, and a bucket is made in one.", {
    hint: "Set AWS_REGION, or a region in the profile: aws configure set region eu-west-1.",
  });
}

/** False when somebody made it meanwhile, and it is ours. */
async function create(client: S3Client, bucket: string, aws: AwsOptions): Promise<boolean> {
  const region = await client.config.region();
  const constraint = region as BucketLocationConstraint;
  const location = region === unnamedRegion ? {} : { CreateBucketConfiguration: { LocationConstraint: constraint } };
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ...location }));
    return true;
  } catch (error) {
    const { code } = faultOf(error);
    if (code === "BucketAlreadyOwnedByYou") return false;
    if (code === "BucketAlreadyExists") throw taken(bucket, error);
    throw inWords(error, "s3:CreateBucket", bucket, aws);
  }
}

async function* furnish(client: S3Client, wish: BucketWish, aws: AwsOptions): AsyncGenerator<Made> {
  const Bucket = wish.bucket;
  const step = async (of: string, detail: string, action: string, request: () => Promise<unknown>): Promise<Made> => {
    const what = `${of} of s3://${Bucket}`;
    try {
      await request();
      return { what, state: "made", detail };
    } catch (error) {
      return failed(what, inWords(error, action, Bucket, aws));
    }
  };
  if (wish.publicRoot === undefined) {
    yield await step("public access", "blocked", "s3:PutBucketPublicAccessBlock", async () => {
      const PublicAccessBlockConfiguration = publicAccessBlocked;
      await client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    });
  }
  const ended = `uploads that broke off end after ${uploadDaysMax} day`;
  yield await step("lifecycle", ended, "s3:PutLifecycleConfiguration", async () => {
    const LifecycleConfiguration = { Rules: [uploadRule] };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  });
  if (!wish.forBrowsers) return;
  yield await step("CORS", "pages of any origin may GET and HEAD", "s3:PutBucketCORS", async () => {
    const CORSConfiguration = { CORSRules: [corsRule] };
    await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
  });
}

function inWords(error: unknown, action: string, bucket: string, { profile }: AwsOptions): unknown {
  return translated(error, {
    store: `s3://${bucket}`,
    action,
    resource: `arn:aws:s3:::${bucket}`,
    ...(profile === undefined ? {} : { profile }),
  });
}
