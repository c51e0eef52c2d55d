/** What only the queue in a file promises: several processes, kill -9, rates, a clock that steps back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { SqliteJobQueue } from "../../../shared/local/sqlite-queue/queue.ts";
import type { Clock } from "../../../shared/ports/clock.ts";
import { BareQueue } from "../../../bench/bare-queue.ts";
import { atEnd } from "../../support/cleanup.ts";
import { start } from "../../support/processes.ts";
import type { Started } from "../../support/processes.ts";
import { tempDir } from "../../support/temp.ts";

const childPath = fileURLToPath(new URL("sqlite-queue-child.ts", import.meta.url));
const longMs = 60_000;
const ratesTries = 3;
/** Two to three times what was measured (3.7, 1.1): a queue that looks through all it holds for each lease takes a hundred times as long. */
const sendRatioMax = 8;
const leaseRatioMax = 3;
const killRounds = 4;

async function openQueue(file: string, name = "jobs", clock: Clock = systemClock): Promise<SqliteJobQueue> {
  const queue = await SqliteJobQueue.open(file, { name, clock, random: systemRandom });
  atEnd(() => queue.close());
  return queue;
}

function openBare(): BareQueue {
  const bare = new BareQueue(join(tempDir("bare"), "queue.db"));
  atEnd(() => bare.close());
  return bare;
}

function newFile(): string {
  return join(tempDir("queue"), "below", "queue.db");
}

function child(mode: string, file: string, ...args: string[]): Promise<Started> {
  return start(process.execPath, [childPath, mode, file, ...args]);
}

/** The bodies that a child has printed, in whole lines. */
function printed(stdout: string): string[] {
  const lines = stdout.slice(0, stdout.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").flatMap((line) => JSON.parse(line) as string[]);
}

async function bodiesIn(file: string): Promise<string[]> {
  const queue = await openQueue(file);
  const bodies: string[] = [];
  for (;;) {
    const leases = await queue.lease(1_000, { leaseMs: longMs, waitMs: 0 });
    if (leases.length === 0) return bodies;
    bodies.push(...leases.map(({ body }) => body));
  }
}

/** Of some tries, in turns with what it is compared with, so that what else the machine does hits both: the least ratio of times. */
async function leastRatio(work: () => Promise<void>, beside: () => void): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < ratesTries; i++) {
    const startMs = performance.now();
    await work();
    const betweenMs = performance.now();
    beside();
    least = Math.min(least, (betweenMs - startMs) / (performance.now() - betweenMs));
  }
  return least;
}

describe("SqliteJobQueue", () => {
  it("keeps queues of one file apart, and what they hold when all have closed", async () => {
    const file = newFile();
    const jobs = await openQueue(file, "jobs");
    const ready = await openQueue(file, "ready");
    await jobs.send([{ body: "job" }]);
    await ready.send([{ body: "news" }]);
    await jobs.close();
    await ready.close();
    const again = await openQueue(file, "ready");
    const leases = await again.lease(10, { leaseMs: longMs, waitMs: 0 });
    assert.deepEqual(
      leases.map(({ body }) => body),
      ["news"],
    );
    assert.deepEqual(await (await openQueue(file)).counts(), { visible: 1, leased: 0, delayed: 0 });
  });

  it("wakes another process within 50 ms of a send", async () => {
    const file = newFile();
    const queue = await openQueue(file);
    const waiting = await child("wait", file);
    await waiting.waitFor(/waiting/);
    await sleep(100);
    const sentAt = Date.now();
    await queue.send([{ body: "a" }]);
    await waiting.waitForEnd();
    const [cameAt, count] = JSON.parse(waiting.stdout().split("\n")[1] ?? "") as [number, number];
    assert.equal(count, 1);
    assert.ok(cameAt - sentAt < 50, `came after ${cameAt - sentAt} ms`);
  }).retries(2);

  for (const groups of [1, 20_000]) {
    const group = (i: number): string => `run-${i % groups}`;

    it(`takes jobs in batches at a fraction of what bare rows cost, of ${groups} groups`, async () => {
      const queue = await openQueue(newFile());
      const bare = openBare();
      const count = 20_000;
      const bodies = Array.from({ length: count }, (_, i) => JSON.stringify({ job: i, list: "x".repeat(300) }));
      const jobs = bodies.map((body, i) => ({ body, group: group(i) }));
      const send = async (): Promise<void> => {
        for (let sent = 0; sent < count; sent += 1_000) await queue.send(jobs.slice(sent, sent + 1_000));
      };
      const ratio = await leastRatio(send, () => bare.insert(bodies));
      assert.ok(ratio <= sendRatioMax, `${ratio.toFixed(1)} times what INSERT takes`);
    });
  }

  for (const groups of [1, 2, 20_000]) {
    it(`leases and acknowledges jobs at about what bare rows cost, of ${groups} groups`, async () => {
      const queue = await openQueue(newFile());
      const bare = openBare();
      const count = 5_000;
      const batch = Array.from({ length: Math.max(groups, count * ratesTries) }, (_, i) => ({
        body: `job ${i} ${"x".repeat(300)}`,
        group: `run-${i % groups}`,
      }));
      await queue.send(batch);
      bare.insert(batch.map(({ body }) => body));
      const leaseAll = async (): Promise<void> => {
        for (let done = 0; done < count; done += 10) {
          const leases = await queue.lease(10, { leaseMs: longMs, waitMs: 0 });
          assert.equal(leases.length, 10);
          await queue.acknowledge(leases.map(({ handle }) => handle));
        }
      };
      const ratio = await leastRatio(leaseAll, () => bare.remove(count, 10));
      assert.deepEqual(await queue.counts(), { visible: batch.length - count * ratesTries, leased: 0, delayed: 0 });
      assert.ok(ratio <= leaseRatioMax, `${ratio.toFixed(1)} times what UPDATE and DELETE take`);
    });
  }

  it("gives no message to two of four processes while its lease lasts", async () => {
    const file = newFile();
    const count = 2_000;
    const queue = await openQueue(file);
    const children = await Promise.all(Array.from({ length: 4 }, () => child("hold", file)));
    for (const each of children) await each.waitFor(/\[\]/);
    await queue.send(Array.from({ length: count }, (_, i) => ({ body: `${i}` })));
    const lists = [];
    for (const each of children) {
      const { code, stderr } = await each.waitForEnd();
      assert.equal(code, 0, stderr);
      lists.push(printed(each.stdout()));
    }
    const all = lists.flat();
    assert.equal(all.length, count);
    assert.equal(new Set(all).size, count);
    assert.ok(lists.filter((list) => list.length > 0).length > 1, "more than one process had some");
  });

  it("holds everything that it said yes to when the sender is killed", async () => {
    for (let round = 0; round < killRounds; round++) {
      const file = newFile();
      const sender = await child("send", file, "1000000");
      await sender.waitFor(/\n/);
      await sleep(30 + systemRandom.float() * 120);
      sender.kill("SIGKILL");
      await sender.ended;
      const there = new Set(await bodiesIn(file));
      const lost = printed(sender.stdout()).filter((body) => !there.has(body));
      assert.deepEqual(lost, []);
      assert.equal(there.size % 10, 0, "a batch is stored whole or not at all");
    }
  });

  it("forgets what was acknowledged, and nothing else, when the worker is killed", async () => {
    for (let round = 0; round < killRounds; round++) {
      const file = newFile();
      const count = 20_000;
      const queue = await openQueue(file);
      await queue.send(Array.from({ length: count }, (_, i) => ({ body: `${i}` })));
      const worker = await child("acknowledge", file);
      await worker.waitFor(/\n\[./);
      await sleep(20 + systemRandom.float() * 100);
      worker.kill("SIGKILL");
      await worker.ended;
      const acknowledged = new Set(printed(worker.stdout()));
      const left = await bodiesIn(file);
      assert.deepEqual(
        left.filter((body) => acknowledged.has(body)),
        [],
      );
      // Ten may be leased still, ten more acknowledged but not printed.
      const unaccounted = count - left.length - acknowledged.size;
      assert.ok(unaccounted >= 0 && unaccounted <= 20, `${unaccounted} of ${count}`);
    }
  });

  it("keeps nothing invisible for long when the clock steps back", async () => {
    let nowMs = 1_700_000_000_000;
    const clock: Clock = { ...systemClock, now: () => nowMs };
    const file = newFile();
    const queue = await openQueue(file, "jobs", clock);
    await queue.send([{ body: "leased" }]);
    assert.equal((await queue.lease(1, { leaseMs: 10_000, waitMs: 0 })).length, 1);
    await queue.send([{ body: "visible" }]);
    nowMs -= 3_600_000;
    const [visible] = await queue.lease(2, { leaseMs: longMs, waitMs: 0 });
    assert.equal(visible?.body, "visible", "what could be had before can be had after");
    nowMs += 9_000;
    assert.deepEqual(await queue.lease(2, { leaseMs: longMs, waitMs: 0 }), [], "a lease is as long as it was");
    nowMs += 1_500;
    const [again] = await queue.lease(2, { leaseMs: longMs, waitMs: 0 });
    assert.equal(again?.body, "leased");
  });

  it("lets a handle of a file that is gone do nothing to the one that took its place", async () => {
    const first = await openQueue(newFile());
    await first.send([{ body: "a" }]);
    const [old] = await first.lease(1, { leaseMs: longMs, waitMs: 0 });
    const second = await openQueue(newFile());
    await second.send([{ body: "b" }]);
    await second.lease(1, { leaseMs: longMs, waitMs: 0 });
    assert.deepEqual(await second.acknowledge([old?.handle ?? ""]), [{ ok: true }]);
    assert.equal((await second.counts()).leased, 1);
  });
});
