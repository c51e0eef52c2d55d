/** What AWS answers, in words: a server of the test answers as AWS does; nothing is asked of any other. */
import assert from "node:assert/strict";
import { causeOf } from "../../../worker/records.ts";
import { lendFault } from "../../../executor/launch/causes.ts";
import { S3BlobStore } from "../../../shared/aws/store.ts";
import { translated } from "../../../shared/aws/errors.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { ErrorCode } from "../../../shared/errors.ts";
import { bytesOf, failsWith } from "../../support/blob-store-helpers.ts";
import { atEnd } from "../../support/cleanup.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import type { Answer, FaultServer } from "../../support/fault-server.ts";
import { openS3, useTestCredentials } from "../../support/s3-on-moto.ts";

function xml(code: string, message: string, more = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>R</RequestId><HostId>H</HostId></Error>`;
}

const principal = "arn:aws:sts::123456789012:assumed-role/worker/i-0abc";
const denied = `User: ${principal} is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::bucket/k&quot; because no identity-based policy allows the s3:GetObject action`;
const forbidden = `User: ${principal} is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::bucket/k&quot; with an explicit deny in a resource-based policy`;
const kms = `User: ${principal} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:123456789012:key/1 because no identity-based policy allows the kms:Decrypt action`;

interface Case {
  readonly what: string;
  readonly answer: Answer;
  readonly code: ErrorCode;
  readonly cause: "environment" | "infrastructure" | "archived";
  readonly message: RegExp;
  readonly hint: RegExp;
}

/** Answers to a GET, word by word as S3 gives them. */
const cases: readonly Case[] = [
  {
    what: "access denied, with the principal",
    answer: { status: 403, body: xml("AccessDenied", denied) },
    code: "access-denied",
    cause: "environment",
    message:
      /assumed-role\/worker\/i-0abc may not s3:GetObject on arn:aws:s3:::bucket\/k, because no identity-based policy allows the s3:GetObject action\.$/,
    hint: /\{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket\/k"\}/,
  },
  {
    what: "access denied, without one",
    answer: { status: 403, body: xml("AccessDenied", "Access Denied") },
    code: "access-denied",
    cause: "environment",
    message: /this principal may not s3:GetObject on arn:aws:s3:::bucket\/pre\/k: Access Denied\./,
    hint: /"Resource":"arn:aws:s3:::bucket\/pre\/k"/,
  },
  {
    what: "access denied by a policy that says so",
    answer: { status: 403, body: xml("AccessDenied", forbidden) },
    code: "access-denied",
    cause: "environment",
    message: /may not s3:GetObject on arn:aws:s3:::bucket\/k, with an explicit deny in a resource-based policy\.$/,
    hint: /^It is denied with an explicit deny in a resource-based policy: take s3:GetObject on arn:aws:s3:::bucket\/k out/,
  },
  {
    what: "a key that may not be used",
    answer: { status: 403, body: xml("AccessDenied", kms) },
    code: "access-denied",
    cause: "environment",
    message: /encryption key cannot be used by .*i-0abc \(kms:Decrypt\)/,
    hint: /"Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:123456789012:key\/1"/,
  },
  {
    what: "a key that is disabled",
    answer: { status: 400, body: xml("KMS.DisabledException", "arn:aws:kms:x is disabled.") },
    code: "access-denied",
    cause: "environment",
    message: /is disabled/,
    hint: /kms:Decrypt and kms:GenerateDataKey/,
  },
  {
    what: "KMS that throttles",
    answer: {
      status: 400,
      body: xml("KMS.ThrottlingException", "You have exceeded the rate at which you may call KMS."),
    },
    code: "store-unavailable",
    cause: "infrastructure",
    message: /throttles: refused once; You have exceeded/,
    hint: /more slowly/,
  },
  {
    what: "expired credentials",
    answer: { status: 400, body: xml("ExpiredToken", "The provided token has expired.") },
    code: "no-credentials",
    cause: "environment",
    message: /expired/,
    hint: /aws sso login --profile work/,
  },
  {
    what: "an unknown access key",
    answer: {
      status: 403,
      body: xml("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    },
    code: "no-credentials",
    cause: "environment",
    message: /not accepted/,
    hint: /access key/,
  },
  {
    what: "a bucket that went away",
    answer: { status: 404, body: xml("NoSuchBucket", "The specified bucket does not exist") },
    code: "no-such-store",
    cause: "environment",
    message: /bucket of s3:\/\/bucket\/pre is not there/,
    hint: /or make it/,
  },
  {
    what: "the wrong region",
    answer: {
      status: 400,
      body: xml(
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
        "<Region>eu-west-1</Region>",
      ),
    },
    code: "wrong-region",
    cause: "environment",
    message: /it is in eu-west-1/,
    hint: /AWS_REGION=eu-west-1/,
  },
  {
    what: "a redirect to another region",
    answer: {
      status: 301,
      headers: { "x-amz-bucket-region": "eu-north-1" },
      body: xml(
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint.",
      ),
    },
    code: "wrong-region",
    cause: "environment",
    message: /it is in eu-north-1/,
    hint: /AWS_REGION=eu-north-1/,
  },
  {
    what: "a clock that is wrong",
    answer: {
      status: 403,
      body: xml("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    },
    code: "clock-skew",
    cause: "environment",
    message: /clock is wrong/,
    hint: /15 minutes/,
  },
  {
    what: "an archived object",
    answer: {
      status: 403,
      body: xml(
        "InvalidObjectState",
        "The operation is not valid for the object's storage class",
        "<StorageClass>GLACIER</StorageClass>",
      ),
    },
    code: "archived",
    cause: "archived",
    message: /k is archived/,
    hint: /Restore/,
  },
  {
    what: "throttling",
    answer: { status: 503, body: xml("SlowDown", "Please reduce your request rate.") },
    code: "store-unavailable",
    cause: "infrastructure",
    message: /throttles: refused once; Please reduce/,
    hint: /more slowly/,
  },
  {
    what: "an error of the server",
    answer: { status: 500, body: xml("InternalError", "We encountered an internal error. Please try again.") },
    code: "store-unavailable",
    cause: "infrastructure",
    message: /failed once with status 500/,
    hint: /server's fault/,
  },
  {
    what: "an answer that is no S3's",
    answer: { status: 502, headers: { "content-type": "text/html" }, body: "<html><title>Bad Gateway</html>" },
    code: "store-unavailable",
    cause: "infrastructure",
    message: /status 502/,
    hint: /server's fault/,
  },
  {
    what: "an operation that the server lacks",
    answer: {
      status: 501,
      body: xml("NotImplemented", "A header you provided implies functionality that is not implemented"),
    },
    code: "store-unfit",
    cause: "environment",
    message: /cannot do s3:GetObject/,
    hint: /backends/,
  },
];

describe("errors of AWS", () => {
  const answers = new Map<string, Answer>();
  let server: FaultServer;

  before(useTestCredentials);

  beforeEach(async () => {
    server = await startFaultServer("", ({ method }) => ({ answer: answers.get(method) ?? { status: 200 } }));
  });
  afterEach(() => answers.clear());

  const open = async (attemptsMax = 1): Promise<S3BlobStore> =>
    await openS3(server.endpoint, "s3://bucket/pre", { aws: { attemptsMax } });

  for (const { what, answer, code, cause, message, hint } of cases) {
    it(`says ${what}`, async () => {
      // The profile is only named: its credentials come from the environment.
      const call = {
        store: "s3://bucket/pre",
        action: "s3:GetObject",
        resource: "arn:aws:s3:::bucket/pre/k",
        key: "k",
      };
      const store = await open();
      answers.set("GET", answer);
      const error = await failsWith(code, store.get("k"));
      const named = translated(error.cause, { ...call, profile: "work" });
      assert.ok(named instanceof SpotfoldError);
      assert.match(error.message, message);
      assert.match(named.hint ?? "", hint);
      assert.equal(error.retryable, cause === "infrastructure");
      // Never a missing block for what the environment did; `missing: archived` for the archive.
      // What to do about it goes with it, to the hold.
      const fault = lendFault(0, "k", error);
      assert.deepEqual([fault.cause, fault.hint], [cause, error.hint]);
      if (cause !== "archived") assert.deepEqual([causeOf(error).cause, causeOf(error).hint], [cause, error.hint]);
    });
  }

  it("names the principal and what was asked for in its context", async () => {
    const store = await open();
    answers.set("GET", { status: 403, body: xml("AccessDenied", denied) });
    const { context } = await failsWith("access-denied", store.get("k"));
    assert.deepEqual(
      { action: context["action"], resource: context["resource"], principal: context["principal"] },
      { action: "s3:GetObject", resource: "arn:aws:s3:::bucket/k", principal },
    );
  });

  it("says who may not head or write, where the answer has no words", async () => {
    const store = await open();
    answers.set("HEAD", { status: 403 });
    answers.set("GET", { status: 403 });
    const head = await failsWith("access-denied", store.head("k"));
    assert.match(head.message, /this principal may not s3:GetObject on arn:aws:s3:::bucket\/pre\/k\.$/);
    // An answer to HEAD has no body: another request finds out why.
    answers.set("HEAD", { status: 400 });
    answers.set("GET", { status: 400, body: xml("ExpiredToken", "The provided token has expired.") });
    await failsWith("no-credentials", store.head("k"));
    await failsWith("no-credentials", open());
    answers.set("HEAD", { status: 403 });
    answers.set("GET", { status: 403, body: xml("RequestTimeTooSkewed", "The difference is too large.") });
    await failsWith("clock-skew", open());
    // Without the right to list a store can be opened all the same.
    answers.set("GET", { status: 403, body: xml("AccessDenied", "Access Denied") });
    await open();
    answers.set("PUT", { status: 403, body: xml("AccessDenied", "Access Denied") });
    for (const write of [
      store.put("k", bytesOf("x")),
      store.create("k", bytesOf("x")),
      store.swap("k", bytesOf("x"), null),
    ]) {
      assert.match((await failsWith("access-denied", write)).hint ?? "", /"s3:PutObject"/);
    }
  });

  it("fails a delete for the entry that may not be deleted, and sends entries again that were throttled", async () => {
    const store = await open();
    const entry = (key: string, code: string): string =>
      `<Error><Key>pre/${key}</Key><Code>${code}</Code><Message>words</Message></Error>`;
    const result = (entries: string): Answer => ({
      status: 200,
      body: `<?xml version="1.0"?>\n<DeleteResult>${entries}</DeleteResult>`,
    });
    answers.set("POST", result(entry("b", "AccessDenied")));
    const error = await failsWith("access-denied", store.delete(["a", "b", "c"]));
    assert.match(error.message, /s3:DeleteObject on arn:aws:s3:::bucket\/pre\/b/);
    const bodies = ["SlowDown", "InternalError", ""];
    server = await startFaultServer("", ({ method }) => ({
      answer: method === "HEAD" ? { status: 200 } : result(bodies[0] === "" ? "" : entry("b", bodies.shift() ?? "")),
    }));
    await (await open()).delete(["a", "b", "c"]);
    const sent = server.asked
      .filter(({ method }) => method === "POST")
      .map(({ headers }) => Number(headers["content-length"]));
    assert.equal(sent.length, 3);
    assert.ok((sent[1] ?? 0) < (sent[0] ?? 0), "only the entry that failed is sent again");
  });

  it("says that nobody answers, and that an answer takes too long", async () => {
    server = await startFaultServer("", ({ method }) => (method === "HEAD" ? { answer: { status: 200 } } : "silence"));
    const slow = await openS3(server.endpoint, "s3://bucket", { aws: { attemptsMax: 2, requestMsMax: 200 } });
    const late = await failsWith("timeout", slow.get("k"));
    assert.equal(late.message, "s3://bucket did not answer within 0.2 s, 2 times.");
    assert.equal(late.retryable, true);
    const nobody = await failsWith(
      "store-unavailable",
      openS3("http://127.0.0.1:9", "s3://bucket", { aws: { attemptsMax: 2 } }),
    );
    assert.match(nobody.message, /cannot be reached, tried 2 times.*ECONNREFUSED/);
  });

  it("says that there are no credentials, and how to log in again", async () => {
    const call = { store: "s3://b", action: "s3:ListBucket", resource: "arn:aws:s3:::b", profile: "work" };
    const sso = Object.assign(
      new Error(
        "The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.",
      ),
      { name: "CredentialsProviderError" },
    );
    const expired = translated(sso, call);
    assert.ok(expired instanceof SpotfoldError);
    assert.equal(expired.code, "no-credentials");
    assert.equal(expired.hint, "Log in again: aws sso login --profile work");
    assert.equal(causeOf(expired).cause, "environment");
    const { profile: _, ...unnamed } = call;
    const none = { name: "CredentialsProviderError" };
    const nobody = Object.assign(new Error("Could not load credentials from any providers"), none);
    const hintFor = (asked: typeof unnamed): string => (translated(nobody, asked) as SpotfoldError).hint ?? "";
    assert.match(hintFor(call), /^The profile work gives none: see whether ~\/\.aws\/config /);
    assert.match(hintFor(unnamed), /^Set AWS_PROFILE/);
    for (const [said, command] of [
      ["The SSO session token associated with profile=dev was not found or is invalid.", "aws sso login --profile dev"],
      ["Session token not found or invalid", "aws sso login"],
    ] as const) {
      const error = translated(Object.assign(new Error(said), { name: "CredentialsProviderError" }), unnamed);
      assert.ok(error instanceof SpotfoldError);
      assert.equal(error.hint, `Log in again: ${command}`);
    }
    // With keys in the environment the SDK warns that it takes the profile.
    delete process.env["AWS_ACCESS_KEY_ID"];
    delete process.env["AWS_SECRET_ACCESS_KEY"];
    atEnd(useTestCredentials);
    await failsWith(
      "no-credentials",
      S3BlobStore.open({
        place: "s3://bucket",
        clock: systemClock,
        random: systemRandom,
        aws: { s3Endpoint: server.endpoint, region: "us-east-1", profile: "there-is-no-such-profile" },
      }),
    );
  });

  it("finds no bucket where none is, and lets an abort through", async () => {
    answers.set("HEAD", { status: 404 });
    answers.set("GET", { status: 404, body: xml("NoSuchBucket", "The specified bucket does not exist") });
    await failsWith("no-such-store", open());
    answers.set("GET", { status: 404 });
    await failsWith("no-such-store", open());
    const reason = new DOMException("enough", "AbortError");
    assert.equal(translated(reason, { store: "s", action: "a", resource: "r" }), reason);
  });
});
