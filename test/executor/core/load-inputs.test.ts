import assert from "node:assert/strict";
import { loadAnalysis } from "../../../executor/core/load.ts";
import histograms from "../../../jobs/histograms/index.ts";

const analysis = { name: "a", key: ["k"], map: () => undefined, merge: (a: number) => a };
const names = (inputs: readonly string[], brought: readonly string[]): readonly string[] =>
  loadAnalysis({ default: { ...analysis, inputs } }, {}, brought, () => new Uint8Array()).context.inputs.names();

describe("inputs that an analysis declares as a folder", () => {
  it("takes every file of the folder, by the names under which the analysis asks for them", () => {
    const brought = ["definitions/0123456789ab.Histograms.json", "definitions/Histograms.json"];
    assert.deepEqual(names(["definitions"], brought), brought);
    const { context } = loadAnalysis({ default: histograms }, {}, brought, (name) => Buffer.from(name));
    assert.deepEqual(Buffer.from(context.inputs.read(brought[0] ?? "")).toString(), brought[0]);
  });

  it("takes nothing else: no other folder, no folder below, no way out", () => {
    for (const name of ["other/x", "definitionsx/x", "definitions/", "definitions/a/b", "definitions/../x"]) {
      assert.throws(() => names(["definitions"], [name]), { code: "usage" }, name);
    }
  });
});
