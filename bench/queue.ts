/** The queue in a file: messages sent in batches, then leased and acknowledged; beside the same done to rows of a bare SQLite table. */
import { join } from "node:path";
import { SqliteJobQueue } from "../shared/local/sqlite-queue/queue.ts";
import { systemClock, systemRandom } from "../shared/clock.ts";
import { BareQueue } from "./bare-queue.ts";
import { paired } from "./measure.ts";
import type { Bench, Row, Setup } from "./types.ts";

const messages = 20_000;
const batch = 10;
/** A job's message with a short block list. */
const body = JSON.stringify({ format: 1, blocks: "x".repeat(400) });

async function* rows({ runs, folder }: Setup): AsyncGenerator<Row> {
  let number = 0;
  const fresh = (): string => join(folder, `queue-${number++}.db`);
  const rates = async (): Promise<{ sent: number; claimed: number }> => {
    const queue = await SqliteJobQueue.open(fresh(), { name: "jobs", clock: systemClock, random: systemRandom });
    try {
      const sent = await rateOf(async () => {
        await queue.send(Array.from({ length: messages }, () => ({ body })));
      });
      const claimed = await rateOf(async () => {
        for (let left = messages; left > 0;) {
          const leases = await queue.lease(batch, { leaseMs: 60_000, waitMs: 0 });
          await queue.acknowledge(leases.map(({ handle }) => handle));
          left -= leases.length;
        }
      });
      return { sent, claimed };
    } finally {
      await queue.close();
    }
  };
  const bareRates = async (): Promise<{ sent: number; claimed: number }> => {
    const bare = new BareQueue(fresh());
    const bodies = Array.from({ length: messages }, () => body);
    const sent = await rateOf(async () => bare.insert(bodies));
    const claimed = await rateOf(async () => bare.remove(messages, batch));
    bare.close();
    return { sent, claimed };
  };
  const plans = [
    { of: "sent", what: "messages sent to the SQLite queue", against: "INSERT, one transaction", least: 20_000 },
    {
      of: "claimed",
      what: `messages leased and acknowledged, ${batch} at a time`,
      against: "UPDATE, then DELETE",
      least: 10_000,
    },
  ] as const;
  for (const { of, least, ...texts } of plans) {
    const compared = await paired(
      runs,
      async () => (await rates())[of],
      async () => (await bareRates())[of],
    );
    yield { ...texts, unit: "/s", ...compared, target: { least, of: "ours" } };
  }
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return messages / ((performance.now() - startedAt) / 1000);
}

export const queue: Bench = { name: "queue", about: "the SQLite queue, beside bare SQLite", run: rows };
