/** Which selected blocks a run admits: a table over what the ledger knows of a block. */
import assert from "node:assert/strict";
import { circumstanceRunsMax, isAsked, planned, standing, type Standing } from "../../../master/plan/select.ts";
import type { CoverageRow } from "../../../shared/formats/coverage.ts";
import { missingReasons, type MissingReason } from "../../../shared/formats/resolution.ts";

const block = { key: "d=1/a", size: 10, etag: "e1" };

const row = (change: Partial<CoverageRow>): CoverageRow => ({
  etag: "e1",
  run: "r",
  admission: 1,
  state: "covered",
  size: 10,
  records: 1,
  rawBytes: 1,
  rejected: {},
  ...change,
});
const missing = (reason: MissingReason, change: Partial<CoverageRow> = {}): CoverageRow =>
  row({ state: "missing", reason, tries: 1, ...change });

interface Case {
  readonly of: string;
  readonly row?: CoverageRow;
  readonly claimed?: boolean;
  readonly plain: Standing;
  readonly reprocessed: Standing;
}

const cases: readonly Case[] = [
  { of: "a block that nobody knows", plain: "free", reprocessed: "free" },
  { of: "a block of an open run", claimed: true, plain: "claimed", reprocessed: "claimed" },
  { of: "a covered block", row: row({}), plain: "covered", reprocessed: "covered" },
  { of: "a covered block, replaced since", row: row({ etag: "e0" }), plain: "stale", reprocessed: "stale" },
  { of: "a covered block that is claimed", row: row({}), claimed: true, plain: "claimed", reprocessed: "claimed" },
  { of: "a corrupt block", row: missing("corrupt"), plain: "missing", reprocessed: "free" },
  {
    of: "a corrupt block, replaced since",
    row: missing("corrupt", { etag: "e0" }),
    plain: "free",
    reprocessed: "free",
  },
  {
    of: "a block given up by circumstance in the last run that may try",
    row: missing("timeout", { tries: circumstanceRunsMax }),
    plain: "missing",
    reprocessed: "free",
  },
  {
    of: "the same, one run before",
    row: missing("timeout", { tries: circumstanceRunsMax - 1 }),
    plain: "free",
    reprocessed: "free",
  },
];

describe("how a selected block stands", () => {
  for (const { of, row, claimed = false, plain, reprocessed } of cases) {
    it(`${of}: ${plain}, ${reprocessed} when reprocessed`, () => {
      assert.equal(standing(block, row, claimed, false), plain);
      assert.equal(standing(block, row, claimed, true), reprocessed);
    });
  }

  it("is settled for every reason of class content, open for every other", () => {
    for (const [reason, kind] of Object.entries(missingReasons)) {
      const found = standing(block, missing(reason as MissingReason), false, false);
      assert.equal(found, kind === "content" ? "missing" : "free", reason);
    }
  });
});

describe("a planned block", () => {
  it("carries the runs that tried these bytes, and forgets them when the bytes changed", () => {
    assert.equal(planned(block, "p", undefined).tries, 0);
    assert.equal(planned(block, "p", missing("gone", { tries: 3 })).tries, 3);
    assert.equal(planned(block, "p", missing("gone", { tries: 3, etag: "e0" })).tries, 0);
    assert.deepEqual(planned(block, "p", undefined), { ...block, partition: "p", tries: 0 });
  });
});

describe("what a run that retries asks for", () => {
  it("is what is missing by its reasons, and nothing that is new, covered or missing otherwise", () => {
    const retry = ["corrupt", "invalid-resolution"];
    const { reason: _reason, ...unsaid } = missing("code");
    for (const [of, asked] of [
      [missing("corrupt"), true],
      [missing("corrupt", { etag: "e0" }), true],
      [unsaid, true],
      [missing("timeout"), false],
      [row({}), false],
      [undefined, false],
    ] as const) {
      assert.equal(isAsked(retry, of), asked, JSON.stringify(of));
      assert.equal(isAsked(undefined, of), true);
      assert.equal(isAsked([], of), false);
    }
  });
});
