/** Ready messages that cannot be had: passes go on by themselves, nothing fails, and each outage is told once. */
import assert from "node:assert/strict";
import { allEvents, type AnyEvent } from "../../../cli/compose/log.ts";
import { loopsWhileLeading, openLease } from "../../../cli/compose/master-loops.ts";
import { WakeUps } from "../../../cli/compose/wake-ups.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { JobQueue } from "../../../shared/ports/job-queue.ts";
import { MasterSetting } from "../../master/setting.ts";
import { recordLog } from "../../support/recording-log.ts";

const hint = "Allow sqs:ReceiveMessage.";
const denied = new SpotfoldError("access-denied", "the ready queue may not be read", { hint });
const rejecting = async (): Promise<never> => await Promise.reject(denied);

describe("a wait for ready messages that fails", () => {
  it("fails no pass of a master, however often, and is told once until the queue is back", async () => {
    const setting = new MasterSetting();
    const { clock } = setting;
    const log = recordLog<AnyEvent>(allEvents);
    let isDenied = true;
    const ready: JobQueue = Object.assign(Object.create(setting.ready) as JobQueue, {
      lease: async (...call: Parameters<JobQueue["lease"]>) =>
        isDenied ? await rejecting() : await setting.ready.lease(...call),
    });
    const context = setting.context({ ready, log: log.log });
    const [drain, abort] = [new AbortController(), new AbortController()];
    let passes = 0;
    const lease = openLease(context, log.log);
    const loops = loopsWhileLeading(
      {
        context,
        log: log.log,
        draining: drain.signal,
        watch: async (loop, pass) => {
          if (loop === "work") passes++;
          return await pass();
        },
        onMaster: () => undefined,
      },
      lease,
    );
    const running = Promise.all(
      loops.map(async (loop) => await loop.run({ drain: drain.signal, abort: abort.signal })),
    );
    await clock.advance(20 * context.timing.foldMs);
    assert.ok(passes >= 18 && passes <= 22, `${passes} passes: neither fewer nor in a hurry`);
    assert.deepEqual(log.of("pass-failed"), []);
    const told = { event: "queue-failed", what: "ready", message: denied.message, hint };
    assert.deepEqual(log.of("queue-failed"), [told]);
    isDenied = false;
    await clock.advance(3 * context.timing.foldMs);
    assert.equal(log.of("queue-back").length, 1);
    assert.ok((log.of("queue-back")[0]?.failures ?? 0) >= 18);
    isDenied = true;
    await clock.advance(3 * context.timing.foldMs);
    assert.equal(log.of("queue-failed").length, 2, "another outage");
    drain.abort(new Error("SIGTERM"));
    await clock.settle();
    await running;
  });

  it("ends when the queue does not answer, and says so", async () => {
    const { clock } = new MasterSetting();
    const log = recordLog<AnyEvent>(allEvents);
    let never = true;
    const waitForReady = async (): Promise<boolean> =>
      never ? await new Promise<boolean>(() => undefined) : await Promise.resolve(true);
    const wakeUps = new WakeUps({ master: { waitForReady }, context: { clock, log: log.log } });
    const stop = new AbortController();
    let waits = 0;
    for (; waits < 3; waits++) {
      let isOver = false;
      void wakeUps.wait(10_000, stop.signal).then(() => (isOver = true));
      await clock.advance(19_999);
      assert.equal(isOver, false);
      await clock.advance(1);
      await clock.settle();
      assert.equal(isOver, true);
    }
    never = false;
    await wakeUps.wait(10_000, stop.signal);
    await clock.settle();
    assert.equal(clock.sleeping, 0);
    const message = "The ready queue has not answered for 20 s.";
    assert.deepEqual(
      log.of("queue-failed").map((event) => event.message),
      [message],
    );
    assert.deepEqual(log.of("queue-back"), [{ event: "queue-back", failures: 3, awayMs: 60_000 }]);
  });

  it("ends with its signal, and says nothing of a wait that was cut off", async () => {
    const { clock } = new MasterSetting();
    const log = recordLog<AnyEvent>(allEvents);
    const wakeUps = new WakeUps({ master: { waitForReady: rejecting }, context: { clock, log: log.log } });
    const stop = new AbortController();
    const waiting = wakeUps.wait(10_000, stop.signal);
    await clock.settle();
    assert.equal(clock.sleeping, 1);
    stop.abort(new Error("SIGTERM"));
    await waiting;
    await wakeUps.wait(10_000, stop.signal);
    assert.equal(clock.sleeping, 0);
    assert.equal(log.events.length, 1);
  });
});
