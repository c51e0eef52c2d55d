/** What the page says of runs that ended well and not so well. */
import assert from "node:assert/strict";
import {
  isUnadmitted,
  outcomeOf,
  progressOf,
  retryText,
  runOutcome,
  shareText,
} from "../../../dashboard/status/outcome.ts";

describe("outcomes of runs and aggregates", () => {
  it("are bad where nothing is covered, and good only where nothing is missing", () => {
    const of = (covered: number, missing: number, open: number): string => {
      const { tone, text } = outcomeOf({ covered, missing, open });
      return `${tone}: ${text}`;
    };
    assert.equal(of(0, 8, 0), "bad: all 8 missing");
    assert.equal(of(0, 1, 0), "bad: its only block is missing");
    assert.equal(of(0, 3, 5), "bad: all 3 missing so far");
    assert.equal(of(1_234, 8, 0), "warn: 8 of 1,242 missing");
    assert.equal(of(2, 1, 5), "warn: 1 of 3 missing so far");
    assert.equal(of(8, 0, 0), "good: all covered");
    assert.equal(of(8, 0, 1), "good: none missing so far");
    assert.equal(of(0, 0, 4), "none: nothing done yet");
    assert.equal(of(0, 0, 0), "none: no blocks");
  });

  it("say of a closed run what it left undone, and how much of it is in the answer", () => {
    const run = { blocks: 8, covered: 3, missing: 0 };
    assert.deepEqual(runOutcome({ ...run, state: "cancelled" }), { tone: "warn", text: "5 of 8 not done" });
    assert.deepEqual(runOutcome({ ...run, state: "expired", covered: 0, missing: 2 }), {
      tone: "bad",
      text: "6 of 8 not done, 2 missing at its end",
    });
    // A retry may have covered it since.
    const textOf = (covered: number, blocks = 24): string =>
      runOutcome({ state: "finished", blocks, covered, missing: blocks - covered }).text;
    assert.equal(textOf(21), "3 of 24 missing at its end");
    assert.equal(textOf(0), "all 24 missing at its end");
    assert.equal(textOf(0, 1), "its only block was missing at its end");
    assert.equal(textOf(24), "all covered");
    assert.equal(runOutcome({ state: "open", blocks: 24, covered: 21, missing: 1 }).text, "1 of 22 missing so far");
    assert.equal(runOutcome({ ...run, state: "open" }).tone, "good");
    assert.equal(shareText({ ...run, state: "open", missing: 1 }), "50 % done");
    assert.equal(shareText({ blocks: 8, covered: 0, missing: 8, state: "finished" }), "0 % covered");
    assert.equal(shareText({ blocks: 0, covered: 0, missing: 0, state: "finished" }), "no blocks");
  });

  it("are the same for who sees the bar and who does not", () => {
    const none = { blocks: 8, covered: 0, missing: 8 };
    assert.deepEqual(progressOf({ ...none, state: "finished" }), {
      ended: 0,
      text: "0 % covered: 0 covered, 8 missing, of 8 blocks",
    });
    assert.deepEqual(progressOf({ ...none, covered: 2, missing: 2, state: "open" }), {
      ended: 4,
      text: "50 % done: 2 covered, 2 missing, of 8 blocks",
    });
  });
});

describe("a run", () => {
  it("that was cancelled before it was admitted had no blocks, and says why", () => {
    const early = { blocks: 0, covered: 0, missing: 0, state: "cancelled" } as const;
    assert.equal(isUnadmitted(early), true);
    assert.deepEqual(runOutcome(early), { tone: "none", text: "never admitted" });
    assert.equal(isUnadmitted({ ...early, state: "finished" }), false);
    assert.equal(isUnadmitted({ ...early, blocks: 1 }), false);
  });

  it("that is a retry says so, where the server knows", () => {
    assert.equal(retryText({ retry: ["corrupt", "gone"] }), "a retry of what was missing by corrupt, gone");
    assert.equal(retryText({ retry: null }), null);
    assert.equal(retryText({}), null);
  });
});
