/** What only the queue in memory promises: under a given clock and randomness, one history. */
import assert from "node:assert/strict";
import { MemoryJobQueue } from "../../../shared/memory/job-queue.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";

async function orderUnder(seed: number): Promise<string[]> {
  const queue = new MemoryJobQueue({ clock: new ManualClock(), random: seededRandom(seed) });
  await queue.send(Array.from({ length: 50 }, (_, i) => ({ body: `${i}` })));
  const leases = await queue.lease(50, { leaseMs: 1_000, waitMs: 0 });
  return leases.map(({ body }) => body);
}

describe("MemoryJobQueue", () => {
  it("repeats its order under one seed, and has another under another", async () => {
    assert.deepEqual(await orderUnder(7), await orderUnder(7));
    assert.notDeepEqual(await orderUnder(7), await orderUnder(8));
    const first = await orderUnder(7);
    assert.notDeepEqual(
      first,
      first.toSorted((a, b) => Number(a) - Number(b)),
      "and none that anybody would come to rely on",
    );
  });

  it("wakes a wait at the end of a lease that was made shorter meanwhile", async () => {
    const clock = new ManualClock();
    const queue = new MemoryJobQueue({ clock, random: seededRandom() });
    await queue.send([{ body: "a" }]);
    const [held] = await queue.lease(1, { leaseMs: 10_000, waitMs: 0 });
    let cameAt: number | undefined;
    const waiting = queue.lease(1, { leaseMs: 1_000, waitMs: 20_000 }).then(() => (cameAt = clock.monotonic()));
    await clock.advance(100);
    await queue.extend([{ handle: held?.handle ?? "", leaseMs: 400 }]);
    await clock.advance(5_000);
    await waiting;
    assert.equal(cameAt, 500);
    assert.equal(clock.sleeping, 0);
  });
});
