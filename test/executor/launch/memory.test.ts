/** What the limit on memory is held against. */
import assert from "node:assert/strict";
import { residentBytes } from "../../../executor/launch/memory.ts";

describe("resident memory", () => {
  it("is what Node itself counts, and nothing for a process that is gone", async () => {
    const bytes = (await residentBytes(process.pid)) ?? 0;
    assert.ok(Math.abs(bytes / process.memoryUsage.rss() - 1) < 0.2, String(bytes));
    assert.equal(await residentBytes(2 ** 22 + 1), null);
  });
});
