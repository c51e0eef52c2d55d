/** When a run will be done, as the status page says it: at its beginning, on its way, and at its end. */
import assert from "node:assert/strict";
import type { Pace } from "../../../dashboard/status/document.ts";
import { expectedEnd } from "../../../dashboard/status/expected-end.ts";

/** By the clock of this machine, as the page writes times. */
const now = new Date(2026, 0, 31, 13, 2).getTime();
const minuteMs = 60_000;
const dayMs = 86_400_000;

const pace = (leftMs: number | null, over: Pace["over"] = "recent"): Pace => {
  return { blocksPerSecond: 1, recordsPerSecond: 1, over, endsAt: leftMs === null ? null : now + leftMs };
};
type RunToEnd = Parameters<typeof expectedEnd>[0];
const run = (changes: Partial<RunToEnd> = {}): RunToEnd => {
  return { blocks: 100, covered: 48, missing: 2, held: null, pace: pace(3 * minuteMs), ...changes };
};
const text = (changes: Partial<RunToEnd>): string | null => expectedEnd(run(changes), now, true).text;
const why = (changes: Partial<RunToEnd>, isAnybodyAlive = true): string => {
  const end = expectedEnd(run(changes), now, isAnybodyAlive);
  assert.equal(end.text, null);
  return end.why;
};

describe("the expected end of a run", () => {
  it("says what is left and when that is, with the day where it is another one", () => {
    assert.equal(text({}), "about 3 min left (13:05)");
    assert.equal(text({ pace: pace(125 * minuteMs) }), "about 2 h 5 min left (15:07)");
    assert.equal(text({ pace: pace(dayMs) }), "about 1 d left (1 Feb 2026, 13:02)");
    assert.equal(text({ pace: pace(10 * dayMs) }), "about 10 d left (10 Feb 2026)");
    assert.match(expectedEnd(run(), now, true).why, /over the last minutes/);
    assert.match(expectedEnd(run({ pace: pace(1, "admission") }), now, true).why, /since it was admitted/);
  });

  it("promises no second at the end, and nothing in the past", () => {
    assert.equal(text({ pace: pace(40_000) }), "less than a minute left");
    assert.equal(text({ pace: pace(-40_000) }), "any moment now");
    assert.match(why({ covered: 98 }), /all blocks are done: a master closes it/);
  });

  it("says why there is none", () => {
    assert.match(why({ covered: 0, missing: 0, pace: null }), /no block is done yet/);
    assert.match(why({ pace: pace(null) }), /no block was done/);
    assert.match(why({ pace: pace(40 * dayMs) }), /more than a month/);
    assert.match(why({}, false), /no worker is alive/);
    const held = { kind: "environment", what: "", where: "", hint: "", since: null, until: null, times: 1 };
    assert.match(why({ held }), /it is held/);
  });

  it("is guessed by blocks that are settled, and by enough of them: jobs may be done that handed theirs on", () => {
    const isGuessed = (blocks: number, covered: number, missing: number): boolean => {
      // A server of any version tells of jobs, too.
      const jobs = { all: 40, done: 4, inHand: 4, waiting: 32, failed: 4 };
      const line = { ...run({ blocks, covered, missing }), jobs };
      return expectedEnd(line, now, true).text !== null;
    };
    assert.deepEqual(
      [isGuessed(20_000, 10, 0), isGuessed(20_000, 999, 0), isGuessed(20_000, 900, 100)],
      [false, false, true],
    );
    assert.deepEqual([isGuessed(5_000_000, 999, 0), isGuessed(5_000_000, 1_000, 0)], [false, true]);
    assert.deepEqual([isGuessed(8, 1, 0), isGuessed(8, 1, 1)], [false, true]);
    assert.match(why({ covered: 1, missing: 0 }), /too little is done yet/);
  });
});
