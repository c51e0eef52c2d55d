/** The form of a new run, and a plan in words: names come from anybody, so none of them means anything to the page. */
import assert from "node:assert/strict";
import type { AnalysisChoice, ChoicesDocument, RunPlan } from "../../../dashboard/status/action-document.ts";
import { cancelSentence, commandTitle, planSentence, sizeText } from "../../../dashboard/status/plan-words.ts";
import { formOf, requestOf, withAnalysis, withDataset } from "../../../dashboard/status/run-form.ts";

const stored: AnalysisChoice = {
  analysis: `bundle:${"a".repeat(64)}`,
  name: "sums",
  run: "20260101-000000-00000000",
  aggregates: ["sums"],
  params: [
    { name: "__proto__", value: "1" },
    { name: "limit", value: "10" },
  ],
  inputs: 2,
};
const counts: AnalysisChoice = {
  analysis: "counts",
  name: "counts",
  run: null,
  aggregates: [],
  params: [{ name: "by", value: "" }],
  inputs: 0,
};
const choices: ChoicesDocument = {
  format: 1,
  analyses: [counts, stored],
  datasets: [
    { dataset: "one", place: "/one", dimensions: ["date", "constructor"], date: "date" },
    { dataset: "two", place: "/two", dimensions: ["date"], date: "date" },
  ],
  aggregates: [],
};

describe("the form of a new run", () => {
  it("asks for what was said, and leaves out what was not", () => {
    const form = formOf(choices);
    const nothing = { action: "submit", analysis: "counts", dataset: "one", where: [], params: [], inputsOf: null };
    assert.deepEqual(requestOf(form, choices), { ...nothing, into: null, reprocess: false });
    const where = new Map([
      ["constructor", " x,y "],
      ["date", "  "],
    ]);
    const said = requestOf(
      { ...form, where, params: new Map([["by", "$.a"]]), into: " names ", reprocess: true },
      choices,
    );
    assert.deepEqual(said, {
      ...nothing,
      where: [{ dimension: "constructor", values: "x,y" }],
      params: [{ name: "by", value: "$.a" }],
      into: "names",
      reprocess: true,
    });
  });

  it("leaves parameters as the last run had them, to the letter, unless they were changed", () => {
    const given = [
      { name: "empty", value: "" },
      { name: "spaced", value: " x " },
    ];
    const spaced: AnalysisChoice = { ...stored, params: given };
    const all = { ...choices, analyses: [spaced, { ...counts, params: given }] };
    const form = withAnalysis(formOf(all), spaced);
    assert.deepEqual(requestOf(form, all).params, given);
    const params = new Map([...form.params, ["spaced", " y "]]);
    assert.deepEqual(requestOf({ ...form, params }, all).params, [given[0], { name: "spaced", value: "y" }]);
    const cleared = requestOf({ ...form, params: new Map([...form.params, ["spaced", " "]]) }, all);
    assert.deepEqual(cleared.params, [given[0]]);
    const shipped = withAnalysis(form, all.analyses[1]);
    assert.deepEqual(requestOf(shipped, all).params, [{ name: "spaced", value: "x" }]);
  });

  it("takes parameters and side files of the analysis, and of the filter what the dataset has", () => {
    const form = withAnalysis(formOf(choices), stored);
    const request = requestOf(form, choices);
    assert.deepEqual(request.params, stored.params);
    assert.equal(request.inputsOf, stored.run);
    assert.equal(requestOf({ ...form, withInputs: false }, choices).inputsOf, null);
    assert.equal(requestOf(withAnalysis(form, counts), choices).inputsOf, null);
    const where = new Map([
      ["date", "20260101"],
      ["constructor", "x"],
    ]);
    assert.deepEqual(requestOf(withDataset({ ...form, where }, choices.datasets[1]), choices).where, [
      { dimension: "date", values: "20260101" },
    ]);
    assert.equal(withDataset(form, undefined), form);
    assert.equal(withAnalysis(form, undefined), form);
    assert.equal(formOf({ ...choices, datasets: [], analyses: [] }).dataset, "");
  });
});

describe("a plan in words", () => {
  const plan: RunPlan = {
    aggregate: "sums",
    analysis: "sums",
    bundle: "0123456789abcdef".repeat(4),
    params: {},
    dataset: "one",
    place: "/one",
    where: ["date=20260101..20260131", "os=a,b"],
    retry: null,
    blocks: 3,
    bytes: 1_234_567,
    jobs: 2,
    unmatched: [],
    waiting: [],
    leftOut: [],
  };

  it("says what it is, and of what", () => {
    assert.equal(
      planSentence(plan),
      "sums (bundle 0123456789ab) over one at /one, date=20260101..20260131, os=a,b, into sums",
    );
    assert.match(
      planSentence({ ...plan, where: [], retry: ["corrupt"] }),
      /all of it; only .* missing by corrupt, into/,
    );
    assert.ok(planSentence({ ...plan, where: [`rest=${"x".repeat(5_000)}`] }).length < 300);
    assert.deepEqual([0, 999, 1_000, 1_234_567, 5e15].map(sizeText), ["0 B", "999 B", "1.0 KB", "1.2 MB", "5000 TB"]);
  });

  it("promises of a command only what it does", () => {
    const refusal = { code: "usage", message: "m", hint: null };
    assert.equal(commandTitle({ plan, refusal: null }), "The command that does it:");
    assert.equal(commandTitle({ plan: null, refusal: null }), "The command that does it:");
    assert.doesNotMatch(commandTitle({ plan: null, refusal }), /does it/);
    assert.doesNotMatch(commandTitle({ plan: { ...plan, blocks: 0 }, refusal: null }), /does it/);
  });

  it("says of a cancel what is kept, and what becomes of jobs in hand", () => {
    assert.match(cancelSentence(true), /entered and kept\..*given back.*Jobs in hand end.*25 s.*not counted/);
    assert.match(cancelSentence(false), /nothing was done/);
  });
});
