import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { editDistance, explainEmpty, nothingSelected } from "../../../shared/dataset/explain.ts";
import { compileLayout } from "../../../shared/dataset/layout.ts";
import type { PrefixDimensions } from "../../../shared/dataset/layout.ts";
import type { Filter } from "../../../shared/dataset/types.ts";

const layout = compileLayout("{app}/{channel}/{date:yyyy}/{date:MM}/{date:dd}/");
const blocks: readonly PrefixDimensions[] = [
  ["Firefox", "nightly", "20131001"],
  ["Firefox", "nightly", "20131005"],
  ["Firefox", "beta", "20131101"],
  ["Fennec", "aurora", "20131201"],
].map(([app = "", channel = "", date = ""]) => ({ dimensions: { app, channel, date } }));
/** Prefixes that a sync left alone: they say what lies beside. */
const skipped: readonly PrefixDimensions[] = [
  { dimensions: { app: "Firefox", channel: "release" } },
  { dimensions: { app: "Firefox", channel: "nightly" }, datePart: "2012" },
];

const explain = (filter: Filter, known = [...blocks, ...skipped]) => explainEmpty(layout, filter, () => known);

describe("why a filter selects nothing", () => {
  const cases: readonly (readonly [string, Filter, string, readonly string[]])[] = [
    ["a misspelled value", { channel: ["nigthly"] }, "channel", ["nightly", "beta", "aurora", "release"]],
    ["upper and lower case", { app: ["firefox"] }, "app", ["Firefox", "Fennec"]],
    ["values that exist, but not together", { app: ["Fennec"], channel: ["nightly"] }, "channel", ["aurora"]],
    [
      "dates before those of the channel",
      { channel: ["nightly"], date: { min: "20131002", max: "20131004" } },
      "date",
      ["20131005", "20131001", "20120101..20121231"],
    ],
    ["an open range", { channel: ["beta"], date: { min: "20140101" } }, "date", ["20131101"]],
    [
      "a list of dates",
      { app: ["Firefox"], date: ["20131031"] },
      "date",
      ["20131101", "20131005", "20131001", "20120101..20121231"],
    ],
    ["a range of texts", { channel: { min: "c", max: "m" } }, "channel", ["aurora", "beta", "nightly", "release"]],
    ["an empty list", { app: [] }, "app", ["Fennec", "Firefox"]],
    ["a bound that is no day", { channel: ["beta"], date: { min: "99999999" } }, "date", ["20131101"]],
  ];
  for (const [what, filter, dimension, nearest] of cases) {
    it(`names ${what}`, () => {
      const explanation = explain(filter);
      assert.equal(explanation.dimension, dimension);
      assert.deepEqual(explanation.nearest, nearest);
    });
  }

  it("knows the neighbours of a prefix that was not listed", () => {
    const known = skipped.slice(0, 1);
    assert.deepEqual(explain({ channel: ["relaese"] }, known).nearest, ["release"]);
  });

  it("offers dates as a filter takes them, also those of folders that were not looked into", () => {
    const prefixes = ["2011", "2026", "201602", "201311"].map((datePart) => ({ dimensions: { app: "a" }, datePart }));
    const nearest = (date: Filter["date"]): readonly string[] => explain({ date: date ?? "*" }, prefixes).nearest;
    const [y2011, y2026] = ["20110101..20111231", "20260101..20261231"];
    const [november, february] = ["20131101..20131130", "20160201..20160229"];
    assert.deepEqual(nearest(["20120101"]), [y2011, november, february, y2026]);
    assert.deepEqual(nearest({ min: "20270101" }), [y2026, february, november, y2011]);
    assert.deepEqual(nearest({ min: "20150101", max: "20151231" }), [february, november, y2011, y2026]);
  });

  it("compares the first values of a long list with many that there are: an error is not waited for", () => {
    const apps = Array.from({ length: 1_000 }, (_, i) => ({ dimensions: { app: `a${i}` } }));
    const nearest = (before: number): readonly string[] =>
      explain({ app: [...Array.from({ length: before }, () => "~~~~~~~~"), "a500."] }, apps).nearest;
    assert.equal(nearest(99)[0], "a500");
    assert.notEqual(nearest(100)[0], "a500");
  });

  it("says when nothing is known", () => {
    const dataset = { name: "logs", place: "file:/logs", layout: layout.name, records: "ndjson" };
    assert.deepEqual(explain({ app: ["x"] }, []), { nearest: [] });
    const error = nothingSelected(dataset, explain({ app: ["x"] }, []));
    assert.equal(error.code, "nothing-selected");
    assert.match(error.message, /No block of the dataset logs is known in file:\/logs/);
    assert.match(
      nothingSelected(dataset, explain({ channel: ["nigthly"] })).message,
      /has channel=nigthly; the nearest are nightly, beta, aurora, release\./,
    );
  });

  it("counts edits", () => {
    assert.equal(editDistance("nightly", "nigthly"), 2);
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(editDistance("Beta", "beta"), 0);
  });
});
