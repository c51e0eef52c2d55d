/** What a worker's heartbeats cost over SQS: one request for all leases that fit into one. */
import assert from "node:assert/strict";
import { startSqsStub } from "../../../support/sqs-stub.ts";
import { sqsClient, sqsQueue } from "../../../support/sqs.ts";
import { useTestCredentials } from "../../../support/s3-on-moto.ts";
import { LeaseKeeper } from "../../../../worker/leases.ts";
import { WorkerSetting } from "../../../worker/setting.ts";

const heartbeatMs = 25_000;
const untilMsMax = 20_000;

describe("heartbeats over SQS", () => {
  before(() => useTestCredentials());

  for (const { leases, requests } of [
    { leases: 1, requests: 1 },
    { leases: 10, requests: 1 },
    { leases: 23, requests: 3 },
  ]) {
    it(`extend ${leases} leases by ${requests} request${requests === 1 ? "" : "s"}`, async () => {
      const stub = await startSqsStub();
      const jobs = sqsQueue({ client: sqsClient(stub.endpoint), url: stub.createQueue() });
      const setting = new WorkerSetting();
      const keeper = new LeaseKeeper(setting.context({ jobs }));
      await jobs.send(Array.from({ length: leases }, (_, index) => ({ body: `job ${index}` })));
      let held = 0;
      while (held < leases) {
        for (const { handle } of await jobs.lease(10, { leaseMs: 120_000, waitMs: 0 })) {
          keeper.hold(handle, setting.clock.monotonic());
          held++;
        }
      }
      const over = new AbortController();
      const beating = keeper.beat(over.signal);
      for (let beat = 1; beat <= 3; beat++) {
        await setting.clock.advance(heartbeatMs);
        const extended = (): number =>
          stub.requests.reduce(
            (sum, { action, entries }) => sum + (action === "ChangeMessageVisibilityBatch" ? entries.length : 0),
            0,
          );
        const until = performance.now() + untilMsMax;
        while (extended() < beat * leases && performance.now() < until) await setting.clock.settle();
        assert.equal(extended(), beat * leases);
        // The keeper's turn, after the answer: it sleeps until the next beat.
        while (setting.clock.sleeping === 0 && performance.now() < until) await setting.clock.settle();
      }
      over.abort();
      await beating;
      const beats = stub.requests.filter(({ action }) => action.startsWith("ChangeMessageVisibility"));
      assert.equal(beats.length, 3 * requests);
    });
  }
});
