/** Blocks by lent URLs: what a refusal says of the block, when a new URL is asked for, and what is read again after a cut. */
import assert from "node:assert/strict";
import { readBlock, SourceFault } from "../../../executor/children/block-source.ts";
import { openingsMax, refusalsMax, urlReader } from "../../../executor/children/url-bytes.ts";
import { refusalOf } from "../../../executor/children/url-refusal.ts";
import { collect } from "../../support/blob-store-helpers.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import type { Fate, FaultServer } from "../../support/fault-server.ts";
import { rangeEtag, startRangeServer } from "../../support/range-server.ts";

function xml(code: string, message = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}

const bytes = Buffer.from("0123456789");
const block = { index: 3, key: "k", size: bytes.length, etag: rangeEtag };
const names = { store: "s3://bucket/pre", resource: "arn:aws:s3:::bucket/pre/k", profile: "work" };
const call = { ...names, action: "s3:GetObject" };
/** Longer than a loopback server that answers at once takes on a busy machine. */
const silentMs = 300;
const reader = async () => await Promise.resolve(urlReader({ silentMs, http: {}, retryMs: 1 }));

const refused = (status: number, code: string, message = ""): Fate => ({
  answer: { status, body: xml(code, message) },
});

interface Read {
  readonly result: Buffer | SourceFault;
  readonly lent: number;
  readonly server: FaultServer;
}

/** Reads the block; request number n meets the n-th fate, later ones the last. */
async function read(fates: readonly Fate[], wanted = block): Promise<Read> {
  const { endpoint } = await startRangeServer({ "/k": bytes });
  const server = await startFaultServer(endpoint, ({ number }) => fates[number - 1] ?? fates.at(-1) ?? "pass");
  let lent = 0;
  const lend = async () => ({ kind: "url", url: `${server.endpoint}/k?try=${++lent}`, names }) as const;
  const result = await collect(readBlock(wanted, lend, reader)).catch((error: unknown) => {
    assert.ok(error instanceof SourceFault, String(error));
    return error;
  });
  return { result, lent, server };
}

async function faultOf(fates: readonly Fate[], wanted = block): Promise<SourceFault["fault"] & { lent: number }> {
  const { result, lent } = await read(fates, wanted);
  assert.ok(result instanceof SourceFault);
  return { ...result.fault, lent };
}

describe("a URL that a store refuses", () => {
  it("says what it says of the block", async () => {
    const answers = [
      [404, xml("NoSuchKey"), "absent"],
      [404, "", "absent"],
      [404, xml("NoSuchBucket"), "no-such-store"],
      [412, xml("PreconditionFailed"), "changed"],
      [416, xml("InvalidRange"), "changed"],
      [403, xml("InvalidObjectState"), "archived"],
      [403, xml("AccessDenied", "Access Denied"), "access-denied"],
      [403, xml("AccessDenied", "Request has expired"), "clock-skew"],
      [403, xml("AccessDenied", "Request is not yet valid"), "clock-skew"],
      [400, xml("KMS.DisabledException", "is disabled"), "access-denied"],
      [400, xml("ExpiredToken"), "no-credentials"],
      [403, xml("RequestTimeTooSkewed"), "clock-skew"],
      [301, xml("PermanentRedirect"), "wrong-region"],
      [503, xml("SlowDown"), "store-unavailable"],
      [500, "", "store-unavailable"],
    ] as const;
    for (const [status, body, code] of answers) {
      assert.equal(refusalOf({ status, headers: {}, body }, call).code, code, `${status} ${body}`);
    }
    const elsewhere = refusalOf({ status: 301, headers: { "x-amz-bucket-region": "eu-north-1" }, body: "" }, call);
    assert.match(elsewhere.hint ?? "", /AWS_REGION=eu-north-1/);
  });

  it("names who may not do what on what, and the line of policy, as AWS named them", async () => {
    const [principal, key] = ["arn:aws:sts::1:assumed-role/worker/i-0abc", "arn:aws:kms:eu-west-1:1:key/1"];
    const said = (action: string, on: string): string =>
      `User: ${principal} is not authorized to perform: ${action} on resource: &quot;${on}&quot; because no identity-based policy allows the ${action} action`;
    const denied = await faultOf([refused(403, "AccessDenied", said("s3:GetObject", names.resource))]);
    assert.deepEqual(
      [denied.cause, denied.reason, denied.block, denied.lent],
      ["environment", "access-denied", 3, refusalsMax],
    );
    assert.equal(
      denied.message,
      `k: ${principal} may not s3:GetObject on ${names.resource}, because no identity-based policy allows the s3:GetObject action.`,
    );
    assert.equal(
      denied.hint,
      `Allow it in a policy: {"Effect":"Allow","Action":"s3:GetObject","Resource":"${names.resource}"}`,
    );
    const kms = await faultOf([refused(403, "AccessDenied", said("kms:Decrypt", key))]);
    assert.equal(kms.reason, "access-denied");
    assert.match(kms.hint ?? "", /key's policy.*"Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:1:key\/1"/);
    const expired = await faultOf([refused(400, "ExpiredToken", "The provided token has expired.")]);
    assert.deepEqual([expired.cause, expired.reason], ["environment", "no-credentials"]);
    assert.match(expired.hint ?? "", /aws sso login --profile work/);
    const silent = await faultOf([refused(403, "AccessDenied", "Access Denied")]);
    assert.match(silent.message, /this principal may not s3:GetObject on arn:aws:s3:::bucket\/pre\/k: Access Denied\./);
  });

  it("is asked for again when it has expired or was refused, and not when the block is gone", async () => {
    const again = await read([
      refused(403, "AccessDenied", "Request has expired"),
      refused(403, "ExpiredToken"),
      refused(503, "SlowDown"),
      refused(503, "SlowDown"),
      "pass",
    ]);
    assert.equal(String(again.result), String(bytes));
    assert.deepEqual(
      again.server.asked.map(({ url }) => url),
      ["/k?try=1", "/k?try=2", "/k?try=3", "/k?try=4", "/k?try=5"],
    );
    for (const [fate, cause] of [
      [refused(404, "NoSuchKey"), "gone"],
      [refused(403, "InvalidObjectState"), "archived"],
      [refused(412, "PreconditionFailed"), "replaced"],
    ] as const) {
      const fault = await faultOf([fate]);
      assert.deepEqual([fault.cause, fault.reason, fault.lent], [cause, cause, 1]);
    }
    assert.equal((await faultOf([], { ...block, etag: "another" })).cause, "replaced");
  });

  it("that has expired although it is new tells of the clock, and never makes the block missing", async () => {
    const fault = await faultOf([refused(403, "AccessDenied", "Request has expired")]);
    assert.deepEqual([fault.cause, fault.reason, fault.lent], ["environment", "clock-skew", refusalsMax]);
  });

  it("is the environment's fault when new ones are refused, too", async () => {
    const fault = await faultOf([refused(404, "NoSuchBucket")]);
    assert.deepEqual([fault.cause, fault.reason, fault.lent], ["environment", "no-such-store", refusalsMax]);
  });
});

describe("a block by URL", () => {
  it("goes on where it was cut, under its etag, with a new URL; one that expires meanwhile is made again", async () => {
    const { result, server } = await read([
      { cutAfterBytes: 3 },
      refused(403, "AccessDenied", "Request has expired"),
      { cutAfterBytes: 4 },
      "pass",
    ]);
    assert.equal(String(result), String(bytes));
    assert.deepEqual(
      server.asked.map(({ url, headers }) => [url, headers.range, headers["if-match"]]),
      [undefined, "bytes=3-", "bytes=3-", "bytes=7-"].map((range, i) => [`/k?try=${i + 1}`, range, `"${rangeEtag}"`]),
    );
  });

  it("may be cut at every byte, as long as each connection brings one", async () => {
    const { result, lent } = await read([{ cutAfterBytes: 1 }]);
    assert.deepEqual([String(result), lent], [String(bytes), bytes.length]);
  });

  it("that another one has taken the place of after a cut was replaced", async () => {
    const { result } = await read([{ cutAfterBytes: 3 }, refused(412, "PreconditionFailed")]);
    assert.ok(result instanceof SourceFault);
    assert.equal(result.fault.cause, "replaced");
  });

  it("is asked for again when the connection is silent, before the answer or in the middle of it", async () => {
    const { result, lent } = await read(["silence", { silentAfterBytes: 4 }, "pass"]);
    assert.deepEqual([String(result), lent], [String(bytes), 3]);
    const never = await faultOf(["silence"]);
    assert.deepEqual([never.cause, never.reason, never.lent], ["infrastructure", "timeout", openingsMax]);
    assert.match(never.message, /s3:\/\/bucket\/pre did not answer in time, 6 times: The server was silent for 0\.3 s/);
  });

  it("does not end early because a connection without a length did", async () => {
    const short: Fate = { answer: { status: 200, headers: { connection: "close" }, body: "0123" } };
    const { result, server } = await read([short, "pass"]);
    assert.equal(String(result), String(bytes));
    assert.equal(server.asked[1]?.headers.range, "bytes=4-");
  });

  it("is not read on from a server that knows no ranges: its beginning would come again", async () => {
    const whole: Fate = { answer: { status: 200, body: String(bytes) } };
    const fault = await faultOf([{ cutAfterBytes: 3 }, whole]);
    assert.deepEqual([fault.cause, fault.reason], ["environment", "store-unfit"]);
  });

  it("that nobody serves is told by its store, without the URL's signature", async () => {
    const lend = async () => ({ kind: "url", url: "http://127.0.0.1:1/k?X-Amz-Signature=secret" }) as const;
    await assert.rejects(collect(readBlock(block, lend, reader)), (error: unknown) => {
      assert.ok(error instanceof SourceFault);
      assert.deepEqual([error.fault.cause, error.fault.reason], ["infrastructure", "store-unavailable"]);
      assert.match(error.message, /k: 127\.0\.0\.1:1 cannot be reached, tried 6 times/);
      assert.ok(!error.message.includes("secret"));
      return true;
    });
  });
});
