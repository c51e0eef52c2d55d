/**
 * The check that reading pings has not become twice as slow. It compares with `JSON.parse` in the same process, so it asks
 * nothing of the machine; and it is itself checked with a slow-down that is planted.
 */
import assert from "node:assert/strict";
import { hotPathRatio, hotPathRatioMax } from "../../bench/hot-path.ts";
import { scanAll } from "../../bench/scan-pings.ts";

describe("reading pings", () => {
  it("is quicker than parsing them", function () {
    this.timeout(60_000);
    const ratio = hotPathRatio();
    assert.ok(
      ratio <= hotPathRatioMax,
      `reading takes ${ratio.toFixed(2)} of what JSON.parse takes, at most ${hotPathRatioMax}: profile it with \`npm run bench -- scan\``,
    );
  });

  it("is found out when it becomes twice as slow", function () {
    this.timeout(60_000);
    const ratio = hotPathRatio((pings) => {
      scanAll(pings);
      scanAll(pings);
    });
    assert.ok(ratio > hotPathRatioMax, `twice as slow is ${ratio.toFixed(2)}, and passes`);
  });
});
