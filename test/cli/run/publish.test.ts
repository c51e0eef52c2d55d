import assert from "node:assert/strict";
import { publishAtEnd } from "../../../cli/run/publish.ts";
import { HeldError } from "../../../cli/held-error.ts";
import { Progress } from "../../../cli/progress/progress.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { Clock } from "../../../shared/ports/clock.ts";
import { capturedIo, type CapturedIo } from "../captured-io.ts";

const full = new SpotfoldError("disk-full", "The disk is full (/site): ENOSPC", { hint: "Free some space." });

/** Publishing fails with these, one after the other, then works. Time passes in sleeps only. */
function publishing(failures: readonly unknown[], captured: CapturedIo): { calls: string[]; done: Promise<void> } {
  const left = [...failures];
  const calls: string[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms) => {
      now += ms;
      return await Promise.resolve();
    },
  };
  const master = {
    compact: async () => await Promise.resolve(undefined),
    publish: async () => {
      calls.push("publish");
      const failure = left.shift();
      if (failure !== undefined) throw failure;
      return await Promise.resolve();
    },
    collect: async () => {
      calls.push("collect");
      return await Promise.resolve();
    },
  };
  const progress = new Progress(captured.io.err, () => now);
  const done = publishAtEnd({ master, run: "r1", heldMs: 5_000, clock, io: captured.io, progress });
  return { calls, done };
}

describe("publishing at the end of a run", () => {
  it("goes on when the environment is cured, and says once what is wrong", async () => {
    const captured = capturedIo("/", { words: ["run", "counts"] });
    const { calls, done } = publishing([full, full, full], captured);
    await done;
    assert.deepEqual(calls, ["publish", "publish", "publish", "publish", "collect"]);
    assert.equal(captured.err().match(/The disk is full/g)?.length, 1);
  });

  it("ends as held when it is not cured, with the command that publishes", async () => {
    const captured = capturedIo("/", { words: ["run", "counts"] });
    const { done } = publishing(
      Array.from({ length: 20 }, () => full),
      captured,
    );
    const error = await done.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof HeldError);
    assert.deepEqual([error.code, error.exitCode], ["disk-full", 4]);
    assert.match(error.message, /cannot be published: The disk is full \(\/site\)/);
    assert.match(error.hint ?? "", /^Free some space\. To publish it: spotfold run counts$/);
  });

  it("fails at once by what no waiting cures", async () => {
    const broken = new SpotfoldError("analysis-failed", "render threw");
    const { calls, done } = publishing([broken], capturedIo("/"));
    await assert.rejects(done, broken);
    assert.deepEqual(calls, ["publish"]);
  });
});
