/** What the page says of missing blocks that open runs try again, and when a retry would find nothing. */
import assert from "node:assert/strict";
import type { MissingGroup, MissingReport } from "../../../dashboard/status/document.ts";
import { againText, missingText, whyNoRetry } from "../../../dashboard/status/tried-again.ts";

describe("missing blocks that are being tried again", () => {
  const group = (...reasons: MissingGroup["reasons"]): MissingGroup => ({
    aggregate: "a",
    dataset: "d",
    count: reasons.reduce((sum, { count }) => sum + count, 0),
    reasons,
    triedBy: ["r1", "r2"],
  });

  it("are not offered where a retry would find none", () => {
    const some = group({ reason: "corrupt", count: 2, triedAgain: 2 }, { reason: "gone", count: 1, triedAgain: 0 });
    assert.equal(whyNoRetry(some, null), null);
    assert.equal(whyNoRetry(some, "gone"), null);
    assert.equal(whyNoRetry(some, "corrupt"), "Not now: being tried again by runs r1, r2.");
    assert.equal(againText(some), "2 of them being tried again by runs r1, r2");
    const all = { ...group({ reason: "corrupt", count: 3, triedAgain: 3 }), triedBy: ["r1"] };
    assert.equal(whyNoRetry(all, null), "Not now: being tried again by run r1.");
    assert.equal(againText(all), null, "it is said once");
  });

  it("are offered where nothing is, and by a server that does not say", () => {
    const old = { aggregate: "a", dataset: "d", count: 3, reasons: [{ reason: "corrupt", count: 3 }] };
    for (const one of [old, group(), group({ reason: "gone", count: 1, triedAgain: 0 })]) {
      assert.equal(whyNoRetry(one, null), null);
      assert.equal(againText(one), null);
    }
  });

  it("are counted, and so are the aggregates that miss them", () => {
    const report: MissingReport = { count: 11, reasons: [], groups: [], blocks: [] };
    assert.equal(missingText(report), null);
    assert.equal(missingText({ ...report, triedAgain: 0, aggregates: 1 }), null);
    assert.equal(
      missingText({ ...report, triedAgain: 3, aggregates: 2 }),
      "11 missing in 2 aggregates, where a block counts in each that misses it; 3 being tried again.",
    );
  });
});
