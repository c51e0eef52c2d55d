/** What lines there are over dates, which are shown first, how series and values are called, and what is read out of a date. */
import assert from "node:assert/strict";
import type { Measure } from "../../../dashboard/client/measure.ts";
import { bucketName, bucketTick } from "../../../dashboard/page/bucket-names.ts";
import { textAt } from "../../../dashboard/page/date-readout.ts";
import { evolutionGeometry } from "../../../dashboard/page/evolution-geometry.ts";
import { linesOf, lineText, shownLines } from "../../../dashboard/page/lines.ts";
import { factsOf } from "../../../dashboard/page/summary-facts.ts";
import { seriesNames } from "../../../dashboard/page/series.ts";
import { seriesOf } from "./series-of.ts";

const measure: Measure = { name: "M", kind: "linear", description: "", bounds: [0, 10, 20, 30], scale: "linear" };

describe("categories", () => {
  const flag: Measure = { name: "F", kind: "flag", description: "", bounds: [0, 1, 2], scale: "categories" };
  const boolean: Measure = { ...flag, kind: "boolean" };
  const many: Measure = { ...flag, kind: "enumerated", bounds: Array.from({ length: 10 }, (_, i) => i) };

  it("are called what they stand for", () => {
    assert.deepEqual(
      [0, 1, 2].map((bucket) => [bucketName(boolean, bucket), bucketTick(flag, bucket)]),
      [
        ["false", "not set"],
        ["true", "set"],
        ["2", "2"],
      ],
    );
    assert.deepEqual(
      [bucketName(many, 3), bucketName(measure, 0), bucketName(measure, 3)],
      ["3", "[0, 10)", "30 or more"],
    );
  });

  it("are shown over dates by their shares, the most frequent ones", () => {
    const one = seriesOf(boolean, { "20130101": [3, 1, 0], "20130102": [0, 2, 0] });
    const lines = linesOf([one]);
    assert.deepEqual(
      lines.map(({ name, title }) => [name, title]),
      [
        ["v0", "false"],
        ["v1", "true"],
      ],
    );
    const drawn = evolutionGeometry([{ name: "a", place: 0, hidden: [], points: one.points }], {
      width: 400,
      height: 300,
      lines,
      dates: ["20130101", "20130102"],
    });
    assert.deepEqual(
      drawn.valueTicks.map(({ label }) => label),
      ["0 %", "50 %", "100 %"],
    );
    assert.equal(lineText(lines[0]!, 0.75), "75.0 %");
    const eight = [0, 8, 7, 6, 5, 4, 3, 2, 1, 0];
    assert.deepEqual(
      linesOf([seriesOf(many, { "20130101": eight })]).map(({ name }) => name),
      ["v1", "v2", "v3", "v4", "v5", "v6"],
    );
    assert.deepEqual(linesOf([seriesOf({ ...measure, kind: "counter", scale: "categories", bounds: [] }, {})]), []);
  });

  it("say what those hold that have no line, also where it is nothing", () => {
    const counts = [10, 9, 8, 7, 6, 5, 3, 2, 0, 0];
    const othersOf = (own: Measure, row: readonly number[]): string | undefined => {
      const [one] = [seriesOf(own, { "20130101": row })];
      const distribution = one.evolution.range();
      const facts = factsOf(
        { name: "a", place: 0, distribution, days: one.points, among: [] },
        linesOf([one]),
        "pings",
      );
      return facts.find(({ title }) => title === "share of others")?.text;
    };
    assert.equal(othersOf(many, counts), "10.0 %");
    assert.equal(othersOf(many, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]), "0 %");
    assert.equal(othersOf({ ...flag, bounds: [0, 1] }, [3, 1]), undefined);
  });

  it("choose which lines are shown; what there is not, is not chosen", () => {
    const all = linesOf([seriesOf(boolean, { "20130101": [3, 1, 0] })]);
    const names = (...given: Parameters<typeof shownLines>): string[] => shownLines(...given).map(({ name }) => name);
    assert.deepEqual(names(null, all, true), ["v0", "v1"]);
    assert.deepEqual(names(null, all, false), ["v1"]);
    assert.deepEqual(names(["p50", "mean"], all, true), ["v0", "v1"]);
    assert.deepEqual(names(["v0"], all, false), ["v0"]);
    assert.deepEqual(names([], all, true), []);
    assert.deepEqual(names(null, linesOf([seriesOf(measure, {})]), false), ["p50"]);
    // Of an enumeration the value that most samples have, in shares of each series; of yes and no yes, however rare.
    const most = linesOf([
      seriesOf(many, { "20130101": [0, 1, 0, 8, 0, 0, 1, 0, 0, 0] }),
      seriesOf(many, { "20130101": [0, 900, 0, 600, 0, 0, 0, 0, 0, 0] }),
    ]);
    assert.deepEqual(names(null, most, false), ["v3"]);
    assert.equal(most.find(({ isMain }) => isMain)?.title, "value 3");
    assert.deepEqual(names(null, linesOf([seriesOf(boolean, { "20130101": [900, 1, 0] })]), false), ["v1"]);
    assert.deepEqual(names(null, linesOf([seriesOf(boolean, { "20130101": [900, 0, 0] })]), false), ["v0"]);
  });
});

describe("what is read out of a date", () => {
  it("is its numbers, that it is hidden, or that there is nothing", () => {
    const { points } = seriesOf(measure, { "20130101": [1, 1, 1, 1], "20130102": [2, 0, 0, 0] });
    const own = { name: "a", place: 0, points: points.slice(0, 1), hidden: points.slice(1) };
    const lines = linesOf([seriesOf(measure, {})]).filter(({ name }) => name === "p50");
    assert.equal(textAt(own, "20130101", lines, "pings"), "1 ping · 4 samples · median 20");
    assert.equal(textAt(own, "20130102", lines, "pings"), "1 ping, not drawn");
    assert.equal(textAt(own, "20130103", lines, "pings"), "no pings");
  });
});

describe("the name of a series", () => {
  it("is its version or its filters, and of two that are the same a number", () => {
    const named = (
      ...all: readonly (readonly [version: string, ...filters: (readonly [string, string])[]])[]
    ): string[] =>
      seriesNames(
        all.map(([version, ...filters]) => ({ version, filters: new Map(filters) })),
        "records",
      );
    const linux = ["OS", "Linux"] as const;
    assert.deepEqual(named(["nightly/28", linux], ["nightly/29", linux]), ["nightly/28", "nightly/29"]);
    assert.deepEqual(named(["nightly/28"], ["nightly/28", linux]), ["nightly/28", "nightly/28 · Linux"]);
    // Without versions: by the dimensions that there are.
    const missing = ["$.status", "404"] as const;
    assert.deepEqual(named([""], ["", missing], ["", missing, ["$.host", ""]]), [
      "all records",
      "$.status 404",
      "$.status 404 · $.host (empty)",
    ]);
    assert.deepEqual(named([""], [""], [""]), ["all records", "all records (2)", "all records (3)"]);
  });
});
