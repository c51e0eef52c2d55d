/**
 * The statistics of a sample that the real pipeline published: what people see first of Spotfold. Sums and buckets are made apart from
 * one another, so each checks the other.
 */
import assert from "node:assert/strict";
import { openSite, type Distribution } from "../../../dashboard/client/index.ts";
import { tempDir } from "../../support/temp.ts";
import { publishHistograms } from "../page/published.ts";
import { serveFolder } from "../page/static-server.ts";

/** From the lower bound of the lowest bucket that holds something to the upper one of the highest. */
function boundsOf({ buckets }: Distribution): [from: number, to: number] {
  const filled = buckets.filter(({ count }) => count > 0);
  return [filled[0]?.start ?? NaN, filled.at(-1)?.end ?? Infinity];
}

describe("the statistics of the sample", () => {
  it("lie where its buckets say", async function statistics() {
    this.timeout(300_000);
    const server = await serveFolder(await publishHistograms(tempDir("sample-statistics")));
    try {
      const site = await openSite(server.base);
      const version = site.versions[0] ?? "";
      const seen = { exponential: 0, linear: 0 };
      for (const { name, kind, scale } of (await site.measures(version)).values()) {
        if (scale === "categories") continue;
        const evolution = await site.evolution(version, name, "build-date");
        for (const distribution of [evolution.range(), ...evolution.series().map((day) => day.distribution)]) {
          const [from, to] = boundsOf(distribution);
          const { mean, median, count } = distribution;
          const filled = distribution.counts.filter((own) => own > 0).length;
          assert.ok(mean !== null && from <= mean && mean < to, `mean ${mean} of ${name} in [${from}, ${to})`);
          assert.ok(median !== null && median.from >= from);
          const [deviation, least] =
            scale === "linear" ? [distribution.standardDeviation, 0] : [distribution.geometricStandardDeviation, 1];
          assert.ok(deviation !== null && deviation >= least, `deviation ${deviation} of ${name}`);
          if (filled > 1)
            assert.ok(deviation > least, `deviation ${deviation} of ${name}, ${count} in ${filled} buckets`);
          // Values lie between the bounds, so that they cannot be further apart than these.
          if (scale === "linear") assert.ok(deviation <= (to - from) / 2, `deviation ${deviation} of ${name}`);
          if (scale === "exponential") {
            const geometric = distribution.geometricMean;
            assert.ok(geometric !== null && from <= geometric + 1e-6 && geometric < to, `${geometric} of ${name}`);
          }
          if (kind !== "count") seen[scale]++;
        }
      }
      assert.ok(seen.exponential > 100 && seen.linear > 30, JSON.stringify(seen));
    } finally {
      await server.close();
    }
  });
});
