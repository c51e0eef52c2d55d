/**
 * Lets anybody read what is below a prefix of a bucket, and nothing else of it: the public access block is relaxed for
 * policies (never for ACLs), and the bucket's policy allows `s3:GetObject` there. No listing.
 *
 *   look for a policy --ours--> there
 *     |                '--another--> left alone, the statement is shown: policies are one document, and what stands in it may
 *     '--none--> block relaxed --> policy put                          be there to protect
 *                                   '--refused--> block closed again; said so, also when that did not work
 *                                   '--no answer--> it may have got through: the block stays as it is, and that is said
 */
import {
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { SpotfoldError } from "../errors.ts";
import type { AwsOptions } from "./client.ts";
import { translated } from "./errors.ts";
import { faultOf } from "./fault.ts";
import { failed } from "./made.ts";
import type { Made } from "./made.ts";

/** ACLs stay blocked: a policy is what can be read in one place. */
const aclsBlocked = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: false,
};

/** As S3 makes buckets. */
export const publicAccessBlocked = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

/** In the Resource of a policy's statement they stand for other text than themselves. */
const wildcards = /\*|\?|\$\{/;

/** Throws `usage` for a prefix whose policy would open more than the prefix. */
export function checkPublicRoot(bucket: string, root: string): void {
  const [found] = wildcards.exec(root) ?? [];
  if (found === undefined) return;
  throw new SpotfoldError(
    "usage",
    `--public-web cannot open s3://${bucket}/${root}: ${found} is a wildcard in policies.`,
    {
      hint: "Choose a prefix of the web store without *, ? and ${, or leave --public-web out.",
    },
  );
}

/** What is made readable, for people. */
export function publicPrefixOf(bucket: string, root: string): string {
  return `reading of s3://${bucket}/${root} by anybody`;
}

/** `aws-cn` and `aws-us-gov` name their resources by themselves. */
function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** `root`: empty, or ends in `/`, and passes `checkPublicRoot`. Never throws for what the server says. */
export async function openToAnybody(client: S3Client, bucket: string, root: string, aws: AwsOptions): Promise<Made> {
  const what = publicPrefixOf(bucket, root);
  const resource = `arn:${partitionOf(await client.config.region())}:s3:::${bucket}/${root}*`;
  const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: resource };
  const ask = async <Answer>(action: string, request: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await request();
    } catch (error) {
      throw translated(error, {
        store: `s3://${bucket}`,
        action,
        resource: `arn:aws:s3:::${bucket}`,
        ...(aws.profile === undefined ? {} : { profile: aws.profile }),
      });
    }
  };
  try {
    const policy = await ask("s3:GetBucketPolicy", async () => await policyOf(client, bucket));
    if (policy !== undefined) {
      if (isAllowed(policy, resource)) return { what, state: "there", detail: "the bucket's policy allows it" };
      throw new SpotfoldError("usage", `s3://${bucket} has a policy already, which is left as it is.`, {
        hint: `Add this statement to it, if anybody may read there: ${JSON.stringify(statement)}`,
      });
    }
    const block = async (configuration: typeof publicAccessBlocked): Promise<void> => {
      await client.send(
        new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: configuration }),
      );
    };
    await ask("s3:PutBucketPublicAccessBlock", async () => await block(aclsBlocked));
    try {
      await ask("s3:PutBucketPolicy", async () => {
        const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
        await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
      });
    } catch (error) {
      throw await refusedPolicy(error, bucket, async () => await block(publicAccessBlocked));
    }
    return { what, state: "made", detail: "the bucket's policy allows s3:GetObject there, and no listing" };
  } catch (error) {
    return failed(what, error);
  }
}

/** The error, with what became of the public access block. */
async function refusedPolicy(error: unknown, bucket: string, close: () => Promise<void>): Promise<unknown> {
  if (!(error instanceof SpotfoldError)) return error;
  const { code, hint, retryable, context } = error;
  const isClosed =
    !retryable &&
    (await close().then(
      () => true,
      () => false,
    ));
  const all = Object.keys(publicAccessBlocked).map((name) => `${name}=true`);
  const became = isClosed
    ? "is closed again"
    : `stays so. Try again, or close it: aws s3api put-public-access-block --bucket ${bucket} --public-access-block-configuration ${all.join()}`;
  const message = `${error.message.replace(/\.$/, "")}. The bucket's public access block was relaxed for policies, and ${became}`;
  return new SpotfoldError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    retryable,
    context,
    cause: error,
  });
}

async function policyOf(client: S3Client, bucket: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetBucketPolicyCommand({ Bucket: bucket }))).Policy;
  } catch (error) {
    if (faultOf(error).code === "NoSuchBucketPolicy") return undefined;
    throw error;
  }
}

/** Whether one of its statements is the one that we would write. */
function isAllowed(policy: string, resource: string): boolean {
  const { Statement: statements } = JSON.parse(policy) as { readonly Statement?: unknown };
  const all = (Array.isArray(statements) ? statements : [statements]) as readonly Readonly<Record<string, unknown>>[];
  return all.some(
    ({ Effect: effect, Principal: principal, Action: action, Resource: named, Condition: condition }) =>
      effect === "Allow" &&
      condition === undefined &&
      [principal, (principal as { readonly AWS?: unknown } | undefined)?.AWS].includes("*") &&
      [action].flat().includes("s3:GetObject") &&
      [named].flat().includes(resource),
  );
}
