import assert from "node:assert/strict";
import { openSqsQueues, type SqsQueues } from "../../../../shared/aws/sqs/open.ts";
import type { AwsOptions } from "../../../../shared/aws/client.ts";
import { systemClock, systemRandom } from "../../../../shared/clock.ts";
import { atEnd } from "../../../support/cleanup.ts";
import { useTestCredentials } from "../../../support/s3-on-moto.ts";
import { startSqsStub } from "../../../support/sqs-stub.ts";

async function open(place: string, aws: AwsOptions = {}): Promise<SqsQueues> {
  const queues = await openSqsQueues(place, { aws, clock: systemClock, random: systemRandom });
  atEnd(async () => await queues.close());
  return queues;
}

describe("openSqsQueues", () => {
  before(() => useTestCredentials());

  it("finds both queues of a name, and stays with the endpoint that was configured", async () => {
    const stub = await startSqsStub();
    for (const name of ["fold-jobs", "fold-ready"]) stub.createQueue(name);
    const { jobs, ready } = await open("sqs://fold", { sqsEndpoint: stub.endpoint });
    assert.deepEqual([jobs.name, ready.name], ["sqs://fold-jobs", "sqs://fold-ready"]);
    await jobs.send([{ body: "job" }]);
    await ready.send([{ body: "ready" }]);
    const options = { leaseMs: 1_000, waitMs: 0 };
    assert.equal((await jobs.lease(10, options))[0]?.body, "job");
    assert.equal((await ready.lease(10, options))[0]?.body, "ready");
  });

  it("takes the URL of the jobs queue, whatever endpoint is configured", async () => {
    const stub = await startSqsStub();
    const url = stub.createQueue("fold-jobs");
    stub.createQueue("fold-ready");
    const { jobs, ready } = await open(url, { sqsEndpoint: "http://127.0.0.1:1" });
    assert.deepEqual(await ready.send([{ body: "ready" }]), [{ ok: true }]);
    assert.equal((await jobs.counts()).visible, 0);
    assert.equal((await ready.counts()).visible, 1);
    assert.ok(stub.requests.every(({ action }) => action !== "GetQueueUrl"));
  });

  it("says which queue is not there", async () => {
    const stub = await startSqsStub();
    stub.createQueue("fold-jobs");
    await assert.rejects(open("sqs://fold", { sqsEndpoint: stub.endpoint }), {
      code: "no-such-store",
      message: "The queue sqs://fold-ready is not there, in the region us-east-1.",
    });
  });

  it("does without a dead-letter queue where nobody may ask for one, and not where the answer is only late", async () => {
    const refusing = await startSqsStub({
      failRequest: ({ action }) =>
        action === "GetQueueAttributes" ? { code: "AccessDeniedException", message: "No." } : undefined,
    });
    for (const name of ["fold-jobs", "fold-ready"]) refusing.createQueue(name);
    assert.equal((await open("sqs://fold", { sqsEndpoint: refusing.endpoint })).dead, null);
    const busy = await startSqsStub({
      failRequest: ({ action }) =>
        action === "GetQueueAttributes" ? { code: "RequestThrottled", message: "Later." } : undefined,
    });
    for (const name of ["fold-jobs", "fold-ready"]) busy.createQueue(name);
    await assert.rejects(open("sqs://fold", { sqsEndpoint: busy.endpoint, attemptsMax: 1 }), { retryable: true });
  });

  it("says that nobody answers", async () => {
    await assert.rejects(open("sqs://fold", { sqsEndpoint: "http://127.0.0.1:1", attemptsMax: 1 }), {
      code: "store-unavailable",
      retryable: true,
    });
  });
});
