/** Blocks by lent URLs: what a refusal says of the block, and when a new URL is asked for. */
import assert from "node:assert/strict";
import { readBlock, SourceFault } from "../../../executor/children/block-source.ts";
import { refusalOf } from "../../../executor/children/url-refusal.ts";
import { collect } from "../../support/blob-store-helpers.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import type { Fate, FaultServer } from "../../support/fault-server.ts";

function xml(code: string, message = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}

const block = { index: 3, key: "k", size: 10, etag: "e" };
/** Longer than a loopback server that answers at once takes on a busy machine. */
const silentMs = 300;

describe("a URL that a store refuses", () => {
  it("says what it says of the block", () => {
    for (const [status, body, cause, reason] of [
      [404, xml("NoSuchKey"), "gone", "gone"],
      [404, "", "gone", "gone"],
      [404, xml("NoSuchBucket"), "environment", "no-such-store"],
      [412, xml("PreconditionFailed"), "replaced", "replaced"],
      [403, xml("InvalidObjectState"), "archived", "archived"],
      [403, xml("AccessDenied", "Access Denied"), "environment", "access-denied"],
      [403, xml("AccessDenied", "Request has expired"), "infrastructure", "url-expired"],
      [403, xml("AccessDenied", "Request is not yet valid"), "environment", "clock-skew"],
      [400, xml("KMS.DisabledException", "is disabled"), "environment", "access-denied"],
      [400, xml("ExpiredToken"), "environment", "no-credentials"],
      [403, xml("RequestTimeTooSkewed"), "environment", "clock-skew"],
      [301, xml("PermanentRedirect"), "environment", "wrong-region"],
      [503, xml("SlowDown"), "infrastructure", "http-503"],
      [500, "", "infrastructure", "http-500"],
    ] as const) {
      const refusal = refusalOf(status, body);
      assert.deepEqual([refusal.cause, refusal.reason], [cause, reason], `${status} ${body}`);
    }
    assert.equal(
      refusalOf(403, xml("AccessDenied", "User: arn:aws:iam::1:user/u is not authorized")).message,
      "the store answered 403 (AccessDenied: User: arn:aws:iam::1:user/u is not authorized)",
    );
  });

  async function read(
    fates: readonly Fate[],
  ): Promise<{ bytes: Buffer | SourceFault; lent: number; server: FaultServer }> {
    const server = await startFaultServer("", ({ number }) => fates[number - 1] ?? "silence");
    let lent = 0;
    const bytes = await collect(
      readBlock(block, async () => ({ kind: "url", url: `${server.endpoint}/k?try=${++lent}` }), silentMs),
    ).catch((error: unknown) => {
      assert.ok(error instanceof SourceFault);
      return error;
    });
    return { bytes, lent, server };
  }
  const refused = (status: number, code: string, message = ""): Fate => ({
    answer: { status, body: xml(code, message) },
  });

  it("is asked for again when it has expired or was refused, and not when the block is gone", async () => {
    const found: Fate = { answer: { status: 200, body: "0123456789" } };
    const again = await read([
      refused(403, "AccessDenied", "Request has expired"),
      refused(403, "ExpiredToken"),
      found,
    ]);
    assert.equal(String(again.bytes), "0123456789");
    assert.deepEqual(
      again.server.asked.map(({ url }) => url),
      ["/k?try=1", "/k?try=2", "/k?try=3"],
    );
    for (const [fate, cause] of [
      [refused(404, "NoSuchKey"), "gone"],
      [refused(403, "InvalidObjectState"), "archived"],
    ] as const) {
      const { bytes, lent } = await read([fate]);
      assert.ok(bytes instanceof SourceFault);
      assert.equal(bytes.fault.cause, cause);
      assert.equal(lent, 1);
    }
  });

  it("is asked for again when the connection is silent", async () => {
    const found: Fate = { answer: { status: 200, body: "0123456789" } };
    const { bytes, lent } = await read(["silence", found]);
    assert.deepEqual([String(bytes), lent], ["0123456789", 2]);
    const never = await read([]);
    assert.ok(never.bytes instanceof SourceFault);
    assert.deepEqual([never.bytes.fault.cause, never.lent], ["infrastructure", 5]);
    assert.match(never.bytes.message, /silent for 0\.3 s/);
  });

  it("is the environment's fault when new ones are refused, too", async () => {
    const { bytes, lent } = await read(Array.from({ length: 9 }, () => refused(404, "NoSuchBucket")));
    assert.ok(bytes instanceof SourceFault);
    assert.deepEqual([bytes.fault.cause, bytes.fault.reason], ["environment", "no-such-store"]);
    assert.equal(lent, 5);
  });
});
