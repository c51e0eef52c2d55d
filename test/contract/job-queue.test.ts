import { join } from "node:path";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import { SqliteJobQueue } from "../../shared/local/sqlite-queue/queue.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import { tempDir } from "../support/temp.ts";
import { disorderly } from "./job-queue-disorder.ts";
import { describeJobQueue } from "./job-queue.ts";

const clock = systemClock;
const random = systemRandom;

describeJobQueue("memory", {
  unitMs: 150,
  wakeMsMax: 50,
  strict: true,
  async open() {
    const queue = new MemoryJobQueue({ clock, random });
    return [queue, queue];
  },
});

describeJobQueue("SQLite, two connections", {
  unitMs: 150,
  wakeMsMax: 50,
  strict: true,
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
  async open() {
    const queue = disorderly(new MemoryJobQueue({ clock, random }), random);
    return [queue, queue];
  },
});
