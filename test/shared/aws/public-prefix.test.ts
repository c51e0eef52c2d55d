/** What anybody may read: no more than the prefix, and no block that stays relaxed without a word. */
import assert from "node:assert/strict";
import { GetPublicAccessBlockCommand, HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { s3ClientConfig } from "../../../shared/aws/client.ts";
import { makeBucket } from "../../../shared/aws/make-bucket.ts";
import type { Made } from "../../../shared/aws/made.ts";
import { atEnd } from "../../support/cleanup.ts";
import { startFaultServer, type Fate } from "../../support/fault-server.ts";
import { startMoto, type Moto } from "../../support/moto.ts";
import { needs } from "../../support/requirements.ts";
import { useMotoCredentials } from "../../support/s3-on-moto.ts";

const region = "us-east-1";
const answered = (status: number, code: string): Fate => ({
  answer: { status, body: `<Error><Code>${code}</Code><Message>said so</Message></Error>` },
});

describe("a prefix that anybody may read", function publicPrefix() {
  needs("moto");
  this.timeout(60_000);

  let moto: Moto;
  let s3: S3Client;
  let buckets = 0;
  let bucket: string;

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  beforeEach(() => {
    bucket = `public-${process.pid}-${++buckets}`;
    s3 = new S3Client(s3ClientConfig({ s3Endpoint: moto.endpoint, region }));
    atEnd(() => s3.destroy());
  });

  async function make(publicRoot: string, s3Endpoint = moto.endpoint): Promise<Made[]> {
    const wish = { bucket, forBrowsers: true, publicRoot };
    const all: Made[] = [];
    for await (const made of makeBucket(wish, { s3Endpoint, region, attemptsMax: 1 })) all.push(made);
    return all;
  }

  /** The bucket's policy meets one fate, the blocks of public access the others, one after the other. */
  async function refused(policy: Fate, blocks: readonly Fate[]): Promise<Made | undefined> {
    let asked = 0;
    const { endpoint } = await startFaultServer(moto.endpoint, ({ method, url }) => {
      if (method !== "PUT") return "pass";
      if (url.includes("?policy")) return policy;
      return url.includes("?publicAccessBlock") ? (blocks[asked++] ?? "pass") : "pass";
    });
    return (await make("site/", endpoint)).find(({ what }) => what.endsWith("by anybody"));
  }

  async function blocked(): Promise<boolean[]> {
    const { PublicAccessBlockConfiguration: block } = await s3.send(
      new GetPublicAccessBlockCommand({ Bucket: bucket }),
    );
    return [block?.BlockPublicPolicy === true, block?.RestrictPublicBuckets === true];
  }

  it("closes the block again when the policy is refused", async () => {
    const made = await refused(answered(403, "AccessDenied"), []);
    assert.equal(made?.state, "failed");
    assert.match(made.detail, /s3:PutBucketPolicy.*was relaxed for policies, and is closed again$/);
    assert.match(made.hint ?? "", /s3:PutBucketPolicy/);
    assert.deepEqual(await blocked(), [true, true]);
  });

  it("says that the block stays relaxed when it cannot be closed, or the policy may have got through", async () => {
    for (const [policy, blocks] of [
      [answered(403, "AccessDenied"), ["pass", answered(403, "AccessDenied")]],
      [answered(503, "ServiceUnavailable"), []],
    ] as const) {
      const made = await refused(policy, blocks);
      assert.equal(made?.state, "failed");
      assert.match(
        made.detail,
        new RegExp(`stays so.*put-public-access-block --bucket ${bucket} .*BlockPublicPolicy=true`),
      );
      assert.deepEqual(await blocked(), [false, false]);
    }
    assert.equal((await make("site/")).find(({ what }) => what.endsWith("by anybody"))?.state, "made");
  });

  it("has no wildcard of policies in its name, and nothing is made for one that has", async () => {
    for (const root of ["si*e/", "site?/", "${aws:username}/"]) {
      const [made, ...more] = await make(root);
      assert.deepEqual([made?.what, made?.state, more], [`reading of s3://${bucket}/${root} by anybody`, "failed", []]);
      assert.match(made?.detail ?? "", /is a wildcard in policies/);
      assert.match(made?.hint ?? "", /without \*, \? and \$\{/);
    }
    await assert.rejects(s3.send(new HeadBucketCommand({ Bucket: bucket })), { name: "NotFound" });
    assert.equal((await make("a$b{c}/")).find(({ what }) => what.endsWith("by anybody"))?.state, "made");
  });
});
