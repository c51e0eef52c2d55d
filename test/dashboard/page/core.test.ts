/** What the page computes before anything is drawn: what is hidden, found, compared, placed and exported. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Distribution } from "../../../dashboard/client/distribution.ts";
import type { Measure } from "../../../dashboard/client/measure.ts";
import {
  alikeTo,
  comparableTo,
  comparison,
  cumulative,
  difference,
  greatestDifference,
  greatestGap,
  medianShift,
} from "../../../dashboard/page/comparison.ts";
import { distributionGeometry, filledSpan, spanOf } from "../../../dashboard/page/distribution-geometry.ts";
import { evolutionGeometry } from "../../../dashboard/page/evolution-geometry.ts";
import { toCsv } from "../../../dashboard/page/export-csv.ts";
import { fileName } from "../../../dashboard/page/export.ts";
import { linesOf } from "../../../dashboard/page/lines.ts";
import { perDate } from "../../../dashboard/page/per-date.ts";
import { definitionText, detailText, leftOutText } from "../../../dashboard/page/caption.ts";
import type { Choice } from "../../../dashboard/parts/search.ts";
import { sanitize } from "../../../dashboard/page/sanitize.ts";
import {
  countLeftOut,
  definitionsLeftOut,
  droppedMeasurements,
  firstMeasure,
  versionChoices,
  type LeftOut,
} from "../../../dashboard/page/source.ts";
import { dateScale, dateTicks } from "../../../dashboard/parts/axes.ts";
import { ChoiceIndex } from "../../../dashboard/parts/search.ts";
import { wrapped } from "../../../dashboard/parts/wrap.ts";
import * as words from "../../../dashboard/parts/words.ts";
import { seriesOf } from "./series-of.ts";

const measure: Measure = { name: "M", kind: "linear", description: "", bounds: [0, 10, 20, 30], scale: "linear" };

function distribution(...counts: number[]): Distribution {
  return new Distribution(measure, [[...counts, -1, -1, -1, -1, -1, 1, 0]]);
}

describe("sanitizing", () => {
  it("hides what is below 1 % of the most, and never what has a hundred", () => {
    const points = [5000, 60, 49, 50].map((submissions) => ({ submissions }));
    assert.deepEqual(sanitize(points, true), {
      kept: [{ submissions: 5000 }, { submissions: 60 }, { submissions: 50 }],
      hidden: 1,
      hiddenPoints: [{ submissions: 49 }],
      hiddenSubmissions: 49,
      limit: 50,
    });
    assert.equal(sanitize([{ submissions: 1_000_000 }, { submissions: 100 }], true).hidden, 0);
    assert.equal(sanitize(points, false).hidden, 0);
    assert.deepEqual(sanitize([], true).kept, []);
  });
});

describe("search", () => {
  const choices = ["GC_MS", "CYCLE_GC", "OTHER", "__proto__"].map((value) => ({
    value,
    label: value,
    group: "",
    note: value === "CYCLE_GC" ? "enumerated" : "flag",
    description: value === "OTHER" ? "Time in GC, no flag, enumerated" : "",
  }));
  const index = new ChoiceIndex(choices);

  it("finds all words in names and descriptions, the best first", () => {
    const found = (query: string): string[] => index.find(query).map(({ value }) => value);
    assert.deepEqual(found("gc"), ["GC_MS", "CYCLE_GC", "OTHER"]);
    assert.deepEqual(found("gc time"), ["OTHER"]);
    assert.deepEqual(found("__PROTO"), ["__proto__"]);
    assert.equal(found(" ").length, 4);
    assert.deepEqual(found("gc nothing"), []);
    assert.deepEqual(found("enumerated"), ["CYCLE_GC", "OTHER"], "kinds before descriptions");
    assert.deepEqual(found("flag gc"), ["GC_MS", "OTHER"]);
  });

  it("answers each key within 50 ms among 2,000", () => {
    const many = new ChoiceIndex(
      Array.from({ length: 2000 }, (_, i) => ({
        value: `M${i}`,
        label: `MEASURE_${i}_OF_THIS`,
        group: "",
        note: "",
        description: "Describes at some length what it is a measure of ".repeat(4),
      })),
    );
    for (let keys = 1; keys <= 12; keys++) {
      const before = process.cpuUsage();
      many.find("measure_19_o".slice(0, keys));
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 50_000, `${user + system} microseconds of CPU`);
    }
  });
});

describe("a comparison", () => {
  it("is of shares, with both bounds of the median's change", () => {
    const [one, other] = [distribution(4, 4, 0, 0), distribution(0, 2, 2, 0)];
    assert.deepEqual(cumulative(one), [0.5, 1, 1, 1]);
    assert.deepEqual(difference(one, other), [-50, 0, 50, 0]);
    assert.deepEqual(medianShift(one, other), { value: 10, least: 0, most: 20 });
    assert.equal(greatestGap(one, other), 50);
    assert.deepEqual(greatestDifference(one, other), { bucket: 0, points: -50 });
    assert.equal(medianShift(one, distribution(0, 0, 0, 0)), null);
    assert.deepEqual(medianShift(one, distribution(0, 0, 0, 4)), { value: 20, least: 20, most: null });
    assert.equal(comparison(one, other), "comparable");
    assert.equal(comparison(one, new Distribution({ ...measure, bounds: [0, 1, 2, 3] })), "other-buckets");
    for (const pair of [
      [one, distribution(0, 0, 0, 0)],
      [distribution(0, 0, 0, 0), one],
    ] as const) {
      assert.equal(comparison(...pair), "empty");
    }
  });

  it("stands beside the first only with its buckets", () => {
    const wide = new Distribution({ ...measure, bounds: [0, 100, 200, 300] }, [[4, 0, 0, 0, -1, -1, -1, -1, -1, 1, 0]]);
    const all = [distribution(1, 0, 0, 0), wide, distribution(0, 0, 0, 0), distribution(0, 1, 0, 0)].map(
      (own, place) => ({ place, distribution: own }),
    );
    assert.deepEqual(
      [alikeTo(all), comparableTo(all), comparableTo(all.slice(2)), alikeTo([])].map((found) =>
        found.map(({ place }) => place),
      ),
      [[0, 2, 3], [0, 3], [], []],
    );
  });

  it("has differences that add up to nothing, and cumulative shares that end at all", () => {
    const counts = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const [one, other] = [distribution(...a), distribution(...b)];
        const sum = difference(one, other).reduce((all, points) => all + points, 0);
        assert.ok(Math.abs(sum) < 1e-9);
        assert.equal(cumulative(one).at(-1), 1);
        assert.ok(greatestGap(one, other) <= 100);
      }),
    );
  });
});

describe("places on charts", () => {
  const points = (many: number): { date: string; submissions: number; samples: number; distribution: Distribution }[] =>
    Array.from({ length: many }, (_, i) => ({
      date: new Date(Date.UTC(2013, 0, 1 + i)).toISOString().slice(0, 10).replaceAll("-", ""),
      submissions: i + 1,
      samples: 4,
      distribution: distribution(1, 1, 1, 1),
    }));

  it("are inside of the drawing, with 1 date and with 400, narrow and wide", () => {
    const lines = linesOf([seriesOf(measure, { "20130101": [1, 1, 1, 1] })]);
    assert.equal(lines.length, 6);
    for (const many of [1, 2, 45, 400]) {
      for (const width of [280, 1900]) {
        const own = points(many);
        const dates = own.map(({ date }) => date);
        const drawn = evolutionGeometry([{ name: "a", place: 0, hidden: [], points: own }], {
          width,
          height: 300,
          lines,
          dates,
        });
        assert.ok(drawn.bars.length === many || drawn.areas[0]?.d !== "");
        for (const { x, y, width: wide, height } of drawn.bars) {
          assert.ok(x >= drawn.submissions.left - 1 && x + wide <= drawn.submissions.right + 1);
          assert.ok(y >= drawn.submissions.top - 1 && y + height <= drawn.submissions.bottom + 0.01);
        }
        for (const { d } of drawn.paths) assert.doesNotMatch(d, /NaN|Infinity/);
        // A line of a single date would have no length: it is a stroke. There is no mean, for no sums are known.
        const lengths = drawn.paths.filter(({ d }) => /^M[\d.]+,[\d.]+L/.test(d));
        assert.equal(lengths.length, 5);
        assert.ok(many > 1 || lengths.every(({ dots }) => dots.length === 0));
        for (const { at } of drawn.dateTicks) assert.ok(at >= 0 && at <= width);
        assert.ok(drawn.dateTicks.length > 0);
        assert.equal(drawn.nearest(drawn.xOf(dates[0] ?? "")), dates[0]);
      }
    }
    assert.equal(evolutionGeometry([], { width: 300, height: 300, lines: [], dates: [] }).nearest(3), null);
  });

  it("have a label at each whole number of submissions, at no other", () => {
    const labelsOf = (most: number): readonly string[] => {
      const own = points(2).map((point) => ({ ...point, submissions: most }));
      const dates = own.map(({ date }) => date);
      const series = [{ name: "a", place: 0, hidden: [], points: own }];
      return evolutionGeometry(series, { width: 600, height: 400, lines: [], dates }).submissionTicks.map(
        ({ label }) => label,
      );
    };
    const thousands = labelsOf(3000);
    assert.ok(thousands.includes("1.5K") && thousands.includes("500"), thousands.join());
    assert.deepEqual(labelsOf(2), ["0", "1", "2"]);
  });

  it("have labels of whole days only", () => {
    const box = { left: 0, right: 900, top: 0, bottom: 10 };
    for (const dates of [["20131201"], ["20131201", "20131202"], ["20131201", "20141201"]]) {
      const ticks = dateTicks(dateScale(dates, box));
      assert.ok(ticks.length > 0);
      assert.equal(new Set(ticks.map(({ label }) => label)).size, ticks.length);
    }
  });

  it("of buckets leave out empty ends, and know what is below the pointer", () => {
    const bounds = Array.from({ length: 40 }, (_, i) => i);
    const row = bounds.map((i) => (i === 20 ? 8 : 0));
    const one = new Distribution({ ...measure, bounds }, [[...row, -1, -1, -1, -1, -1, 1, 0]]);
    const drawn = distributionGeometry([one], { width: 400, height: 200 });
    assert.deepEqual(spanOf([one]), { first: 19, last: 26 });
    // The table has no room to fill.
    assert.deepEqual(filledSpan([one]), { first: 20, last: 20 });
    assert.deepEqual(filledSpan([distribution(0, 1, 0, 0), distribution(0, 0, 0, 1)]), { first: 1, last: 3 });
    assert.deepEqual(filledSpan([distribution(0, 0, 0, 0)]), { first: 0, last: 0 });
    assert.equal(drawn.buckets.at(drawn.box.left + 1), 19);
    assert.equal(drawn.buckets.at(drawn.box.left - 1), null);
    assert.ok(drawn.median !== null && drawn.median.x > drawn.median.from && drawn.median.x < drawn.median.to);
  });
});

describe("the numbers of a counter's dates", () => {
  it("have exact percentiles by nearest rank, as counting finds them", () => {
    assert.equal(perDate([], [50]), null);
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1 }), fc.integer({ min: 0, max: 100 }), (numbers, percent) => {
        const found = perDate(numbers, [percent]);
        const value = found?.percentiles[0]?.value ?? NaN;
        // The least number that at least so many are not above.
        const enough = (limit: number): boolean =>
          numbers.filter((own) => own <= limit).length * 100 >= percent * numbers.length;
        assert.ok(numbers.includes(value) && enough(value));
        assert.ok(numbers.every((own) => own >= value || percent === 0 || !enough(own)));
        assert.ok(found !== null && Math.abs(found.mean * numbers.length - numbers.reduce((a, b) => a + b, 0)) < 1e-6);
      }),
    );
  });
});

describe("what is exported", () => {
  it("is no formula, whatever a name begins with", () => {
    const cells = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", 'a"b', "a,b", "plain", -1, null];
    assert.equal(
      toCsv(
        ["head"],
        cells.map((cell) => [cell]),
      ),
      `head\r\n'=1+1\r\n'+1\r\n'-1\r\n'@x\r\n"'\t=1"\r\n"'\r=1"\r\n"a""b"\r\n"a,b"\r\nplain\r\n-1\r\n\r\n`,
    );
  });

  it("lies in a file whose name leads nowhere", () => {
    assert.equal(fileName("../../<x>", "evolution", "csv"), "_.._x_-evolution.csv");
    assert.equal(fileName("...", "summary", "json"), "measure-summary.json");
  });
});

describe("text of a drawing", () => {
  const fits =
    (most: number) =>
    (line: string): boolean =>
      line.length <= most;

  it("breaks at spaces, and within what is longer than a line", () => {
    assert.deepEqual(wrapped("one two three", 9, fits(7)), ["one two", "three"]);
    assert.deepEqual(wrapped("a bcdefghij k", 9, fits(4)), ["a", "bcde", "fghi", "j k"]);
    assert.deepEqual(wrapped("one two three", 1, fits(7)), ["one tw…"]);
    assert.deepEqual(wrapped("", 3, fits(7)), []);
  });

  it("keeps all of a text that there is room for, in lines that fit", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "b", " ") }), fc.integer({ min: 1, max: 9 }), (text, most) => {
        const lines = wrapped(text, Infinity, fits(most));
        assert.ok(lines.every(fits(most)));
        assert.equal(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
        assert.ok(wrapped(text, 2, fits(most)).length <= 2);
      }),
    );
  });
});

describe("what is shown first, and how it is called", () => {
  it("is in groups, the newest version of each first", () => {
    const choices = versionChoices(["aurora/27", "nightly/9", "nightly/29"]);
    assert.deepEqual(
      choices.map(({ value, group }) => [value, group]),
      [
        ["aurora/27", "aurora"],
        ["nightly/29", "nightly"],
        ["nightly/9", "nightly"],
      ],
    );
  });

  it("is a measure that has a distribution, where there is one", () => {
    const choice = (value: string, note: string): Choice => ({ value, label: value, group: "", note, description: "" });
    const [flag, counter] = [choice("A", "flag"), choice("B", "counter")];
    assert.equal(firstMeasure([flag, counter, choice("C", "linear"), choice("D", "exponential")]), "C");
    assert.equal(firstMeasure([counter, flag]), "B");
    assert.equal(firstMeasure([]), null);
  });

  it("is taken from notes only where they are understood", () => {
    assert.deepEqual(definitionsLeftOut({ definitionsLeftOut: [{ measure: "M", definition: "d", entries: 2 }] }), [
      { measure: "M", definition: "d", entries: 2, pings: null },
    ]);
    const told = { measure: "M", definition: "d", entries: 2, pings: 7 };
    assert.deepEqual(definitionsLeftOut({ definitionsLeftOut: [told] }), [told]);
    for (const notes of [undefined, {}, { definitionsLeftOut: [] }]) assert.deepEqual(definitionsLeftOut(notes), []);
    for (const broken of [{}, "none", [3], [{ ...told, entries: "2" }], [told, { ...told, pings: -1 }]]) {
      assert.equal(definitionsLeftOut({ definitionsLeftOut: broken }), null, JSON.stringify(broken));
    }
    assert.deepEqual(
      [definitionsLeftOut(null), droppedMeasurements(null), countLeftOut(null, "M")],
      [null, null, null],
    );
    assert.equal(leftOutText(null, "pings"), "definitions left out: unknown");
    assert.deepEqual(["20", "20-0a1b", "odd"].map(definitionText), [
      "with 20 buckets and no known definition",
      "with 20 buckets and another definition (0a1b)",
      "of another definition (odd)",
    ]);
    assert.equal(detailText("a/b.lzma: ends early", "a/b.lzma"), "…: ends early");
  });

  it("counts what was left out of a measure, and what was dropped", () => {
    const of = (measure: string, pings: number | null): LeftOut => ({
      measure,
      definition: "d",
      entries: 1,
      pings,
    });
    const all = [of("M", 3), of("N", null), of("M", 4), of("N", 2)];
    assert.deepEqual(countLeftOut(all, "M"), { here: 1, others: 1, pings: 7 }, "of two versions");
    assert.deepEqual(countLeftOut(all, "N"), { here: 1, others: 1, pings: null });
    assert.deepEqual(countLeftOut(all, "O"), { here: 0, others: 2, pings: 0 });
    assert.deepEqual(droppedMeasurements({ dropped: { "too-short": 2, none: 0 } }), [["too-short", 2]]);
    assert.deepEqual([droppedMeasurements(undefined), droppedMeasurements({})], [[], []]);
    for (const dropped of [3, [], { "too-short": "2" }]) assert.equal(droppedMeasurements({ dropped }), null);
  });

  it("is written the same for all readers", () => {
    assert.deepEqual(
      [words.value(12_345.6), words.value(0.123456), words.value(null)],
      ["12,346", "0.1235", "unknown"],
    );
    assert.deepEqual([words.signed(3), words.signed(-2.5), words.signed(0)], ["+3", "\u22122.5", "0"]);
    assert.deepEqual([words.percent(0.1234), words.percent(0.00001)], ["12.3 %", "< 0.01 %"]);
    assert.equal(words.bounds({ from: 3, to: null }), "3 or more");
    assert.deepEqual([words.dateOfInput("2013-12-01"), words.dateOfInput("soon")], ["20131201", null]);
    assert.deepEqual(
      [words.time("2026-01-03T09:30:00Z"), words.time("?")],
      ["2026-01-03 09:30 UTC", "an unknown time"],
    );
  });
});
