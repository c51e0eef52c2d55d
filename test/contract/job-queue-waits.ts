/** The part of the JobQueue suite that is about time: ends of leases and delays, and waiting for them. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { drain, leaseOne, longMs, openWith, timed } from "./job-queue-steps.ts";
import type { Open, QueueUnderTest } from "./job-queue-steps.ts";

/** On a machine that others use, a process may stand still for longer than a wait may take. */
const timingRetries = 2;

export function testWaits(open: Open, { unitMs, wakeMsMax, strict }: QueueUnderTest): void {
  const quietMs = wakeMsMax * 2;

  it("delivers again, under another handle, when a lease ends", async () => {
    const [queue, other] = await openWith(open, "a");
    const [first] = await timed(leaseOne(queue, unitMs, unitMs));
    const [second, waitedMs] = await timed(leaseOne(other, longMs, unitMs * 3));
    assert.equal(second.body, "a");
    assert.notEqual(second.handle, first.handle);
    assert.ok(first.receiveCount >= 1 && second.receiveCount > first.receiveCount);
    if (strict) assert.ok(waitedMs > unitMs * 0.8, `came back after ${waitedMs} ms of ${unitMs}`);
    assert.ok(waitedMs < unitMs + wakeMsMax, `came back only after ${waitedMs} ms of ${unitMs}`);
  }).retries(timingRetries);

  it("keeps a message for whom extends, counted from the call", async () => {
    const [queue, other] = await openWith(open, "a");
    const { handle } = await leaseOne(queue, unitMs * 2, unitMs);
    await sleep(unitMs);
    const start = performance.now();
    assert.deepEqual(await queue.extend([{ handle, leaseMs: unitMs * 2 }]), [{ ok: true }]);
    await leaseOne(other, longMs, unitMs * 4);
    const keptMs = performance.now() - start;
    if (strict) assert.ok(keptMs > unitMs * 1.8, `kept for ${keptMs} ms`);
    assert.ok(keptMs < unitMs * 2 + wakeMsMax, `kept for ${keptMs} ms`);
  }).retries(timingRetries);

  it("gives back at once, or after a delay", async () => {
    const [queue, other] = await openWith(open, "a");
    const first = await leaseOne(queue, longMs, unitMs);
    assert.deepEqual(await queue.release([{ handle: first.handle, delayMs: 0 }]), [{ ok: true }]);
    const second = await leaseOne(other, longMs, wakeMsMax);
    const results = await other.release([
      { handle: second.handle, delayMs: -1 },
      { handle: second.handle, delayMs: unitMs },
    ]);
    assert.deepEqual(
      results.map(({ ok }) => ok),
      [false, true],
    );
    const [, waitedMs] = await timed(leaseOne(queue, longMs, unitMs * 3));
    if (strict) assert.ok(waitedMs > unitMs * 0.8, `was there after ${waitedMs} ms`);
  }).retries(timingRetries);

  it("hides a message for its delay, and wakes whom waits at its end", async () => {
    const [queue, other] = await open();
    await queue.send([{ body: "a", delayMs: unitMs }]);
    const [, waitedMs] = await timed(leaseOne(other, longMs, unitMs * 3));
    assert.ok(waitedMs > unitMs * 0.8 && waitedMs < unitMs + wakeMsMax, `came after ${waitedMs} ms`);
  }).retries(timingRetries);

  it("wakes whom waits when there is a message", async () => {
    const [queue, other] = await open();
    for (const body of ["a", "b", "c"]) {
      const waiting = leaseOne(other, longMs, unitMs * 20);
      await sleep(unitMs / 2);
      const [lease, afterMs] = await timed(queue.send([{ body }]).then(() => waiting));
      assert.ok(afterMs < wakeMsMax, `woken after ${afterMs} ms`);
      assert.equal(lease.body, body);
      await other.acknowledge([lease.handle]);
    }
  }).retries(timingRetries);

  it("answers empty when nothing came, and not before", async () => {
    const [queue] = await open();
    assert.deepEqual(await queue.lease(10, { leaseMs: longMs, waitMs: 0 }), []);
    const [leases, waitedMs] = await timed(queue.lease(10, { leaseMs: longMs, waitMs: unitMs }));
    assert.deepEqual(leases, []);
    assert.ok(waitedMs > unitMs * 0.9 && waitedMs < unitMs + wakeMsMax, `waited for ${waitedMs} ms`);
  }).retries(timingRetries);

  it("stops waiting when its signal aborts, with the signal's reason", async () => {
    const [queue, other] = await open();
    const abort = new AbortController();
    const reason = new Error("enough");
    const waiting = queue.lease(1, { leaseMs: longMs, waitMs: 20_000, signal: abort.signal });
    setTimeout(() => abort.abort(reason), unitMs / 2);
    const [, waitedMs] = await timed(assert.rejects(waiting, reason));
    assert.ok(waitedMs < unitMs / 2 + wakeMsMax, `stopped after ${waitedMs} ms`);
    await queue.send([{ body: "a" }]);
    await assert.rejects(queue.lease(1, { leaseMs: longMs, waitMs: 0, signal: abort.signal }), reason);
    assert.deepEqual(await drain(other, quietMs), ["a"], "an aborted lease takes nothing");
  }).retries(timingRetries);

  it("ends waits when it closes, and closes twice", async () => {
    const [queue] = await open();
    const waiting = queue.lease(1, { leaseMs: longMs, waitMs: 20_000 });
    await sleep(unitMs / 4);
    await queue.close();
    await queue.close();
    const [leases, waitedMs] = await timed(waiting);
    assert.deepEqual(leases, []);
    assert.ok(waitedMs < wakeMsMax, `ended after ${waitedMs} ms`);
  }).retries(timingRetries);
}
