/** When a request is tried again, and after how long; and that a client which met many failures goes on trying. */
import assert from "node:assert/strict";
import { retriesOf } from "../../../shared/aws/retries.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import { openS3, useTestCredentials } from "../../support/s3-on-moto.ts";

type Errors = Parameters<ReturnType<typeof retriesOf>["refreshRetryTokenForRetry"]>[1]["errorType"];

async function delays(attemptsMax: number, errorType: Errors, retryAfterHint?: Date): Promise<number[]> {
  const strategy = retriesOf(attemptsMax, () => 0.5);
  const found: number[] = [];
  let token = await strategy.acquireInitialRetryToken("");
  try {
    for (;;) {
      token = await strategy.refreshRetryTokenForRetry(token, {
        errorType,
        ...(retryAfterHint === undefined ? {} : { retryAfterHint }),
      });
      assert.equal(token.getRetryCount(), found.length + 1);
      found.push(token.getRetryDelay());
    }
  } catch {
    return found;
  }
}

describe("the tries of a request", () => {
  it("wait for twice as long each time, longer when throttled, and as long as the server asks", async () => {
    assert.deepEqual(await delays(6, "TRANSIENT"), [50, 100, 200, 400, 800]);
    assert.deepEqual(await delays(4, "THROTTLING"), [250, 500, 1_000]);
    assert.deepEqual((await delays(12, "TRANSIENT")).slice(-2), [10_000, 10_000]);
    const [asked = 0] = await delays(2, "THROTTLING", new Date(Date.now() + 5_000));
    assert.ok(asked > 4_000 && asked <= 5_000, `${asked}`);
  });

  it("end with what another one would not cure", async () => {
    assert.deepEqual(await delays(6, "CLIENT_ERROR"), []);
    assert.deepEqual(await delays(1, "TRANSIENT"), []);
  });

  it("are as many after a hundred failures of a client as before", async () => {
    useTestCredentials();
    // Each call fails twice before it comes through: two hundred failures, far beyond the budget of the SDK's own mode.
    const failures = new Map<string, number>();
    const server = await startFaultServer("", ({ method, url }) => {
      const failed = failures.get(url) ?? 0;
      if (method === "HEAD" || failed === 2) return { answer: { status: 200, headers: { etag: '"e"' } } };
      failures.set(url, failed + 1);
      return { answer: { status: 500, body: "<Error><Code>InternalError</Code></Error>" } };
    });
    const store = await openS3(server.endpoint, "s3://bucket");
    await Promise.all(Array.from({ length: 100 }, async (_, i) => await store.put(`k${i}`, new Uint8Array(1))));
    assert.equal(
      [...failures.values()].reduce((sum, number) => sum + number, 0),
      200,
    );
  });
});
