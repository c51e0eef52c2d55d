/** The JobQueue suite on a server that is as awkward as any may be: see the options. */
import { seededRandom } from "../support/manual-clock.ts";
import { sqsClient, sqsQueue } from "../support/sqs.ts";
import { startSqsStub, type SqsStub, type StubFault } from "../support/sqs-stub.ts";
import { disorderly } from "./job-queue-disorder.ts";
import { describeJobQueue } from "./job-queue.ts";

const random = seededRandom(7);
const noGroups: StubFault = {
  code: "InvalidParameterValue",
  message:
    "Value run-1 for parameter MessageGroupId is invalid. Reason: The request include parameter that is not valid for this queue type.",
};

describe("SQS, an awkward server", () => {
  let stub: SqsStub;

  before(async () => {
    stub = await startSqsStub({
      batchBytesMax: 262_144,
      staleFails: true,
      failEntry: ({ MessageGroupId: group }) => {
        if (group !== undefined) return noGroups;
        return random.float() < 0.03 ? { code: "InternalError", message: "Later.", server: true } : undefined;
      },
      failRequest: () => (random.float() < 0.03 ? { code: "ThrottlingException", message: "Slower." } : undefined),
      wrap: (queue) => disorderly(queue, random),
    });
  });

  describeJobQueue("SQS with duplicates, failures, errors for stale handles, without groups", {
    unitMs: 1_000,
    wakeMsMax: 900,
    strict: false,
    fair: false,
    async open() {
      const [url, client] = [stub.createQueue(), sqsClient(stub.endpoint, 8)];
      return [sqsQueue({ client, url, batchBytesMax: 1_048_576 }), sqsQueue({ client, url })];
    },
  });
});
