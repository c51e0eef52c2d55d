/** What an executor says is user code's as well, if that knows how: whatever it is, the pass ends with the fault named. */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { array, assert as assertProperty, asyncProperty, constantFrom, jsonValue, record } from "fast-check";
import { AttemptState } from "../../../executor/core/attempt-state.ts";
import type { ExecutorMessage } from "../../../executor/children/protocol.ts";
import { DecoderWord } from "../../../executor/launch/decoder-word.ts";
import { AttemptLog } from "../../../executor/launch/log.ts";
import { ExecutorReports } from "../../../executor/launch/reports.ts";
import type { LastWord } from "../../../executor/launch/verdict.ts";

const block = { index: 0, key: "a.ndjson", size: 1, etag: "e", dimensions: {}, partition: "p" };

function listening(): {
  readonly reports: ExecutorReports;
  readonly word: DecoderWord;
  readonly last: () => LastWord | null;
} {
  let last: LastWord | null = null;
  const word = new DecoderWord();
  const state = new AttemptState([block]);
  state.pass();
  const reports = new ExecutorReports({
    state,
    runs: new Map(),
    log: new AttemptLog(),
    blocks: new Map([[0, block]]),
    word,
    isOver: () => last !== null,
    end: (said) => (last ??= said),
    changed: () => undefined,
  });
  return { reports, word, last: () => last };
}

/** As read from a line: not what the type says. */
function forged(message: unknown): ExecutorMessage {
  return message as ExecutorMessage;
}

describe("an executor's reports", () => {
  for (const message of [
    { say: "ended" },
    { say: "ended", report: null },
    { say: "checkpoint" },
    { say: "merged" },
    { say: "fault" },
    { say: "fault", fault: { cause: "nothing", reason: "x", message: "y" } },
    { say: "error" },
    { say: "rendered" },
  ]) {
    it(`end the pass when they are wrong: ${JSON.stringify(message)}`, async () => {
      const { reports, last } = listening();
      reports.hear(forged(message));
      reports.hear({ say: "done" });
      await reports.applied();
      const word = last();
      assert.ok(word !== null && "fault" in word, JSON.stringify(word));
      assert.equal(word.fault.reason, "invalid-report");
    });
  }

  it("are heard to the end, whatever they are", async () => {
    const say = constantFrom("ended", "begin", "progress", "checkpoint", "merged", "log", "fault", "cut", "done", "x");
    const anything = record({ say, report: jsonValue(), runs: jsonValue(), fault: jsonValue() });
    const messages = array(anything, { minLength: 1, maxLength: 5 });
    await assertProperty(
      asyncProperty(messages, async (list) => {
        const { reports, word } = listening();
        for (const message of list) reports.hear(forged(message));
        await turn();
        word.gone();
        await reports.applied();
        reports.hear({ say: "begin", block: 0 });
        await reports.applied();
      }),
    );
  });
});
