import assert from "node:assert/strict";
import { jobCounts } from "../../worker/job-counts.ts";

describe("jobCounts", () => {
  it("adds up what became of blocks and records", () => {
    const counts = jobCounts({
      covered: [
        { block: 0, records: 10, rawBytes: 100, rejected: { "not-json": 2 } },
        { block: 3, records: 5, rawBytes: 50, rejected: {} },
      ],
      missing: [
        { block: 1, reason: "corrupt", detail: "", records: 0, rejected: {} },
        { block: 2, reason: "no-record-accepted", detail: "", records: 4, rejected: { "not-json": 3, other: 1 } },
      ],
      remaining: [[4], [5, 6]],
      handedOn: "corrupt",
    });
    assert.deepEqual(counts, {
      covered: 2,
      missing: { corrupt: 1, "no-record-accepted": 1 },
      handedOn: 3,
      records: 19,
      rejected: { "not-json": 5, other: 1 },
      rawBytes: 150,
    });
  });

  it("keeps the number of reasons within bounds, and their sum", () => {
    const rejected = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`reason-${i}`, 1]));
    const parts = {
      covered: [{ block: 0, records: 100, rawBytes: 1, rejected }],
      missing: [],
      remaining: [],
      handedOn: null,
    };
    const counts = jobCounts(parts).rejected;
    assert.equal(Object.keys(counts).length, 33);
    assert.equal(counts["other"], 68);
  });
});
