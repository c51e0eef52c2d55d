/**
 * A process that uses a queue file, for tests that kill it or race it:
 *
 *   send <file> <n>          sends n messages, ten at a time, and prints each batch's bodies once the queue has said yes
 *   acknowledge <file>       leases and acknowledges for ever, and prints bodies likewise
 *   hold <file>              prints [], then leases all there is and prints it
 *   wait <file>              prints `waiting`, then the time (ms since the epoch) at which a message came
 *
 * What is printed is one JSON array a line, written at once: a killed process has printed what it was told.
 */
import { writeSync } from "node:fs";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { SqliteJobQueue } from "../../../shared/local/sqlite-queue/queue.ts";

const longMs = 60_000;
/** For the first message: the parent may send only when all of us are there. */
const firstWaitMs = 10_000;
const lastWaitMs = 500;
const [mode, file, count] = process.argv.slice(2) as [string, string, string?];
const queue = await SqliteJobQueue.open(file, { name: "jobs", clock: systemClock, random: systemRandom });

function print(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

async function send(total: number): Promise<void> {
  for (let index = 0; index < total; index += 10) {
    const bodies = Array.from({ length: 10 }, (_, i) => `${index + i}`);
    const results = await queue.send(bodies.map((body) => ({ body })));
    print(bodies.filter((_, i) => results[i]?.ok));
  }
}

async function take(acknowledge: boolean): Promise<void> {
  print([]);
  for (let waitMs = firstWaitMs; ; waitMs = lastWaitMs) {
    const leases = await queue.lease(10, { leaseMs: longMs, waitMs });
    if (leases.length === 0) return;
    if (acknowledge) await queue.acknowledge(leases.map(({ handle }) => handle));
    print(leases.map(({ body }) => body));
  }
}

if (mode === "send") await send(Number(count));
else if (mode === "wait") {
  print("waiting");
  const leases = await queue.lease(1, { leaseMs: longMs, waitMs: 20_000 });
  print([Date.now(), leases.length]);
} else await take(mode === "acknowledge");
await queue.close();
