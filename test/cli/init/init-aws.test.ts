/** `init --create` over S3 and SQS, on moto: real processes; what it made is what runs need, and what was there is as it was. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import type { Made } from "../../../shared/aws/made.ts";
import { s3ClientConfig } from "../../../shared/aws/client.ts";
import { smallSample, spotfold } from "../../e2e/spotfold.ts";
import { atEnd } from "../../support/cleanup.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import { startMoto, type Moto } from "../../support/moto.ts";
import type { Ended } from "../../support/processes.ts";
import { needs } from "../../support/requirements.ts";
import { useMotoCredentials } from "../../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../../support/sqs.ts";
import { tempDir } from "../../support/temp.ts";

const region = "eu-west-1";
const deniedS3 = `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/me is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::x" because no identity-based policy allows the s3:CreateBucket action</Message></Error>`;
const deniedLifecycle = `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`;
const deniedSqs = JSON.stringify({ __type: "com.amazon.coral.service#AccessDeniedException", message: "Denied" });

function placesOf({ stdout }: Ended): readonly Made[] {
  return (JSON.parse(stdout) as { readonly places: readonly Made[] }).places;
}

function stateOf(places: readonly Made[], what: RegExp): string | undefined {
  return places.find((made) => what.test(made.what))?.state;
}

describe("spotfold init --create over S3 and SQS", function initAwsSuite() {
  needs("moto");
  this.timeout(120_000);

  let moto: Moto;
  let s3: S3Client;
  let names = 0;
  let name: string;
  let flags: readonly string[];
  let env: Readonly<Record<string, string>>;

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  beforeEach(() => {
    name = `init-${process.pid}-${++names}`;
    flags = ["--store", `s3://${name}-store/runs`, "--web", `s3://${name}-web/site`, "--queue", `sqs://${name}`];
    env = { ...moto.env, AWS_REGION: region };
    s3 = new S3Client(s3ClientConfig({ s3Endpoint: moto.endpoint, region }));
    atEnd(() => s3.destroy());
  });

  it("makes what is absent, once, so that doctor is content and a run works", async () => {
    const folder = tempDir("init-aws");
    const sample = await smallSample(join(folder, "sample"), 4, 0.2);
    const data = ["--data", sample.data, "--dataset", "pings"];
    const first = await spotfold(folder, ["init", "--create", ...flags, ...data, "--json"], { env });
    assert.equal(first.code, 0, first.stderr);
    const made = placesOf(first);
    assert.deepEqual(
      made.map(({ what, state }) => `${state} ${what}`).filter((line) => !line.includes("folder")),
      [
        `made bucket s3://${name}-store`,
        `made public access of s3://${name}-store`,
        `made lifecycle of s3://${name}-store`,
        `made bucket s3://${name}-web`,
        `made public access of s3://${name}-web`,
        `made lifecycle of s3://${name}-web`,
        `made CORS of s3://${name}-web`,
        `made queue ${name}-dead`,
        `made queue ${name}-jobs`,
        `made queue ${name}-ready`,
      ],
    );
    const again = await spotfold(folder, ["init", "--create", "--json"], { env });
    assert.equal(again.code, 0, again.stderr);
    assert.ok(placesOf(again).every(({ state }) => state === "there"));

    for (const bucket of [`${name}-store`, `${name}-web`]) {
      const { BucketRegion: found } = await s3.send(new HeadBucketCommand({ Bucket: bucket }));
      assert.equal(found, region);
      const { PublicAccessBlockConfiguration: block = {} } = await s3.send(
        new GetPublicAccessBlockCommand({ Bucket: bucket }),
      );
      assert.deepEqual(Object.values(block), [true, true, true, true]);
      const { Rules: [rule] = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
      assert.equal(rule?.AbortIncompleteMultipartUpload?.DaysAfterInitiation, 1);
    }
    const { CORSRules: [cors] = [] } = await s3.send(new GetBucketCorsCommand({ Bucket: `${name}-web` }));
    assert.deepEqual(cors?.AllowedMethods, ["GET", "HEAD"]);
    const sqs = sqsClient(moto.endpoint);
    sqs.config.region = async () => region;
    const { QueueUrl: url } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${name}-jobs` }));
    const { Attributes: attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    assert.match(attributes?.RedrivePolicy ?? "", new RegExp(`${name}-dead.*1000`));
    assert.equal(attributes?.MessageRetentionPeriod, "1209600");
    assert.equal(attributes?.SqsManagedSseEnabled, "true");

    const looked = await spotfold(folder, ["doctor"], { env });
    assert.equal(looked.code, 0, looked.stdout);
    const run = await spotfold(folder, ["run", "os-distribution", "--data", "pings", "--json"], { env });
    assert.equal(run.code, 0, run.stderr);
  });

  it("lets anybody read the web store's prefix when asked to, also later, and nothing else", async () => {
    const folder = tempDir("init-aws");
    assert.equal((await spotfold(folder, ["init", "--create", ...flags], { env })).code, 0);
    await assert.rejects(
      s3.send(new GetBucketPolicyCommand({ Bucket: `${name}-web` })),
      /NoSuchBucketPolicy|not exist/,
    );
    for (const state of ["made", "there"]) {
      const ended = await spotfold(folder, ["init", "--create", "--public-web", "--json"], { env });
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(stateOf(placesOf(ended), /by anybody/), state);
    }
    const { Policy: policy = "" } = await s3.send(new GetBucketPolicyCommand({ Bucket: `${name}-web` }));
    const { Statement: statements } = JSON.parse(policy) as { readonly Statement: readonly object[] };
    const resource = `arn:aws:s3:::${name}-web/site/*`;
    assert.deepEqual(statements, [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: resource }]);
    await assert.rejects(s3.send(new GetBucketPolicyCommand({ Bucket: `${name}-store` })));
  });

  it("leaves buckets and queues that are there as they are", async () => {
    const folder = tempDir("init-aws");
    const constraint = { CreateBucketConfiguration: { LocationConstraint: region } } as const;
    await s3.send(new CreateBucketCommand({ Bucket: `${name}-store`, ...constraint }));
    const sqs = sqsClient(moto.endpoint);
    sqs.config.region = async () => region;
    await createQueue(sqs, `${name}-ready`);
    const ended = await spotfold(folder, ["init", "--create", ...flags, "--json"], { env });
    assert.equal(ended.code, 0, ended.stderr);
    const places = placesOf(ended);
    assert.equal(stateOf(places, /^bucket .*-store$/), "there");
    assert.equal(stateOf(places, /of .*-store$/), undefined);
    assert.equal(stateOf(places, /-ready$/), "there");
    assert.equal(stateOf(places, /-jobs$/), "made");
    await assert.rejects(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: `${name}-store` })));
  });

  it("is safe when two do it at once", async () => {
    const folders = ["a", "b"].map((suffix) => tempDir(`init-aws-${suffix}`));
    const all = await Promise.all(
      folders.map(async (folder) => await spotfold(folder, ["init", "--create", ...flags, "--json"], { env })),
    );
    for (const ended of all) assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  });

  it("says what was refused, who may not, and what was made", async () => {
    const folder = tempDir("init-aws");
    const { endpoint } = await startFaultServer(moto.endpoint, ({ method, url, headers }) => {
      const xml = { "content-type": "application/xml" };
      if (method === "PUT" && /-store\/?$/.test(url)) return { answer: { status: 403, headers: xml, body: deniedS3 } };
      if (method === "PUT" && url.includes("?lifecycle"))
        return { answer: { status: 403, headers: xml, body: deniedLifecycle } };
      if (headers["x-amz-target"] === "AmazonSQS.CreateQueue")
        return { answer: { status: 400, headers: { "content-type": "application/x-amz-json-1.0" }, body: deniedSqs } };
      return "pass";
    });
    const ended = await spotfold(folder, ["init", "--create", ...flags, "--json"], {
      env: { ...env, AWS_ENDPOINT_URL: endpoint },
    });
    assert.equal(ended.code, 1, ended.stderr);
    const places = placesOf(ended);
    const detail = (what: RegExp): string => {
      const { detail: said = "", hint = "" } = places.find((made) => what.test(made.what)) ?? {};
      return `${said} ${hint}`;
    };
    assert.match(detail(/^bucket .*-store$/), /arn:aws:iam::1:user\/me may not s3:CreateBucket .*"Effect":"Allow"/);
    assert.equal(stateOf(places, /^bucket .*-web$/), "made");
    assert.match(detail(/^lifecycle of .*-web$/), /may not s3:PutLifecycleConfiguration/);
    assert.equal(stateOf(places, /^CORS/), "made");
    assert.match(detail(/-dead$/), /may not sqs:CreateQueue .*"Action":"sqs:CreateQueue"/);
    assert.match(detail(/-jobs$/), /Not tried/);
    assert.match(ended.stderr, /things could not be made; what is made stays/);
    assert.match(readFileSync(join(folder, "spotfold.config.json"), "utf8"), new RegExp(`"s3://${name}-store/runs"`));
    const cured = await spotfold(folder, ["init", "--create", "--json"], { env });
    assert.equal(cured.code, 0, cured.stderr);
    assert.equal(stateOf(placesOf(cured), /-jobs$/), "made");
  });

  it("says in words that there are no credentials, or no region", async () => {
    const files = { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
    const noKeys = { ...env, ...files, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const nobody = await spotfold(tempDir("init-aws"), ["init", "--create", ...flags], { env: noKeys });
    assert.equal(nobody.code, 1);
    assert.match(nobody.stdout, /^failed {2}bucket .*There are no credentials[^\n]*\n {8}Set AWS_PROFILE/m);
    // Nobody is asked: the SDK knows no address without a region.
    const noRegion = {
      ...env,
      ...files,
      AWS_ENDPOINT_URL: undefined,
      AWS_REGION: undefined,
      AWS_DEFAULT_REGION: undefined,
    };
    const nowhere = await spotfold(tempDir("init-aws"), ["init", "--create", "--queue", `sqs://${name}`], {
      env: noRegion,
    });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stdout, /^failed {2}queue .*-dead: There is no region [^\n]*\n {8}Set AWS_REGION/m);
    assert.doesNotMatch(nobody.stdout + nobody.stderr + nowhere.stdout + nowhere.stderr, /^\s+at /m);
  });
});
