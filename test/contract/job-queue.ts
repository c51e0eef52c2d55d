/**
 * What every JobQueue does, whichever server is behind it. Nothing here assumes an order, or that a message comes once, or
 * that a stale handle fails. What only a queue without a network promises stands under `strict`, turns of groups under `fair`.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { delayMsMax, messageBytesMax } from "../../shared/ports/job-queue-limits.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { atEnd } from "../support/cleanup.ts";
import { without } from "../support/requirements.ts";
import { testGroups } from "./job-queue-groups.ts";
import { drain, leaseOne, longMs, numbered, openWith } from "./job-queue-steps.ts";
import type { QueueUnderTest } from "./job-queue-steps.ts";
import { testWaits } from "./job-queue-waits.ts";

export type { QueueUnderTest } from "./job-queue-steps.ts";

export function describeJobQueue(what: string, test: QueueUnderTest): void {
  const { unitMs, wakeMsMax, strict, fair } = test;
  /** Long enough that nothing more is to be expected. */
  const quietMs = wakeMsMax * 2;

  async function open(): Promise<readonly [JobQueue, JobQueue]> {
    const queues = await test.open();
    atEnd(async () => {
      for (const queue of queues) await queue.close();
    });
    return queues;
  }

  const suite = describe(`JobQueue: ${what}`, () => {
    it("delivers every message that it took, unchanged", async () => {
      const [queue, other] = await open();
      const bodies = [...numbered(137), "naïve – ✓", '{"a":"\\u0000"}\n\t'];
      const results = await queue.send(bodies.map((body) => ({ body, group: "run-1" })));
      assert.deepEqual(
        results,
        Array.from(bodies, () => ({ ok: true })),
      );
      assert.deepEqual(await drain(other, quietMs), bodies.toSorted());
    });

    it("delivers characters beyond U+FFFF, unchanged", async () => {
      const [queue] = await openWith(open, "🎈 at the limit: \u{10FFFF}");
      assert.deepEqual(await drain(queue, quietMs), ["🎈 at the limit: \u{10FFFF}"]);
    });

    it("takes an empty batch, and gives no more than is asked for", async () => {
      const [queue] = await openWith(open, "a");
      assert.deepEqual(await queue.send([]), []);
      assert.deepEqual(await queue.acknowledge([]), []);
      await queue.send(numbered(5).map((body) => ({ body })));
      for (let left = 6; left > 0;) {
        const leases = await queue.lease(2, { leaseMs: longMs, waitMs: unitMs });
        assert.ok(leases.length === 1 || leases.length === 2, `${leases.length} of at most 2`);
        await queue.acknowledge(leases.map(({ handle }) => handle));
        left -= leases.length;
        if (!strict) break;
      }
    });

    it("answers for each entry: what it cannot take fails alone", async () => {
      const [queue] = await open();
      const largest = "é".repeat(messageBytesMax / 2);
      const results = await queue.send([
        { body: "first" },
        { body: `${largest}x` },
        { body: largest },
        { body: "" },
        { body: "a control character: \u0001" },
        { body: "late", delayMs: delayMsMax + 1 },
        { body: "last" },
      ]);
      assert.deepEqual(
        results.map(({ ok }) => ok),
        [true, false, true, false, false, false, true],
      );
      for (const result of results) assert.ok(result.ok || (result.reason.length > 10 && !result.retryable));
      assert.deepEqual(await drain(queue, quietMs), ["first", "last", largest]);
    });

    it("answers for each handle: what is no handle fails alone", async () => {
      const [queue] = await openWith(open, "a");
      const { handle } = await leaseOne(queue, longMs, unitMs);
      const extended = await queue.extend([
        { handle: "nonsense", leaseMs: longMs },
        { handle, leaseMs: longMs },
      ]);
      assert.deepEqual(
        extended.map(({ ok }) => ok),
        [false, true],
      );
      const acknowledged = await queue.acknowledge(["nonsense", handle, ""]);
      assert.deepEqual(
        acknowledged.map(({ ok }) => ok),
        [false, true, false],
      );
      assert.deepEqual(await drain(queue, quietMs), []);
    });

    it("says yes to whom the lease has left, silently", async () => {
      const [queue, other] = await openWith(open, "a");
      const late = await leaseOne(queue, unitMs, unitMs);
      const held = await leaseOne(other, unitMs * 5, unitMs * 3);
      assert.deepEqual(await queue.extend([{ handle: late.handle, leaseMs: 0 }]), [{ ok: true }]);
      assert.deepEqual(await queue.release([{ handle: late.handle, delayMs: 0 }]), [{ ok: true }]);
      assert.deepEqual(await queue.acknowledge([late.handle]), [{ ok: true }]);
      if (!strict) return;
      assert.deepEqual(await queue.lease(1, { leaseMs: longMs, waitMs: unitMs }), [], "the holder is not disturbed");
      const next = await leaseOne(queue, longMs, unitMs * 6);
      assert.ok(next.receiveCount > held.receiveCount, "and the message is there still");
    });

    it("does nothing for an ended lease that nobody took over", async () => {
      if (!strict) return;
      const [queue] = await openWith(open, "a");
      const late = await leaseOne(queue, unitMs, unitMs);
      await sleep(unitMs * 1.2);
      assert.deepEqual(await queue.acknowledge([late.handle]), [{ ok: true }]);
      assert.deepEqual(await drain(queue, quietMs), ["a"]);
    });

    it("says yes to a second acknowledgement", async () => {
      const [queue] = await openWith(open, "a");
      const { handle } = await leaseOne(queue, longMs, unitMs);
      assert.deepEqual(await queue.acknowledge([handle]), [{ ok: true }]);
      assert.deepEqual(await queue.acknowledge([handle]), [{ ok: true }]);
      assert.deepEqual(await queue.extend([{ handle, leaseMs: unitMs }]), [{ ok: true }]);
      assert.deepEqual(await drain(queue, quietMs), []);
    });

    it("refuses to lease what no server could", async () => {
      const [queue] = await open();
      for (const [max, leaseMs, waitMs] of [
        [0, 1, 0],
        [1, -1, 0],
        [1, 12 * 3_600_000 + 1, 0],
        [1, 1, 20_001],
      ] as const) {
        await assert.rejects(queue.lease(max, { leaseMs, waitMs }), { code: "limit" });
      }
    });

    it("never gives one delivery to two that ask at once", async () => {
      const queues = await open();
      const bodies = numbered(200);
      await queues[0].send(bodies.map((body) => ({ body })));
      const handles: string[] = [];
      const seen = new Set<string>();
      const worker = async (queue: JobQueue): Promise<void> => {
        for (;;) {
          const leases = await queue.lease(7, { leaseMs: longMs, waitMs: quietMs });
          if (leases.length === 0) return;
          handles.push(...leases.map(({ handle }) => handle));
          for (const { body } of leases) seen.add(body);
        }
      };
      await Promise.all([...queues, ...queues].map(worker));
      assert.equal(new Set(handles).size, handles.length);
      assert.deepEqual([...seen].toSorted(), bodies);
      if (strict) assert.equal(handles.length, bodies.length, "once while the lease lasts");
    });

    it("counts, approximately", async () => {
      const [queue, other] = await open();
      await queue.send([...numbered(8).map((body) => ({ body })), { body: "late", delayMs: longMs }]);
      const leases = await queue.lease(3, { leaseMs: longMs, waitMs: unitMs });
      const { visible, leased, delayed } = await other.counts();
      if (strict)
        assert.deepEqual(
          { visible, leased, delayed },
          { visible: 8 - leases.length, leased: leases.length, delayed: 1 },
        );
      else assert.ok(visible >= 0 && leased >= 0 && delayed >= 0);
      await queue.release(leases.map(({ handle }) => ({ handle, delayMs: 0 })));
      assert.equal((await drain(queue, quietMs)).length, 8);
      const end = await other.counts();
      if (strict) assert.deepEqual(end, { visible: 0, leased: 0, delayed: 1 });
    });

    testWaits(open, test);
    if (fair) testGroups(open);
  });
  without(suite, test.lacks ?? []);
}
