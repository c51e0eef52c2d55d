import { join } from "node:path";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { SqliteJobQueue } from "../../shared/local/sqlite-queue/queue.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import { tempDir } from "../support/temp.ts";
import { disorderly } from "./job-queue-disorder.ts";
import { describeQueueModel } from "./job-queue-model.ts";
import { describeJobQueue } from "./job-queue.ts";

const clock = systemClock;
const random = systemRandom;

describeJobQueue("memory", {
  unitMs: 150,
  wakeMsMax: 50,
  strict: true,
  fair: true,
  async open() {
    const queue = new MemoryJobQueue({ clock, random });
    return [queue, queue];
  },
});

describeJobQueue("SQLite, two connections", {
  unitMs: 150,
  wakeMsMax: 50,
  strict: true,
  fair: true,
  async open() {
    const file = join(tempDir("queue"), "queue.db");
    const noise = await SqliteJobQueue.open(file, { name: "noise", clock, random });
    await noise.send([{ body: "of another queue in the file" }]);
    await noise.close();
    const options = { name: "jobs", clock, random };
    return [await SqliteJobQueue.open(file, options), await SqliteJobQueue.open(file, options)];
  },
});

describeJobQueue("memory, with duplicates", {
  unitMs: 150,
  wakeMsMax: 50,
  strict: false,
  fair: false,
  async open() {
    const queue = disorderly(new MemoryJobQueue({ clock, random }), random);
    return [queue, queue];
  },
});

describe("JobQueue, beside a model:", () => {
  describeQueueModel("memory", 150, async (givenClock, givenRandom) => {
    return new MemoryJobQueue({ clock: givenClock, random: givenRandom });
  });

  let queues = 0;
  const file = join(tempDir("queue"), "queue.db");
  describeQueueModel("SQLite", 50, async (givenClock, givenRandom) => {
    const name = `queue-${++queues}`;
    return await SqliteJobQueue.open(file, { name, clock: givenClock, random: givenRandom });
  });
});
