import assert from "node:assert/strict";
import osDistribution from "../../jobs/os-distribution.ts";
import { SHIPPED_ANALYSES } from "../../jobs/shipped.ts";
import { checkIsolation, checkMerge, runAnalysis } from "../../jobs/testing.ts";

describe("os-distribution", () => {
  const blocks = ["WINNT", "Linux", "Darwin", "WINNT", "WINNT"].map((OS) => ({
    records: [{ info: { OS } }, { info: {} }, "null"],
  }));

  it("counts pings by operating system", () => {
    const { entries, rejected } = runAnalysis(osDistribution, blocks);
    assert.deepEqual(entries, [
      [["Darwin"], 1],
      [["Linux"], 1],
      [["WINNT"], 3],
    ]);
    assert.deepEqual(rejected, { "no-os": 10 });
  });

  it("merges exactly in any order, and keeps no state in the module", () => {
    checkMerge(
      osDistribution,
      blocks.map((block) => runAnalysis(osDistribution, [block]).entries),
    );
    checkIsolation(osDistribution, { records: [{ info: { OS: "a" } }] }, { records: [{ info: { OS: "b" } }] });
  });
});

describe("the analyses that ship", () => {
  it("are modules of their names", async () => {
    for (const [name, specifier] of SHIPPED_ANALYSES) {
      const module = (await import(new URL(specifier, new URL("../../jobs/shipped.ts", import.meta.url)).href)) as {
        default: { name: string };
      };
      assert.equal(module.default.name, name);
    }
  });
});
