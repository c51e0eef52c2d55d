import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate } from "../../../jobs/histograms/arithmetic.ts";
import { boundsOf } from "../../../jobs/histograms/bounds.ts";
import { Definitions } from "../../../jobs/histograms/definitions.ts";
import { needs, referenceDir } from "../../support/requirements.ts";

function definitions(files: Readonly<Record<string, string>>): Definitions {
  return new Definitions({
    names: () => Object.keys(files).toSorted(),
    read: (name) => new TextEncoder().encode(files[name] ?? ""),
  });
}

const file = (name: string) => readFileSync(join(referenceDir(), "data/definitions", name), "utf8");

describe("definitions of histograms", () => {
  describe("of the original, revision 8d3810543edc", () => {
    needs("data");
    it("give exactly its 797 lists of bounds", () => {
      const table = definitions({ "definitions/Histograms.json": file("8d3810543edc.Histograms.json") }).forRevision(
        "",
      );
      const expected = JSON.parse(file("8d3810543edc.buckets.json")) as {
        histograms: Record<string, { buckets: number[]; bucket_count: number }>;
      };
      const names = Object.keys(expected.histograms);
      assert.equal(names.length, 797);
      for (const name of names) assert.deepEqual(table?.get(name)?.bounds, expected.histograms[name]?.buckets, name);
    });

    it("leave the two symbolic ones without bounds", () => {
      const text = file("8d3810543edc.Histograms.json");
      const table = definitions({ "definitions/8d3810543edc.Histograms.json": text }).forRevision(
        "https://hg.mozilla.org/releases/mozilla-aurora/rev/8d3810543edc/",
      );
      const without = Object.keys(JSON.parse(text) as object).filter((name) => table?.get(name)?.bounds === undefined);
      assert.deepEqual(without.toSorted(), ["GC_REASON_2", "STARTUP_MEASUREMENT_ERRORS"]);
    });
  });

  it("are found by the first 12 digits of the revision, else in the file for all", () => {
    const given = definitions({
      "definitions/0123456789ab.Histograms.json": `{"A":{"kind":"flag"},"__proto__":{"kind":"flag"}}`,
      "definitions/Histograms.json": `{"B":{"kind":"boolean","unheard-of":1}}`,
    });
    const own = given.forRevision("http://hg.example.org/integration/x/rev/0123456789abcdef0123");
    assert.deepEqual(own?.get("A")?.bounds, [0, 1, 2]);
    assert.equal(own?.get("B"), undefined);
    assert.deepEqual(own?.get("__proto__")?.bounds, [0, 1, 2]);
    assert.equal(own?.get("constructor"), undefined);
    assert.ok(given.forRevision("http://hg.example.org/x/rev/ffff")?.get("B"));
    assert.ok(given.forRevision("")?.get("B"));
    assert.equal(definitions({}).forRevision("http://hg.example.org/x/rev/0123456789ab"), undefined);
  });

  it("of STARTUP_X are those of X, unless it has its own", () => {
    const table = definitions({
      "definitions/Histograms.json": `{"X":{"kind":"flag"},"Y":{"kind":"flag"},"STARTUP_Y":{"kind":"enumerated","n_values":1}}`,
    }).forRevision("");
    assert.equal(table?.get("STARTUP_X"), table?.get("X"));
    assert.deepEqual(table?.get("STARTUP_Y")?.bounds, [0, 1]);
    assert.equal(table?.get("STARTUP_Z"), undefined);
  });

  it("that are damaged fail by name", () => {
    assert.throws(
      () => definitions({ "definitions/Histograms.json": "{" }).forRevision(""),
      /definitions\/Histograms.json/,
    );
    assert.throws(() => definitions({ "definitions/Histograms.json": "[]" }).forRevision(""), /not a JSON object/);
  });

  it("differ by kind or bounds", () => {
    const table = definitions({
      "definitions/Histograms.json": JSON.stringify({
        A: { kind: "enumerated", n_values: 3 },
        B: { kind: "linear", low: 1, high: 3, n_buckets: 4 },
        C: { kind: "linear", low: 1, high: "3 * 1", n_buckets: "4", description: "as B" },
        D: { kind: "linear", low: 1, high: 4, n_buckets: 4 },
      }),
    }).forRevision("");
    const digests = ["A", "B", "C", "D"].map((name) => table?.get(name)?.digest);
    assert.deepEqual(table?.get("A")?.bounds, table?.get("B")?.bounds);
    assert.equal(digests[1], digests[2]);
    assert.equal(new Set(digests).size, 3);
    assert.ok(digests.every((digest) => /^[0-9a-f]{8}$/.test(digest ?? "")));
  });
});

describe("bounds", () => {
  it("are undefined rather than senseless", () => {
    for (const definition of [
      {},
      { kind: "magic", low: 1, high: 10, n_buckets: 10 },
      { kind: "linear", low: 1, high: 10 },
      { kind: "exponential", low: 0, high: 10, n_buckets: 10 },
      { kind: "exponential", low: 1, high: 10, n_buckets: 1e9 },
      { kind: "enumerated", n_values: "mozilla::StartupTimeline::MAX_EVENT_ID" },
      { kind: "enumerated", n_values: 2.5 },
    ]) {
      assert.equal(boundsOf(definition), undefined);
    }
    assert.deepEqual(boundsOf({ kind: "count" }), [0, 1, 2]);
    assert.deepEqual(boundsOf({ kind: "exponential", high: 4, n_buckets: 6 }), [0, 1, 2, 3, 4, 5]);
  });
});

describe("arithmetic in parameters", () => {
  it("is computed", () => {
    const values: readonly [unknown, number][] = [
      [7, 7],
      ["30000", 30000],
      ["16 * 1024 * 1024", 16777216],
      ["80 + 1", 81],
      [" 2+3*4 ", 14],
      ["(2 + 3) * -4", -20],
      ["7 / 2", 3],
      ["7.0 / 2.5", 2.8],
      ["7 // 2 % 2", 1],
      ["1 - 2 - 3", -4],
    ];
    for (const [text, value] of values) assert.equal(evaluate(text), value, String(text));
  });

  it("is refused where it is something else", () => {
    for (const text of [
      "",
      "JS::gcreason::X",
      "1 +",
      "(1",
      "1)",
      "1 2",
      "process.exit()",
      "1 / 0",
      "0x10",
      "1e3",
      null,
      [],
      NaN,
    ]) {
      assert.equal(evaluate(text), undefined, String(text));
    }
    assert.equal(evaluate("(".repeat(100_000)), undefined);
  });
});
