/** An attempt that is stopped: by a drain, a lost lease, or the close of its run. */
import assert from "node:assert/strict";
import type { JobHooks, JobOutcome } from "../../executor/types.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { holdKey } from "../../shared/names.ts";
import { intercepted } from "../master/setting.ts";
import { failed, fault, submitted } from "./job-setting.ts";
import { allCounted, blocksOf, messageOf } from "./setting.ts";

describe("an attempt that is stopped", () => {
  /** Blocks 0 and 1 are checkpointed when the signal comes; its reason is the cause. */
  const untilStopped = async (_: unknown, { stop }: JobHooks): Promise<JobOutcome> => {
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
    const word = stop.reason instanceof Error ? stop.reason.cause : undefined;
    const { reports, segment } = allCounted(2);
    return { ...failed(fault(word === "lost-lease" ? "lost-lease" : "interrupted")), reports, segment };
  };

  it("by a drain hands on the rest when a quarter is read", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(8)));
    await handling.setting.clock.settle();
    handling.drain.abort(new Error("spot notice"));
    assert.equal(await ended, "resolved");
    const resolution = await handling.setting.resolution();
    assert.deepEqual([resolution?.remaining, resolution?.handedOn], [[[2, 3, 4, 5, 6, 7]], "interrupted"]);
  });

  it("by a drain gives the job back at once when it is not worth that", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(9)));
    await handling.setting.clock.settle();
    handling.drain.abort(new Error("spot notice"));
    assert.equal(await ended, "released");
    assert.equal(await handling.message(), 0);
    assert.equal((await handling.setting.records())[0]?.end?.cause, "interrupted");
  });

  it("by a drain hands on nothing when its lease may have ended: another may have the job", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(3)));
    await handling.setting.clock.advance(120_000);
    handling.drain.abort(new Error("spot notice"));
    assert.equal(await ended, "released");
    assert.equal(await handling.setting.resolution(), null);
  });

  it("by the close of its run ends at the next heartbeat, and its message is dropped", async () => {
    const handling = await submitted();
    handling.setting.run = untilStopped;
    const ended = handling.handle(messageOf(blocksOf(9)));
    await handling.setting.clock.advance(24_000);
    await handling.setting.hold({ kind: "failures" });
    await handling.setting.clock.advance(24_000);
    assert.equal(await handling.setting.resolution(), null, "other holds do not stop what is at work");
    await handling.setting.hold({ kind: "closed" });
    await handling.setting.clock.advance(2_000);
    assert.equal(await ended, "released");
    assert.equal(await handling.again(), "dropped");
    assert.equal(handling.setting.clock.sleeping, 0);
  });

  it("goes on when the hold cannot be read", async () => {
    const handling = await submitted();
    let broken = false;
    const store = intercepted(handling.setting.store, (_, key) => {
      if (broken && key === holdKey("r1")) throw new SpotfoldError("store-unavailable", "away");
    });
    handling.context = handling.setting.context({ store });
    let finish: (outcome: JobOutcome) => void = () => {};
    handling.setting.run = async () => await new Promise<JobOutcome>((resolve) => (finish = resolve));
    const ended = handling.handle(messageOf(blocksOf(1)));
    await handling.setting.clock.settle();
    broken = true;
    await handling.setting.clock.advance(60_000);
    finish(allCounted(1));
    assert.equal(await ended, "resolved");
    assert.equal(handling.setting.clock.sleeping, 0);
  });
});
