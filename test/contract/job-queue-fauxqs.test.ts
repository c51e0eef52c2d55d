/** The JobQueue suite on fauxqs, in this process: as it is, and with the duplicates and the disorder that SQS allows itself, turned up. */
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { startFauxqs } from "../support/fauxqs.ts";
import { seededRandom } from "../support/manual-clock.ts";
import { createQueue, sqsClient, sqsQueue } from "../support/sqs.ts";
import { sqsLacks } from "./fauxqs-lacks.ts";
import { disorderly } from "./job-queue-disorder.ts";
import { describeJobQueue } from "./job-queue.ts";

const inSeconds = { unitMs: 1_000, wakeMsMax: 900, strict: false, fair: false, lacks: sqsLacks };
/** SQS gives a duplicate once in a long while. */
const duplicateShare = 0.5;

describe("fauxqs, which speaks SQS", () => {
  let endpoint = "";
  let queues = 0;

  before("start fauxqs", async () => {
    ({ endpoint } = await startFauxqs());
  });

  async function twice(): Promise<readonly [JobQueue, JobQueue]> {
    const client = sqsClient(endpoint);
    const url = await createQueue(client, `contract-${++queues}`);
    return [sqsQueue({ client, url }), sqsQueue({ client, url })];
  }

  describeJobQueue("SQS on fauxqs", { ...inSeconds, open: twice });

  describeJobQueue("SQS on fauxqs, with duplicates, in disorder", {
    ...inSeconds,
    async open() {
      const [queue] = await twice();
      const disordered = disorderly(queue, seededRandom(queues), { duplicateShare });
      return [disordered, disordered];
    },
  });
});
