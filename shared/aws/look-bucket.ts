/**
 * What a bucket says of itself, for `doctor`: region, clock, server, and the settings that Spotfold does without but whoever
 * pays for it does not. Asking for those needs rights that nothing else of ours needs: what is denied is not looked at.
 */
import {
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadBucketCommand,
  type LifecycleRule,
  type S3Client,
} from "@aws-sdk/client-s3";
import { clientOf } from "./bucket.ts";
import { serverTimeOf } from "./client.ts";
import type { AwsOptions } from "./client.ts";
import { faultOf } from "./fault.ts";
import { headerOf } from "./headers.ts";
import { parseS3Place } from "./keys.ts";

export type Found = "there" | "absent" | "not looked at";

export interface BucketLook {
  readonly bucket: string;
  readonly region: string;
  /** As its answers call it; undefined where they do not. */
  readonly server: string | undefined;
  /** The store's clock, whole seconds, at some moment between our two. ms since the epoch; undefined where it tells none. */
  readonly storeTime: number | undefined;
  readonly ourTime: readonly [asked: number, answered: number];
  /** A rule that ends uploads that broke off, for all of the bucket or for what is below the place. */
  readonly uploadRule: Found;
  readonly cors: Found;
}

/** Throws what `clientOf` throws. */
export async function lookAtBucket(text: string, aws: AwsOptions): Promise<BucketLook> {
  const place = parseS3Place(text);
  const { bucket } = place;
  const client = await clientOf(place, aws);
  try {
    const server = serverOf(client);
    const asked = Date.now();
    // The answer's head is what counts, also that of a refusal.
    const answer = await client
      .send(new HeadBucketCommand({ Bucket: bucket }))
      .catch((error: unknown) => error as object);
    const answered = Date.now();
    const uploadRule = await found(async () => {
      const { Rules: rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
      return rules.some((rule) => endsUploads(rule, place.root));
    });
    const cors = await found(async () => {
      const { CORSRules: rules = [] } = await client.send(new GetBucketCorsCommand({ Bucket: bucket }));
      return rules.some(({ AllowedMethods: methods = [] }) => methods.includes("GET"));
    });
    return {
      bucket,
      region: await client.config.region(),
      server: server(),
      storeTime: serverTimeOf(answer),
      ourTime: [asked, answered],
      uploadRule,
      cors,
    };
  } finally {
    client.destroy();
  }
}

/** The server's name, once it has answered. */
function serverOf(client: S3Client): () => string | undefined {
  let name: string | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      name ??= headerOf(result.response, "server");
      return result;
    },
    { step: "deserialize", name: "spotfoldServerName", priority: "high" },
  );
  return () => name;
}

async function found(look: () => Promise<boolean>): Promise<Found> {
  try {
    return (await look()) ? "there" : "absent";
  } catch (error) {
    return /^NoSuch(?:LifecycleConfiguration|CORSConfiguration)$/.test(faultOf(error).code)
      ? "absent"
      : "not looked at";
  }
}

function endsUploads(
  { Status: status, Filter: filter, AbortIncompleteMultipartUpload: end }: LifecycleRule,
  root: string,
) {
  if (status !== "Enabled" || end === undefined) return false;
  const others = filter?.Tag ?? filter?.And;
  return others === undefined && root.startsWith(filter?.Prefix ?? "");
}
