/**
 * The JobQueue suite on moto. It is no proof of lease fencing: a stale handle's extend there changes the new lease, its
 * delete removes the message (`strict: false`). SQS counts in seconds, so do the tests.
 */
import assert from "node:assert/strict";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { startMoto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { createQueue, sqsClient, sqsQueue } from "../support/sqs.ts";
import { describeJobQueue } from "./job-queue.ts";

describe("SQS", () => {
  needs("moto");

  let client: SQSClient;
  let queues = 0;

  before(async function starts() {
    this.timeout(90_000);
    const { endpoint } = await startMoto();
    client = sqsClient(endpoint);
  });

  it("delivers every kind of character that the port takes, unchanged", async () => {
    const queue = sqsQueue({ client, url: await createQueue(client, "characters") });
    const body = "\t\n\r\r\n \u007F\u0085\u00A0\u2028\uD7FF\uE000\uFFFD\u{10000}\u{10FFFF}]]>&lt;&#13;<a/>\\u0000";
    assert.deepEqual(await queue.send([{ body }]), [{ ok: true }]);
    const [lease] = await queue.lease(1, { leaseMs: 1_000, waitMs: 1_000 });
    assert.equal(lease?.body, body);
    await queue.close();
  });

  describeJobQueue("SQS on moto", {
    unitMs: 1_000,
    wakeMsMax: 900,
    strict: false,
    fair: false,
    async open() {
      const url = await createQueue(client, `contract-${++queues}`);
      return [sqsQueue({ client, url }), sqsQueue({ client, url })];
    },
  });
});
