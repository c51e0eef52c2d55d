/** What only the queue in memory promises: under a given clock and randomness, one history. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { MemoryJobQueue } from "../../../shared/memory/job-queue.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";

async function orderUnder(seed: number): Promise<string[]> {
  const queue = new MemoryJobQueue({ clock: new ManualClock(), random: seededRandom(seed) });
  await queue.send(Array.from({ length: 50 }, (_, i) => ({ body: `${i}` })));
  const leases = await queue.lease(50, { leaseMs: 1_000, waitMs: 0 });
  return leases.map(({ body }) => body);
}

type Step =
  | { readonly do: "send"; readonly delayMs: number }
  | { readonly do: "lease"; readonly leaseMs: number }
  | { readonly do: "extend" | "release"; readonly which: number; readonly ms: number }
  | { readonly do: "acknowledge"; readonly which: number }
  | { readonly do: "pass"; readonly ms: number };

const ms = fc.integer({ min: 0, max: 50 });
const which = fc.nat(20);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("send" as const), delayMs: ms }),
    fc.record({ do: fc.constant("lease" as const), leaseMs: ms }),
    fc.record({ do: fc.constantFrom("extend" as const, "release" as const), which, ms }),
    fc.record({ do: fc.constant("acknowledge" as const), which }),
    fc.record({ do: fc.constant("pass" as const), ms }),
  ),
  { maxLength: 60 },
);

/** The plainest queue that could be: a list, looked through at every step. */
interface Modelled {
  visibleAt: number;
  handle: string | null;
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

  it("is what a plain list would be, whatever is done to it", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(), async (history, seed) => {
        const clock = new ManualClock();
        const queue = new MemoryJobQueue({ clock, random: seededRandom(seed) });
        const model = new Map<string, Modelled>();
        const handles: { readonly body: string; readonly handle: string }[] = [];
        /** What the handle holds still. */
        const held = (index: number): [string, Modelled | undefined] => {
          const { body, handle } = handles[index % handles.length] ?? { body: "", handle: "0-0" };
          const message = model.get(body);
          const lasts = message?.handle === handle && message.visibleAt > clock.monotonic();
          return [handle, lasts ? message : undefined];
        };
        for (const [index, step] of history.entries()) {
          const now = clock.monotonic();
          if (step.do === "send") {
            await queue.send([{ body: `${index}`, delayMs: step.delayMs }]);
            model.set(`${index}`, { visibleAt: now + step.delayMs, handle: null });
          } else if (step.do === "lease") {
            const visible = [...model.values()].filter(({ visibleAt }) => visibleAt <= now).length;
            const [lease] = await queue.lease(1, { leaseMs: step.leaseMs, waitMs: 0 });
            assert.equal(lease !== undefined, visible > 0);
            if (lease === undefined) continue;
            const message = model.get(lease.body);
            assert.ok(message !== undefined && message.visibleAt <= now);
            message.visibleAt = now + step.leaseMs;
            message.handle = lease.handle;
            handles.push(lease);
          } else if (step.do === "pass") {
            await clock.advance(step.ms);
          } else {
            const [handle, message] = held(step.which);
            if (step.do === "extend") await queue.extend([{ handle, leaseMs: step.ms }]);
            else if (step.do === "release") await queue.release([{ handle, delayMs: step.ms }]);
            else await queue.acknowledge([handle]);
            if (message === undefined) continue;
            if (step.do === "acknowledge") {
              for (const [body, each] of model) if (each === message) model.delete(body);
            } else {
              message.visibleAt = now + step.ms;
              if (step.do === "release") message.handle = null;
            }
          }
          const all = [...model.values()];
          const hidden = all.filter(({ visibleAt }) => visibleAt > clock.monotonic());
          const leased = hidden.filter(({ handle }) => handle !== null).length;
          const expected = { visible: all.length - hidden.length, leased, delayed: hidden.length - leased };
          assert.deepEqual(await queue.counts(), expected);
        }
      }),
      { numRuns: 150 },
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
