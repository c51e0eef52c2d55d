/** The JobQueue suite on LocalStack in a container. */
import { startLocalStack } from "../support/localstack.ts";
import { needs } from "../support/requirements.ts";
import { createQueue, sqsClient, sqsQueue } from "../support/sqs.ts";
import { describeJobQueue } from "./job-queue.ts";

/** The image may have to be fetched. */
const startMsMax = 900_000;

describe("LocalStack, which speaks SQS", function localStackSuite() {
  needs("docker");
  this.timeout(60_000);
  let endpoint = "";
  let queues = 0;

  before("start LocalStack", async function startHook() {
    this.timeout(startMsMax);
    ({ endpoint } = await startLocalStack());
  });

  describeJobQueue("SQS on LocalStack", {
    unitMs: 1_000,
    // Delays end up to a second late there.
    wakeMsMax: 2_000,
    strict: false,
    fair: false,
    async open() {
      const client = sqsClient(endpoint);
      const url = await createQueue(client, `contract-${++queues}`);
      return [sqsQueue({ client, url }), sqsQueue({ client, url })];
    },
  });
});
