/** The part of the JobQueue suite for queues that let groups take turns. The port promises no order: others need not. */
import assert from "node:assert/strict";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { longMs, numbered } from "./job-queue-steps.ts";
import type { Open } from "./job-queue-steps.ts";

const backlog = 5_000;
const few = 10;
/** Every other lease, and some in hand. */
const leasesMax = 25;

async function sendTo(queue: JobQueue, group: string | undefined, bodies: readonly string[]): Promise<void> {
  const named = group === undefined ? {} : { group };
  const results = await queue.send(bodies.map((body) => ({ body: `${group ?? "none"}: ${body}`, ...named })));
  assert.ok(results.every(({ ok }) => ok));
}

/** The groups of the messages that come next. */
async function leasedGroups(queue: JobQueue, count: number, atOnce: number, acknowledged: boolean): Promise<string[]> {
  const groups: string[] = [];
  while (groups.length < count) {
    const max = Math.min(atOnce, count - groups.length);
    const leases = await queue.lease(max, { leaseMs: longMs, waitMs: 0 });
    assert.ok(leases.length > 0, "there are more");
    groups.push(...leases.map(({ body }) => body.slice(0, body.indexOf(":"))));
    if (acknowledged) await queue.acknowledge(leases.map(({ handle }) => handle));
  }
  return groups;
}

const countOf = (group: string, groups: readonly string[]): number => groups.filter((each) => each === group).length;

export function testGroups(open: Open): void {
  for (const [large, small] of [
    ["A", "B"],
    [undefined, "B"],
    ["A", undefined],
  ] as const) {
    it(`lets ${few} of ${small ?? "no group"} by ${backlog} of ${large ?? "no group"}`, async () => {
      for (const [atOnce, acknowledged] of [
        [1, true],
        [1, false],
        [few, true],
      ] as const) {
        const [queue, other] = await open();
        await sendTo(queue, large, numbered(backlog));
        await leasedGroups(other, 7, 7, acknowledged);
        await sendTo(queue, small, numbered(few));
        const groups = await leasedGroups(other, leasesMax, atOnce, acknowledged);
        assert.equal(countOf(small ?? "none", groups), few, groups.join(" "));
        assert.equal(countOf(large ?? "none", groups), leasesMax - few, "and the rest is not kept waiting");
      }
    });
  }

  it("gives all that it has when it has one group", async () => {
    const [queue, other] = await open();
    await sendTo(queue, "A", numbered(few));
    assert.equal((await other.lease(few + 1, { leaseMs: longMs, waitMs: 0 })).length, few);
  });

  it("serves the group first whose messages nobody holds", async () => {
    const [queue, other] = await open();
    await sendTo(queue, "A", numbered(100));
    await leasedGroups(other, 20, 20, false);
    await sendTo(queue, "B", numbered(few));
    assert.deepEqual(new Set(await leasedGroups(other, few, 1, false)), new Set(["B"]));
    assert.deepEqual(new Set(await leasedGroups(other, 5, 1, false)), new Set(["A"]), "then goes on");
  });

  it("keeps no group waiting for one whose messages come one by one", async () => {
    const [queue, other] = await open();
    await sendTo(queue, "A", numbered(100));
    const groups: string[] = [];
    for (let i = 0; i < 40; i++) {
      if (i === 0 || groups.at(-1) === "B") await sendTo(queue, "B", [`${i}`]);
      groups.push(...(await leasedGroups(other, 1, 1, true)));
    }
    assert.ok(countOf("A", groups) >= 15 && countOf("B", groups) >= 15, groups.join(" "));
  });
}
