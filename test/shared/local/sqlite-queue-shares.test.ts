/** Shares of groups in one lease, beside handing out one message after the other. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { shares } from "../../../shared/local/sqlite-queue/shares.ts";

const waiting = fc.array(fc.record({ visible: fc.integer({ min: 1, max: 9 }), leased: fc.nat(6) }), { maxLength: 6 });

describe("shares", () => {
  it("are those of leases that come one by one", () => {
    fc.assert(
      fc.property(waiting, fc.integer({ min: 1, max: 40 }), (unordered, max) => {
        const groups = unordered.toSorted((a, b) => a.leased - b.leased);
        const turns = groups.map((_, index) => index - groups.length);
        const taken = groups.map(() => 0);
        for (let turn = 1; turn <= max; turn++) {
          const rank = (index: number): number =>
            ((groups[index]?.leased ?? 0) + (taken[index] ?? 0)) * 1_000 + (turns[index] ?? 0);
          const open = [...groups.keys()].filter((index) => (taken[index] ?? 0) < (groups[index]?.visible ?? 0));
          const [next] = open.toSorted((a, b) => rank(a) - rank(b));
          if (next === undefined) break;
          taken[next] = (taken[next] ?? 0) + 1;
          turns[next] = turn;
        }
        assert.deepEqual(shares(groups, max), taken);
      }),
    );
  });
});
