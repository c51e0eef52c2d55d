/** The status page in one line, and what of its long lists is folded. */
import assert from "node:assert/strict";
import type { StatusDocument } from "../../../dashboard/status/document.ts";
import { firstOfReasons, foldedRuns, summaryOf } from "../../../dashboard/status/overview.ts";

const quiet = { inbox: [], leader: null, missing: { count: 0 }, runs: [], unreadable: [], workers: [] };
const summary = (changes: object): readonly string[] =>
  summaryOf({ ...quiet, ...changes } as unknown as StatusDocument).map(
    ({ text, heading, isBad }) => `${heading}${isBad ? "!" : ""} ${text}`,
  );

describe("the status page in one line", () => {
  it("says that all is well in two pieces, and what is not beside them", () => {
    assert.deepEqual(summary({}), ["runs no run open", "missing nothing missing"]);
    const open = { state: "open", held: null };
    assert.deepEqual(
      summary({
        inbox: [{ held: { kind: "admission" } }, { held: null }],
        runs: [open, { ...open, held: { kind: "bundle" } }, { ...open, state: "finished" }],
        missing: { count: 1_500 },
        workers: [{ state: "alive" }, { state: "silent" }, { state: "ended" }],
        leader: { master: "m", silentSince: 5 },
        unreadable: [{ what: "w", why: "y" }],
      }),
      [
        "runs! 2 runs open, 2 waiting, 2 held",
        "missing! 1,500 blocks missing",
        "workers! master and 1 worker silent",
        "unreadable! 1 cannot be read",
      ],
    );
    assert.deepEqual(summary({ leader: { master: "m", silentSince: null }, runs: [open] })[0], "runs 1 run open");
  });
});

describe("long lists on the status page", () => {
  it("fold runs that finished with all covered, after the first ones, and no other", () => {
    const whole = { state: "finished", blocks: 8, covered: 8, held: null } as const;
    const others = [
      { ...whole, covered: 7 },
      { ...whole, state: "cancelled" },
      { ...whole, state: "open" },
    ] as const;
    const named = (lines: readonly (typeof whole | (typeof others)[number])[]): Parameters<typeof foldedRuns>[0] =>
      lines.map((line, at) => ({ ...line, run: `r${at}` }));
    assert.deepEqual([...foldedRuns(named([whole, ...others, whole, whole, whole, ...others, whole]))], ["r6", "r10"]);
    assert.equal(foldedRuns(named([whole, whole, whole, whole])).size, 0, "one alone is shown");
    assert.equal(foldedRuns(named([...others, ...others, ...others])).size, 0);
  });

  it("show the first missing blocks of each reason, so that one with many hides no other", () => {
    const blocks = Array.from({ length: 200 }, (_, at) => ({ at, reason: at < 190 ? "corrupt" : "__proto__" }));
    const first = firstOfReasons(blocks);
    assert.deepEqual(
      first.map(({ at }) => at),
      [...Array.from({ length: 20 }, (_, at) => at), ...Array.from({ length: 10 }, (_, at) => 190 + at)],
    );
    assert.deepEqual(firstOfReasons(first), first);
  });
});
