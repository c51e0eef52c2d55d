/** Stores on a moto server, each in a bucket of its own: moto lists a bucket by sorting all of it. */
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { s3ClientConfig } from "../../shared/aws/client.ts";
import type { AwsOptions } from "../../shared/aws/client.ts";
import { S3BlobStore } from "../../shared/aws/store.ts";
import type { S3StoreOptions } from "../../shared/aws/store.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import type { Moto } from "./moto.ts";
import { atEnd } from "./cleanup.ts";

/** Keys that moto takes for an account; the SDK finds them where it looks first, and asks nobody else for any. */
export function useMotoCredentials(moto: Moto): void {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) process.env[name] = moto.env[name];
  process.env["AWS_EC2_METADATA_DISABLED"] = "true";
}

/** For servers of the test that take anybody, in the environment of a process. */
export const testCredentials: Readonly<Record<string, string>> = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  AWS_EC2_METADATA_DISABLED: "true",
};

/** The same in this process. */
export function useTestCredentials(): void {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) process.env[name] = testCredentials[name];
  process.env["AWS_EC2_METADATA_DISABLED"] = "true";
}

let buckets = 0;

/** The place of a new, empty bucket. */
export async function newBucket(endpoint: string): Promise<string> {
  const client = new S3Client(s3ClientConfig({ s3Endpoint: endpoint, region: "us-east-1" }));
  const bucket = `spotfold-test-${process.pid}-${++buckets}`;
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
  return `s3://${bucket}`;
}

/** Closed at the end of the test. */
export async function openS3(
  endpoint: string,
  place: string,
  options: Partial<Omit<S3StoreOptions, "place" | "aws">> & { readonly aws?: Partial<AwsOptions> } = {},
): Promise<S3BlobStore> {
  const store = await S3BlobStore.open({
    clock: systemClock,
    random: systemRandom,
    ...options,
    place,
    aws: { s3Endpoint: endpoint, region: "us-east-1", ...options.aws },
  });
  atEnd(() => store.close());
  return store;
}
