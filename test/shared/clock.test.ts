import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { systemClock, systemRandom } from "../../shared/clock.ts";

describe("systemClock", () => {
  it("sleeps for as long as it is told", async () => {
    const start = systemClock.monotonic();
    await systemClock.sleep(30);
    const sleptMs = systemClock.monotonic() - start;
    assert.ok(sleptMs >= 29 && sleptMs < 1_000, `slept for ${sleptMs} ms`);
    await systemClock.sleep(0);
    await systemClock.sleep(-5);
  });

  it("wakes when the signal aborts, and at once when it has", async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort();
    await sleeping;
    await systemClock.sleep(60_000, abort.signal);
  });

  it("leaves no listener behind", async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) await systemClock.sleep(0, signal);
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  });

  it("sleeps for longer than a timer of Node's can", async () => {
    const abort = new AbortController();
    let woken = false;
    const sleeping = systemClock.sleep(40 * 24 * 3_600_000, abort.signal).then(() => (woken = true));
    await systemClock.sleep(30);
    assert.equal(woken, false);
    abort.abort();
    await sleeping;
  });
});

describe("systemRandom", () => {
  it("gives as many hexadecimal digits as are asked for, others each time", () => {
    for (const digits of [0, 1, 7, 16]) assert.match(systemRandom.hex(digits), new RegExp(`^[0-9a-f]{${digits}}$`));
    assert.notEqual(systemRandom.hex(16), systemRandom.hex(16));
  });

  it("gives numbers from 0 to below 1, all over", () => {
    const tenths = new Set<number>();
    for (let i = 0; i < 1_000; i++) {
      const value = systemRandom.float();
      assert.ok(value >= 0 && value < 1);
      tenths.add(Math.floor(value * 10));
    }
    assert.equal(tenths.size, 10);
  });
});
