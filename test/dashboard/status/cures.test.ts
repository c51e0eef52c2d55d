/** What the page says of each reason of a missing block, held against the reasons and budgets of the workers. */
import assert from "node:assert/strict";
import { cureOf } from "../../../dashboard/status/cures.ts";
import { missingReasons } from "../../../shared/formats/resolution.ts";
import { handOnDepthMax } from "../../../shared/names.ts";
import { infrastructureMax, lostLeaseMax, timeoutMax, vanishedMax } from "../../../worker/decide.ts";

describe("cures of missing blocks", () => {
  it("are there for every reason, each with its own words", () => {
    const all = Object.entries(missingReasons).map(([reason, of]) => cureOf(reason, of));
    assert.equal(new Set(all.map(({ what }) => what)).size, all.length);
    for (const { cure } of all) assert.match(cure, /^(?=[A-Z]).*(retry|Retry|spotfold submit with --reprocess).*\.$/);
    // A retry runs the same code.
    assert.match(cureOf("code", "content").cure, /--reprocess/);
  });

  it("have the workers' own budgets", () => {
    const said = (reason: string): number => Number(/\d+/.exec(cureOf(reason, "circumstance").what)?.[0]);
    assert.equal(said("timeout"), timeoutMax);
    assert.equal(said("vanished"), vanishedMax);
    assert.equal(said("lost-lease"), lostLeaseMax);
    assert.equal(said("infrastructure"), infrastructureMax);
    assert.equal(said("hand-ons"), handOnDepthMax);
  });

  it("have the words of the class for a reason of a newer version, and are said for any name", () => {
    assert.match(cureOf("newer", "content").cure, /reprocess/);
    assert.match(cureOf("newer", "circumstance").cure, /^Retry/);
    assert.match(cureOf("__proto__", "constructor").what, /does not know/);
  });
});
