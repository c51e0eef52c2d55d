import assert from "node:assert/strict";
import { Daemon, daemonEvents } from "../../shared/daemon.ts";
import type { DaemonEvent, DaemonLoop, DaemonOptions } from "../../shared/daemon.ts";
import type { StopSignals } from "../../shared/loop.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { recordLog } from "../support/recording-log.ts";

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });
}

/** Ends when it is drained. */
const willing: DaemonLoop = { name: "willing", run: ({ drain }) => whenAborted(drain) };
/** Ends when it is aborted only. */
const stubborn: DaemonLoop = { name: "stubborn", run: ({ abort }) => whenAborted(abort) };
/** Never ends. */
const deaf: DaemonLoop = { name: "deaf", run: () => new Promise(() => {}) };

function fixture(
  loops: readonly DaemonLoop[],
  options: Partial<DaemonOptions> = {},
  expected: readonly DaemonEvent["event"][] = [],
) {
  const clock = new ManualClock();
  const recording = recordLog(daemonEvents, expected);
  const closed: string[] = [];
  const daemon = new Daemon({
    name: "test",
    open: async ({ opened }) => {
      for (const name of ["first", "second", "third"]) opened(name, name, (thing) => void closed.push(thing));
      return loops;
    },
    drainMs: 10_000,
    clock,
    log: recording.log,
    ...options,
  });
  return { clock, recording, closed, daemon };
}

const inReverse = ["third", "second", "first"];

describe("Daemon", () => {
  it("drains at the first interrupt, closes in reverse, and ends with 0", async () => {
    const { clock, closed, daemon, recording } = fixture([willing, { ...willing, name: "other" }]);
    const ended = daemon.start();
    await clock.settle();
    assert.deepEqual(recording.of("daemon-started")[0]?.loops, ["willing", "other"]);
    daemon.interrupt("SIGTERM");
    assert.deepEqual(await ended, { status: 0 });
    assert.deepEqual(closed, inReverse);
    assert.equal(clock.sleeping, 0);
  });

  it("aborts at the second interrupt, and ends with 1", async () => {
    const { clock, closed, daemon, recording } = fixture([willing, stubborn]);
    const ended = daemon.start();
    await clock.settle();
    daemon.interrupt("SIGINT");
    await clock.advance(9_000);
    assert.deepEqual(closed, []);
    daemon.interrupt("SIGINT");
    daemon.interrupt("SIGINT");
    assert.deepEqual(await ended, { status: 1 });
    assert.deepEqual(closed, inReverse);
    assert.equal(recording.of("daemon-aborting").length, 1);
  });

  it("aborts what does not drain in time", async () => {
    const { clock, daemon, recording } = fixture([stubborn]);
    const ended = daemon.start();
    await clock.settle();
    daemon.interrupt("SIGTERM");
    await clock.advance(10_001);
    assert.deepEqual(await ended, { status: 1 });
    assert.match(recording.of("daemon-aborting")[0]?.why ?? "", /not drained after 10000 ms/);
  });

  it("leaves behind what does not even abort", async () => {
    const { clock, closed, daemon } = fixture([deaf]);
    const ended = daemon.start();
    await clock.settle();
    daemon.interrupt("SIGTERM");
    await clock.advance(60_000);
    assert.deepEqual(await ended, { status: 1 });
    assert.deepEqual(closed, inReverse);
  });

  it("ends with all loops when one fails, and says with what", async () => {
    const broken = new Error("broken");
    const { closed, daemon, recording } = fixture(
      [willing, { name: "failing", run: () => Promise.reject(broken) }],
      {},
      ["loop-ended"],
    );
    assert.deepEqual(await daemon.start(), { status: 1, error: broken });
    assert.deepEqual(closed, inReverse);
    assert.deepEqual(recording.of("loop-ended")[0], {
      event: "loop-ended",
      daemon: "test",
      loop: "failing",
      message: "broken",
    });
  });

  it("ends with all loops when one has nothing more to do", async () => {
    const { daemon } = fixture([willing, { name: "done", run: () => Promise.resolve() }]);
    assert.deepEqual(await daemon.start(), { status: 0 });
  });

  it("closes what was opened when opening fails, and says with what", async () => {
    const closed: string[] = [];
    const broken = new SpotfoldError("disk-full", "cannot open the second", { hint: "Make room." });
    const { daemon, recording } = fixture(
      [],
      {
        open: async ({ opened }) => {
          opened("first", "first", (thing) => void closed.push(thing));
          throw broken;
        },
      },
      ["daemon-failed"],
    );
    assert.deepEqual(await daemon.start(), { status: 1, error: broken });
    assert.deepEqual(closed, ["first"]);
    assert.deepEqual(recording.of("daemon-failed"), [
      {
        event: "daemon-failed",
        daemon: "test",
        code: "disk-full",
        message: "cannot open the second",
        hint: "Make room.",
      },
    ]);
  });

  it("closes the others when a close fails or hangs, and hides no earlier error", async () => {
    const closed: string[] = [];
    const broken = new Error("broken loop");
    const { clock, daemon, recording } = fixture(
      [],
      {
        open: async ({ opened }) => {
          opened("a", "a", (thing) => void closed.push(thing));
          opened("hangs", "hangs", () => new Promise(() => {}));
          opened("fails", "fails", () => Promise.reject(new Error("broken close")));
          opened("throws", "throws", () => {
            throw new Error("broken close");
          });
          return [{ name: "failing", run: () => Promise.reject(broken) }];
        },
      },
      ["loop-ended", "close-failed"],
    );
    const ended = daemon.start();
    await clock.advance(10_000);
    assert.deepEqual(await ended, { status: 1, error: broken });
    assert.deepEqual(closed, ["a"]);
    assert.deepEqual(
      recording.of("close-failed").map(({ what }) => what),
      ["throws", "fails", "hangs"],
    );
  });

  it("has failed when only a close fails", async () => {
    const broken = new Error("broken close");
    const open: DaemonOptions["open"] = async ({ opened }) => {
      opened("a", 1, () => Promise.reject(broken));
      return [];
    };
    const { daemon } = fixture([], { open }, ["close-failed"]);
    assert.deepEqual(await daemon.start(), { status: 1, error: broken });
  });

  it("has one life, however often it is started and stopped", async () => {
    let opens = 0;
    const { clock, daemon } = fixture([willing], {
      open: async () => {
        opens++;
        return [willing];
      },
    });
    const ends = [daemon.start(), daemon.start()];
    await clock.settle();
    ends.push(daemon.stop(), daemon.stop(), daemon.start());
    for (const end of await Promise.all(ends)) assert.deepEqual(end, { status: 0 });
    assert.equal(opens, 1);
  });

  it("opens nothing when it was stopped before it was started", async () => {
    const { closed, daemon, recording } = fixture([willing]);
    assert.deepEqual(await daemon.stop(), { status: 0 });
    assert.deepEqual(await daemon.start(), { status: 0 });
    assert.deepEqual(closed, []);
    assert.deepEqual(recording.of("daemon-started"), []);
  });

  it("may be stopped by what it opens", async () => {
    const { daemon } = fixture([], {
      open: async () => {
        void daemon.stop("a notice");
        return [willing];
      },
    });
    assert.deepEqual(await daemon.start(), { status: 0 });
  });

  it("runs once: every loop in order, also after one that failed", async () => {
    const ran: string[] = [];
    const loop = (name: string, fails = false): DaemonLoop => ({
      name,
      run: () => Promise.reject(new Error("not this one")),
      runOnce: async (stop: StopSignals) => {
        assert.equal(stop.drain.aborted, false);
        ran.push(name);
        if (fails) throw new Error(`${name} failed`);
      },
    });
    const good = fixture([loop("a"), willing, loop("b")], { once: true });
    assert.deepEqual(await good.daemon.start(), { status: 0 });
    const bad = fixture([loop("c", true), loop("d")], { once: true }, ["loop-ended"]);
    const { status, error } = await bad.daemon.start();
    assert.equal(status, 1);
    assert.match(String(error), /c failed/);
    assert.deepEqual(ran, ["a", "b", "c", "d"]);
    assert.deepEqual(bad.closed, inReverse);
  });
});
