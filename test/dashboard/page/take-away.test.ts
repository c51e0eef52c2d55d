/** What is taken away from the page, each kind of it: what stands in files of numbers, in pictures, and in the HTML of an embedded figure. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Evolution } from "../../../dashboard/client/evolution.ts";
import { FilterTree } from "../../../dashboard/client/filter-tree.ts";
import type { Measure } from "../../../dashboard/client/measure.ts";
import { basisText, datesText, filtersText, narrowedText } from "../../../dashboard/page/caption.ts";
import { embedCode } from "../../../dashboard/page/embed.ts";
import { comparisonCsv, distributionCsv, evolutionCsv, summaryCsv } from "../../../dashboard/page/export-csv.ts";
import { toJson } from "../../../dashboard/page/export.ts";
import { exportedSeries, type ExportedSeries } from "../../../dashboard/page/exported.ts";
import { linesOf } from "../../../dashboard/page/lines.ts";
import { comparisonMarks, distributionMarks, evolutionMarks } from "../../../dashboard/page/marks.ts";
import { sanitize } from "../../../dashboard/page/sanitize.ts";
import { seriesFrom, type Series } from "../../../dashboard/page/series.ts";
import { flow } from "../../../dashboard/parts/flow.ts";
import { nounFor } from "../../../dashboard/parts/words.ts";
import { xmlText } from "../../../dashboard/parts/xml-text.ts";

const linear: Measure = { name: "M", kind: "linear", description: "", bounds: [0, 10, 20, 30], scale: "linear" };
const dimensions = ["OS", "arch"];
/** An empty OS, one that a spreadsheet would run, one that looks like "all". */
const systems = ["", "=1+1", "*"];
const tree = new FilterTree("tree", {
  _id: 0,
  name: "OS",
  ...Object.fromEntries(systems.map((system, i) => [system, { _id: 10 + i, name: "arch", x86: { _id: 1 + i } }])),
});

/** Four samples a row: 5, 15, 15, 25. */
const row = (id: number): number[] => [1, 2, 1, 0, 60, -1, -1, 1100, 0, 3, id];

function seriesOf(filters: ReadonlyMap<string, string>, measure = linear, make = row): Series {
  const days = ["20130101", "20130102"].map((date) => [date, [make(1), make(2), make(3)]] as const);
  return seriesFrom("nightly/29", new Evolution(measure, { days: new Map(days), leftOut: 0 }, tree), filters);
}

function exported(...series: Series[]): ExportedSeries[] {
  const range = { from: "20130102", to: null };
  return exportedSeries(
    series,
    series.map(({ points }) => sanitize(points, true)),
    series.map(({ evolution }) => evolution.range("20130102")),
    range,
  );
}

/** A table's lines, without the head. */
const rowsOf = (csv: string): string[] => csv.trimEnd().split("\r\n").slice(1);

const coverage = {
  aggregate: "a",
  pointer: "latest.json",
  snapshot: 3,
  asOf: "2026-01-01T00:00:00.000Z",
  accepted: 9,
  read: 10,
  rejected: new Map([["not-json", 1]]),
  blocks: { covered: 1, missing: 1, open: 0 },
  missing: [],
  notes: new Map(),
};

describe("numbers that are taken away", () => {
  it("say of which series they are: all, an empty value and a value that looks like all are three things", () => {
    const all = [new Map(), ...systems.map((system) => new Map([["OS", system]]))].map((own) => seriesOf(own));
    const csv = distributionCsv(dimensions, exported(...all));
    assert.match(csv, /^version,OS,arch,narrowed_by,bucket,start,end,count,share\r\n/);
    const heads = rowsOf(csv).map((line) => line.split(",").slice(0, 4).join());
    assert.deepEqual(
      [...new Set(heads)],
      ["nightly/29,*,*,", "nightly/29,,*,OS", "nightly/29,'=1+1,*,OS", "nightly/29,*,*,OS"],
    );
    assert.equal(new Set(heads).size, all.length);
  });

  it("are of the figure that they are taken from, and of the range", () => {
    const [one, other] = [seriesOf(new Map([["OS", ""]])), seriesOf(new Map([["OS", "=1+1"]]))];
    const both = exported(one, other);
    const lines = linesOf([one, other]);
    const files = [
      evolutionCsv(dimensions, lines, both),
      distributionCsv(dimensions, both),
      comparisonCsv(dimensions, both),
      summaryCsv(dimensions, lines, both),
    ];
    assert.equal(new Set(files).size, files.length);
    for (const file of files) assert.doesNotMatch(file, /(^|[,"\n])[=@+]/);
    const [evolution = "", distribution = "", compared = "", summary = ""] = files;
    assert.deepEqual(
      rowsOf(evolution).map((line) => line.split(",")[4]),
      ["20130102", "20130102"],
    );
    assert.equal(rowsOf(distribution)[1], `nightly/29,,*,OS,"[10, 20)",10,20,2,0.5`);
    assert.equal(rowsOf(compared).length, 4);
    assert.equal(rowsOf(compared)[1], `nightly/29,'=1+1,*,OS,nightly/29,,*,OS,"[10, 20)",10,20,0.5,0.5,0,0.75,0.75`);
    const facts = rowsOf(summary).filter((line) => line.startsWith("nightly/29,,"));
    assert.deepEqual(
      facts.map((line) => line.split(",").slice(4).join()),
      [
        "submissions,3,,",
        "dates,1,20130102,20130102",
        "samples,4,,",
        "mean,15,,",
        `standard deviation,${Math.sqrt(50)},,`,
        "p5,2,0,10",
        "p25,10,0,10",
        "p50,15,10,20",
        "p75,20,10,20",
        "p95,28,20,30",
      ],
    );
  });

  it("have no comparison with nothing", () => {
    const empty = seriesOf(new Map([["OS", "none"]]));
    const full = seriesOf(new Map());
    assert.deepEqual(rowsOf(comparisonCsv(dimensions, exported(full, empty))), []);
    assert.deepEqual(rowsOf(comparisonCsv(dimensions, exported(empty, full))), []);
    assert.equal(rowsOf(comparisonCsv(dimensions, exported(full, empty, full))).length, 4);
  });

  it("are empty cells where sums contradict the counts", () => {
    const series = seriesOf(new Map(), linear, (id) => row(id).with(4, 400));
    const facts = rowsOf(summaryCsv(dimensions, [], exported(series)));
    assert.ok(facts.includes("nightly/29,*,*,,mean,,,") && facts.includes("nightly/29,*,*,,standard deviation,,,"));
  });

  it("have as JSON the range, what is hidden, and what was left out", () => {
    const series = seriesOf(new Map([["OS", ""]]));
    const leftOut = { version: "nightly/29", measure: "M", definition: "d", entries: 2, pings: 7 };
    const context = {
      title: "t",
      measure: "M",
      kind: "linear",
      dates: "build-date",
      range: { from: "20130102", to: null },
      sanitize: true,
      submissions: "pings",
      coverage,
      definitionsLeftOut: [leftOut],
    };
    const json = JSON.parse(toJson(context, linesOf([series]), exported(series))) as Record<string, unknown>;
    assert.deepEqual([json["range"], json["sanitize"], json["definitionsLeftOut"]], [context.range, true, [leftOut]]);
    const [own] = json["series"] as Record<string, unknown>[];
    assert.deepEqual([own?.["filters"], own?.["submissions"]], [[["OS", ""]], 3]);
    assert.deepEqual([own?.["hidden"], own?.["sumsContradict"]], [{ points: 0, submissions: 0, limit: 0.03 }, false]);
  });
});

describe("what stands beside a saved drawing", () => {
  const filters = [new Map([["OS", ""]]), new Map()];

  it("says filters, dates and what the numbers are of", () => {
    assert.equal(
      filtersText(
        new Map([
          ["OS", ""],
          ["arch", "x86"],
        ]),
      ),
      "OS (empty), arch x86",
    );
    // What turns the direction of writing turns only itself.
    assert.equal(
      filtersText(
        new Map([
          ["OS", "\u202eabc"],
          ["arch", "x86"],
        ]),
      ),
      "OS \u2068\u202eabc\u2069, arch x86",
    );
    assert.equal(narrowedText({ names: ["a", "b"], filters: [new Map(), new Map()] }), "No filters");
    assert.equal(narrowedText({ names: ["a", "b"], filters }), "Filters: a: OS (empty); b: no filters");
    assert.equal(datesText("Builds", ["20130101"]), "Builds: 2013-01-01 (1 date)");
    assert.equal(datesText("Builds", ["20130101", "20130103"]), "Builds: 2013-01-01 to 2013-01-03 (2 dates)");
    const own = { name: "a", place: 0, submissions: 1, samples: 1 };
    const counts = { of: [own], noun: "pings", coverage, leftOut: { here: 1, others: 0, pings: 7 } };
    assert.equal(
      basisText(counts),
      "n = 1 ping, 1 sample; whole aggregate: 1 of 2 blocks, 1 missing; 1 of 10 records rejected; 1 definition left out (7 pings); data as of 2026-01-01 00:00 UTC (a)",
    );
    // Of several the legend has them.
    assert.match(basisText({ ...counts, of: [own, own] }), /^whole aggregate: 1 of 2 blocks/);
  });

  it("names each series and each line", () => {
    const series = [seriesOf(new Map()), seriesOf(new Map())];
    const lines = linesOf(series);
    const of = ["a", "b"].map((name, i) => ({ name, place: 2 * i, submissions: 2, samples: 8 }));
    const counts = { of, noun: "pings", coverage, leftOut: { here: 0, others: 0, pings: 0 } };
    const names = (marks: readonly { readonly name: string; readonly note: string }[]): string[] =>
      marks.map(({ name, note }) => `${name} ${note}`.trim());
    const each = ["a 2 pings, 8 samples", "b 2 pings, 8 samples"];
    assert.deepEqual(names(evolutionMarks(counts, lines.slice(0, 1))), [...each, "Mean"]);
    assert.deepEqual(names(evolutionMarks({ ...counts, of: of.slice(0, 1) }, lines.slice(0, 1))), ["Mean", "pings"]);
    // A single line is solid, as it is drawn.
    const looks = (all: typeof lines): readonly string[] =>
      evolutionMarks(counts, all).flatMap(({ look, shape }) => (shape === "line" && look !== "" ? [look] : []));
    assert.match(looks(lines.slice(1, 2)).join(), / only$/);
    assert.ok(looks(lines).every((look) => !look.includes("only")));
    assert.deepEqual(names(distributionMarks(counts)), each);
    assert.deepEqual(names(comparisonMarks(counts, "difference")), each);
    // The one between them cannot be read: colours are those of the drawing.
    assert.deepEqual(
      comparisonMarks(counts, "cumulative").map(({ markLook }) => markLook),
      ["curve series-0", "curve series-2"],
    );
  });

  it("is placed in rows that it fits in", () => {
    assert.deepEqual(flow([40, 40, 200, 10], 100, 10), [
      { row: 0, x: 0 },
      { row: 0, x: 50 },
      { row: 1, x: 0 },
      { row: 2, x: 0 },
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 12 }), (widths) => {
        for (const [i, { x }] of flow(widths, 100, 8).entries()) {
          assert.ok(x === 0 || x + (widths[i] ?? 0) <= 100);
        }
      }),
    );
  });

  it("holds no character that a file of XML may not", () => {
    assert.equal(
      xmlText("a\tb\u0000\u001b\ud800\uffff\u{1f600}\u0085é"),
      "a\tb\ufffd\ufffd\ufffd\ufffd\u{1f600}\u0085é",
    );
  });

  it("has nouns for one", () => {
    const nouns = [
      "pings",
      "queries",
      "accesses",
      "boxes",
      "access",
      "data",
      "days",
      "uses",
      "caches",
      "batches",
      "series",
    ];
    assert.deepEqual(
      nouns.map((noun) => nounFor(1, noun)),
      ["ping", "query", "access", "box", "access", "data", "day", "use", "cache", "batch", "series"],
    );
    assert.equal(nounFor(2, "pings"), "pings");
  });
});

describe("the HTML of an embedded figure", () => {
  it("holds names as text", () => {
    const code = embedCode('https://example.org/#a=1&b="><script>', "<img src=x onerror='x'>");
    assert.doesNotMatch(code.slice("<iframe ".length, -"></iframe>".length), /[<>']/);
    assert.match(code, /^<iframe src="https:\/\/example\.org\/#a=1&#38;b=&#34;&#62;&#60;script&#62;" title="&#60;img/);
  });
});
