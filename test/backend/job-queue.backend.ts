/** `npm run test:backend`: the JobQueue suite on a server that is not ours. */
import { sqsQueue } from "../support/sqs.ts";
import { describeJobQueue } from "../contract/job-queue.ts";
import { closeMsMax, openBackend, type Backend } from "./backend.ts";

describe("the server's SQS", function backendSuite() {
  this.timeout(180_000);
  let backend: Backend;

  before(async () => {
    backend = await openBackend();
  });

  after(async function closeHook() {
    this.timeout(closeMsMax);
    await backend?.close();
  });

  describeJobQueue("SQS", {
    unitMs: 1_000,
    // A server may be an ocean away.
    wakeMsMax: 2_000,
    strict: false,
    fair: false,
    async open() {
      const [client, url] = [backend.sqs, await backend.newQueue()];
      return [sqsQueue({ client, url }), sqsQueue({ client, url })];
    },
  });
});
