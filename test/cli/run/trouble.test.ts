/** How often the store is asked for a small write: not at all while work is entered, and not often when none is. */
import assert from "node:assert/strict";
import { Trouble } from "../../../cli/run/trouble.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { MemoryBlobStore } from "../../../shared/memory/blob-store.ts";
import { ManualClock, seededRandom } from "../../support/manual-clock.ts";

describe("trouble with the store", () => {
  const clock = new ManualClock();
  const store = new MemoryBlobStore({ clock });
  const said: string[] = [];
  let writes = 0;
  let fault: SpotfoldError | null = null;
  const put = store.put.bind(store);
  store.put = async (key, body) => {
    writes++;
    if (fault !== null) throw fault;
    return await put(key, body);
  };
  const random = seededRandom();
  const trouble = new Trouble({ store, clock, random, scale: 0.5, say: (line) => void said.push(line) });

  /** A look each second. */
  const lookFor = async (seconds: number, manifest: () => number): Promise<number> => {
    const before = writes;
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1_000);
      await trouble.look(manifest());
    }
    return writes - before;
  };

  it("is not looked for while commits come", async () => {
    let number = 0;
    assert.equal(await lookFor(100, () => Math.floor(number++ / 3)), 0);
  });

  it("is looked for now and then when none comes for a while", async () => {
    assert.equal(await lookFor(5, () => 1000), 0);
    const writes = await lookFor(60, () => 1000);
    assert.ok(writes >= 15 && writes <= 25, String(writes));
    assert.equal(trouble.present, false);
  });

  it("is noticed, and its cure, and lasts from when it was noticed", async () => {
    fault = new SpotfoldError("disk-full", "full");
    assert.ok((await lookFor(10, () => 1000)) > 0);
    assert.equal(trouble.present, true);
    assert.deepEqual(said, ["full; waiting until that is cured"]);
    assert.equal(trouble.hold("r1", 60_000), null);
    await lookFor(60, () => 1000);
    assert.equal(trouble.hold("r1", 60_000)?.what, "full");
    fault = null;
    assert.ok((await lookFor(5, () => 1001)) > 0, "also when something was entered meanwhile");
    assert.equal(trouble.present, false);
  });

  it("is not cured by a small write while it is noted elsewhere, and is when that has ended", async () => {
    said.length = 0;
    const denied = new SpotfoldError("access-denied", "the queue may not be read");
    let written = 0;
    for (let i = 0; i < 60; i++) {
      trouble.note(denied);
      written += await lookFor(1, () => 1001);
    }
    assert.ok(written >= 15, `${written} small writes that succeeded`);
    assert.equal(trouble.hold("r1", 60_000)?.what, "the queue may not be read");
    assert.deepEqual(said, ["the queue may not be read; waiting until that is cured"]);
    await lookFor(10, () => 1001);
    assert.equal(trouble.present, false);
    assert.equal(said.at(-1), "that is cured; going on");
    assert.equal(said.length, 2);
  });

  it("with the queue, as the worker tells it, holds from its begin, or from when a job last moved on", async () => {
    said.length = 0;
    const failure = { message: "jobs may not be received", hint: "Allow sqs:ReceiveMessage." };
    trouble.queueFailed(failure);
    await clock.advance(40_000);
    trouble.queueFailed(failure);
    assert.equal(trouble.hold("r1", 60_000), null);
    trouble.worked();
    await clock.advance(40_000);
    assert.equal(trouble.hold("r1", 60_000), null);
    await clock.advance(20_000);
    const { kind, what, hint } = trouble.hold("r1", 60_000) ?? {};
    assert.deepEqual([kind, what, hint], ["environment", failure.message, failure.hint]);
    assert.equal(trouble.present, false, "the store is well");
    trouble.queueAnswered();
    assert.equal(trouble.hold("r1", 60_000), null);
    trouble.queueFailed(failure);
    trouble.queueUnknown();
    trouble.queueAnswered();
    assert.deepEqual(said, [
      "jobs may not be received; the worker waits until that is cured",
      "the queue answers the worker again; going on",
      "jobs may not be received; the worker waits until that is cured",
    ]);
  });
});
