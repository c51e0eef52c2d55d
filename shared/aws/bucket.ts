/**
 * Finding a bucket: its region, by asking for the bucket from any region. S3 says where it is in the answer, in a redirect and
 * also when it refuses (403), so the right to see the bucket (`s3:ListBucket`) is not needed for it.
 */
import { HeadBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { codeOf } from "../errors.ts";
import { keepServerTime, regionDefault, s3ClientConfig } from "./client.ts";
import { configured } from "./configured.ts";
import type { AwsOptions } from "./client.ts";
import { translated } from "./errors.ts";
import { faultOf } from "./fault.ts";
import { resourceOf } from "./keys.ts";
import type { S3Place } from "./keys.ts";
import type { BucketTerms } from "./requests.ts";

function clientFor(options: AwsOptions): S3Client {
  const client = new S3Client(s3ClientConfig(options));
  keepServerTime(client);
  return client;
}

/**
 * A client that signs for the bucket's own region. Throws what errors.ts says: `no-such-store` when there is no bucket of this
 * name, `no-credentials`, `clock-skew`, `store-unavailable` when nobody answers.
 */
export async function clientOf(place: S3Place, given: AwsOptions, terms: BucketTerms = {}): Promise<S3Client> {
  const options = { region: regionDefault, ...(await configured(given)) };
  const client = clientFor(options);
  try {
    const found = await bucketRegion(client, place, options, terms);
    if (found === undefined || found === options.region) return client;
    client.destroy();
    return clientFor({ ...options, region: found });
  } catch (error) {
    client.destroy();
    throw error;
  }
}

async function bucketRegion(
  client: S3Client,
  place: S3Place,
  options: AwsOptions,
  { requesterPays }: BucketTerms,
): Promise<string | undefined> {
  const { bucket } = place;
  try {
    return (await client.send(new HeadBucketCommand({ Bucket: bucket }))).BucketRegion;
  } catch (error) {
    const { region, status } = faultOf(error);
    if (region !== undefined) return region;
    if (status === undefined || status >= 500) throw failure(error);
  }
  // An answer to HEAD has no words. A list has: expired credentials, no such bucket, a clock that is wrong.
  try {
    const payer = requesterPays === true ? ({ RequestPayer: "requester" } as const) : {};
    await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: place.root, MaxKeys: 1, ...payer }));
    return undefined;
  } catch (error) {
    const { region, status, code } = faultOf(error);
    if (region !== undefined) return region;
    const inWords = failure(error);
    // Whoever may not list may still read and write.
    if (status === 403 && codeOf(inWords) === "access-denied") return undefined;
    throw status === 404 && code !== "NoSuchBucket" ? failure(absent(error)) : inWords;
  }

  function failure(error: unknown): unknown {
    return translated(error, {
      store: place.name,
      action: "s3:ListBucket",
      resource: resourceOf(place),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
    });
  }
}

/** What a 404 says of a bucket, where the server has another word for it. */
function absent(cause: unknown): Error {
  return Object.assign(new Error("There is no such bucket.", { cause }), { Code: "NoSuchBucket" });
}
