import assert from "node:assert/strict";
import { SpotfoldError } from "../../shared/errors.ts";
import { Loop, loopEvents } from "../../shared/loop.ts";
import type { LoopOptions, StopSignals } from "../../shared/loop.ts";
import { ManualClock, seededRandom } from "../support/manual-clock.ts";
import { recordLog } from "../support/recording-log.ts";

function fixture(options: Partial<LoopOptions>, expected: readonly "loop-failed"[] = []) {
  const clock = new ManualClock();
  const recording = recordLog(loopEvents, expected);
  const drain = new AbortController();
  const abort = new AbortController();
  const stop: StopSignals = { drain: drain.signal, abort: abort.signal };
  const starts: number[] = [];
  const { pass, ...rest } = options;
  const loop = new Loop({
    name: "test",
    everyMs: 1_000,
    passMsMax: 5_000,
    failuresMax: 4,
    backOffMs: 100,
    backOffMsMax: 1_000,
    clock,
    random: seededRandom(),
    log: recording.log,
    ...rest,
    pass: (signal) => {
      starts.push(clock.monotonic());
      return pass === undefined ? Promise.resolve() : pass(signal);
    },
  });
  return { clock, recording, drain, abort, stop, starts, loop };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
}

describe("Loop", () => {
  it("passes at once, then from start to start, and ends when drained", async () => {
    const { clock, drain, stop, starts, loop } = fixture({ pass: () => clock.sleep(300) });
    const running = loop.run(stop);
    await clock.advance(2_500);
    assert.deepEqual(starts, [0, 1_000, 2_000]);
    drain.abort();
    await running;
    assert.equal(clock.sleeping, 0, "nothing is left asleep");
  });

  it("finishes its pass when drained in it", async () => {
    let finished = 0;
    const { clock, drain, stop, loop } = fixture({
      pass: async () => {
        await clock.sleep(300);
        finished++;
      },
    });
    const running = loop.run(stop);
    await clock.advance(100);
    drain.abort();
    await clock.advance(1_000);
    await running;
    assert.equal(finished, 1);
  });

  it("never has two passes at once, however long one takes and however often it is woken", async () => {
    let under = 0;
    const { clock, drain, stop, starts, loop } = fixture({
      pass: async () => {
        assert.equal(++under, 1);
        await clock.sleep(2_500);
        under--;
      },
    });
    const running = loop.run(stop);
    for (let i = 0; i < 10; i++) {
      await clock.advance(100);
      loop.wake();
    }
    await clock.advance(4_000);
    assert.deepEqual(starts, [0, 2_500, 5_000]);
    drain.abort();
    await clock.advance(3_000);
    await running;
  });

  it("passes at once when woken, and once for many calls", async () => {
    const { clock, drain, stop, starts, loop } = fixture({});
    const running = loop.run(stop);
    await clock.advance(200);
    loop.wake();
    loop.wake();
    await clock.advance(500);
    assert.deepEqual(starts, [0, 200]);
    await clock.advance(600);
    assert.deepEqual(starts, [0, 200, 1_200]);
    drain.abort();
    await running;
  });

  it("goes on at once while there is more to do", async () => {
    let left = 3;
    const { clock, drain, stop, starts, loop } = fixture({ pass: async () => (--left > 0 ? "again" : undefined) });
    const running = loop.run(stop);
    await clock.advance(500);
    assert.deepEqual(starts, [0, 0, 0]);
    drain.abort();
    await running;
  });

  it("backs off after failures, longer each time, with jitter, whoever wakes it", async () => {
    let failures = 3;
    const { clock, recording, drain, stop, starts, loop } = fixture({
      pass: async () => {
        if (failures-- > 0) throw new SpotfoldError("store-unavailable", "no store", { hint: "see to it" });
      },
    });
    const running = loop.run(stop);
    await clock.advance(10);
    loop.wake();
    await clock.advance(990);
    const logged = recording.of("pass-failed");
    const delays = logged.map(({ retryInMs }) => retryInMs);
    for (const [index, delay] of delays.entries()) {
      const fullMs = 100 * 2 ** index;
      assert.ok(delay >= fullMs / 2 && delay <= fullMs, `${delay} ms of ${fullMs}`);
    }
    assert.deepEqual(starts, [0, delays[0], (delays[0] ?? 0) + (delays[1] ?? 0), delays.reduce((a, b) => a + b)]);
    assert.deepEqual(
      logged.map(({ failures, code, message, hint }) => ({ failures, code, message, hint })),
      [1, 2, 3].map((failures) => ({ failures, code: "store-unavailable", message: "no store", hint: "see to it" })),
    );
    const afterMs = delays.reduce((a, b) => a + b);
    assert.deepEqual(recording.of("pass-recovered"), [{ event: "pass-recovered", loop: "test", failures: 3, afterMs }]);
    drain.abort();
    await running;
  });

  it("fails after too many failures in a row, with the last one's error", async () => {
    let count = 0;
    const { clock, recording, stop, starts, loop } = fixture(
      { pass: () => Promise.reject(new Error(`failure ${++count}`)) },
      ["loop-failed"],
    );
    const ended = assert.rejects(loop.run(stop), /failure 4/);
    await clock.advance(10_000);
    await ended;
    assert.equal(starts.length, 4);
    assert.equal(recording.of("loop-failed").length, 1);
  });

  it("forgets failures when a pass succeeds", async () => {
    let count = 0;
    const { clock, drain, stop, starts, loop } = fixture({
      pass: async () => {
        if (++count % 4 !== 0) throw new Error("now and then");
      },
    });
    const running = loop.run(stop);
    await clock.advance(60_000);
    assert.ok(starts.length > 20);
    drain.abort();
    await running;
  });

  it("aborts a pass that takes too long, and counts it as a failure", async () => {
    const { clock, recording, abort, stop, starts, loop } = fixture({ pass: untilAborted });
    const running = loop.run(stop);
    await clock.advance(5_200);
    assert.equal(starts.length, 2);
    assert.deepEqual(
      recording.of("pass-failed").map(({ code }) => code),
      ["timeout"],
    );
    abort.abort(new Error("end"));
    await running;
    assert.equal(recording.events.length, 1, "to be aborted is no failure");
    assert.equal(clock.sleeping, 0);
  });

  it("fails when a pass does not stop, rather than begin another one", async () => {
    const { clock, stop, starts, loop } = fixture({ pass: () => new Promise(() => {}) }, ["loop-failed"]);
    const ended = assert.rejects(loop.run(stop), /does not stop/);
    await clock.advance(60_000);
    await ended;
    assert.equal(starts.length, 1);
  });

  it("runs once: until there is no more to do, and fails at the first failure", async () => {
    let left = 3;
    const { stop, starts, loop } = fixture({ pass: async () => (--left > 0 ? "again" : undefined) });
    await loop.runOnce(stop);
    assert.equal(starts.length, 3);
    const failing = fixture({ pass: () => Promise.reject(new Error("broken")) });
    await assert.rejects(failing.loop.runOnce(failing.stop), /broken/);
    assert.equal(failing.starts.length, 1);
  });

  it("does nothing when it was drained before", async () => {
    const { drain, stop, starts, loop } = fixture({});
    drain.abort();
    await loop.run(stop);
    await loop.runOnce(stop);
    assert.deepEqual(starts, []);
  });
});
