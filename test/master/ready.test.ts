/** Ready messages: how many requests they cost, and that none is left behind. */
import assert from "node:assert/strict";
import { ReadyMessages } from "../../master/ready.ts";
import { MemoryJobQueue } from "../../shared/memory/job-queue.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { ManualClock, seededRandom } from "../support/manual-clock.ts";

const gatherMs = 2_500;
const keepMs = 30_000;

class Setting {
  readonly clock = new ManualClock();
  readonly queue = new MemoryJobQueue({ clock: this.clock, random: seededRandom() });
  receives = 0;
  acknowledgements = 0;

  ready(pauseMs = gatherMs, heldMs = keepMs): ReadyMessages {
    const { queue } = this;
    const counting: JobQueue = {
      name: queue.name,
      send: queue.send.bind(queue),
      extend: queue.extend.bind(queue),
      release: queue.release.bind(queue),
      counts: queue.counts.bind(queue),
      close: queue.close.bind(queue),
      lease: async (max, options) => {
        this.receives++;
        return await queue.lease(max, options);
      },
      acknowledge: async (handles) => {
        this.acknowledgements++;
        return await queue.acknowledge(handles);
      },
    };
    return new ReadyMessages({
      queue: counting,
      clock: this.clock,
      gatherMs: pauseMs,
      keepMs: heldMs,
      leaseMs: 70_000,
    });
  }

  async send(count: number): Promise<void> {
    await this.queue.send(Array.from({ length: count }, () => ({ body: "{}" })));
  }

  async left(): Promise<number> {
    const { visible, leased, delayed } = await this.queue.counts();
    return visible + leased + delayed;
  }

  /** Waits as a loop does, for so long. */
  async loop(ready: ReadyMessages, forMs: number): Promise<number> {
    let woken = 0;
    const end = this.clock.monotonic() + forMs;
    const waiting = (async () => {
      while (this.clock.monotonic() < end) if (await ready.wait(10_000)) woken++;
    })();
    await this.clock.advance(forMs + 10_000);
    await waiting;
    return woken;
  }
}

describe("ready messages", () => {
  it("that come together are one wake-up and two requests", async () => {
    const setting = new Setting();
    const ready = setting.ready();
    const waiting = ready.wait(10_000);
    for (let each = 0; each < 8; each++) {
      await setting.send(1);
      await setting.clock.advance(gatherMs / 8);
    }
    assert.equal(await waiting, true);
    assert.equal(setting.receives, 1);
    await setting.loop(ready, keepMs + 10_000);
    assert.equal(setting.acknowledgements, 1);
    assert.equal(await setting.left(), 0);
  });

  it("that come one by one are acknowledged by the half dozen", async () => {
    const setting = new Setting();
    const ready = setting.ready();
    const jobs = 24;
    const sending = (async () => {
      for (let job = 0; job < jobs; job++) {
        await setting.send(1);
        await setting.clock.sleep(5_000);
      }
    })();
    const woken = await setting.loop(ready, jobs * 5_000 + keepMs);
    await sending;
    assert.equal(woken, jobs, "nobody waits for another one's job");
    assert.ok(setting.acknowledgements <= jobs / 4, `${setting.acknowledgements} acknowledgements`);
    assert.equal(await setting.left(), 0);
  });

  it("that are many are taken ten at a time", async () => {
    const setting = new Setting();
    await setting.send(45);
    const waiting = setting.ready().wait(10_000);
    await setting.clock.advance(10_000);
    assert.equal(await waiting, true);
    assert.deepEqual([setting.receives, setting.acknowledgements], [5, 1]);
    assert.equal(await setting.left(), 0);
  });

  it("wake at once whoever does not gather, and are gone", async () => {
    const setting = new Setting();
    await setting.send(1);
    assert.equal(await setting.ready(0, 0).wait(1_000), true);
    assert.equal(await setting.left(), 0);
  });

  it("answer no after the whole wait, and end it by the signal", async () => {
    const setting = new Setting();
    const ready = setting.ready();
    const waiting = ready.wait(10_000);
    await setting.clock.advance(10_000);
    assert.equal(await waiting, false);
    const stop = new AbortController();
    const stopped = ready.wait(10_000, stop.signal);
    stop.abort(new Error("over"));
    await assert.rejects(stopped, /over/);
  });
});
