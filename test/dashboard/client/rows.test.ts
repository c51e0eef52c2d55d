/** Rows of a measure that are read, and those that break their format: which is said with file, place and what stands there. */
import assert from "node:assert/strict";
import { parseRows } from "../../../dashboard/client/evolution.ts";
import { FilterTree } from "../../../dashboard/client/filter-tree.ts";
import type { Measure } from "../../../dashboard/client/measure.ts";
import { SiteFault } from "../../../dashboard/client/site-fault.ts";

const linear: Measure = { name: "L", kind: "linear", description: "", bounds: [0, 10, 20], scale: "linear" };
const counter: Measure = { name: "C", kind: "counter", description: "", bounds: [], scale: "categories" };
const tree = new FilterTree("filter-tree.json", { _id: 0 });
const file = "folder/L-by-build-date.json";
const good = [1, 2, 0, 30, 3.5, 6.25, 200, 0, 3, 0];

function messageOf(measure: Measure, text: string): string {
  try {
    parseRows(file, JSON.parse(text), measure, tree);
  } catch (error) {
    assert.ok(error instanceof SiteFault && error.code === "unexpected" && error.file === file);
    return error.message;
  }
  return "";
}

describe("rows", () => {
  it("are read with statistics of any size, recorded or not, and counts up to 2^53", () => {
    const rows = [
      good,
      [0, 0, 0, -1, -1, -1, -1, -1, 0, 0],
      [9007199254740991, 1e15, 0, -2.5e9, 1e300, 0.5, 1e99, 4, 1, 0],
    ];
    assert.equal(messageOf(linear, JSON.stringify({ "20120229": rows, "20131231": [] })), "");
    assert.equal(messageOf(counter, '{"20131231": [[0, 0], [2147483648, 0]]}'), "");
  });

  for (const [column, what, text] of [
    [1, "below 0", "-5"],
    [2, "no whole number", "0.5"],
    [3, "too great", "1e300"],
    [9, "below 0", "-1"],
    [9, "no whole number", "2.25"],
  ] as const) {
    it(`say where a count is ${what}: ${text} in column ${column}`, () => {
      const bad = good.map((number, i) => (i === column - 1 ? text : String(number)));
      const message = messageOf(linear, `{"20131201": [${JSON.stringify(good)}, [${bad.join(",")}]]}`);
      const shown = String(Number(text));
      assert.ok(message.includes(`${file} has ${shown} in row 2 of 20131201, column ${column}: `), message);
    });
  }

  it("of a counter say the same, and that no number is so great", () => {
    assert.match(messageOf(counter, '{"20131201": [[-3, 0]]}'), /has -3 in row 1 of 20131201, column 1: counts are/);
    assert.match(messageOf(counter, '{"20131201": [[1e999, 0]]}'), /20131201 that is not 2 numbers/);
    assert.match(messageOf(linear, '{"20131201": [[1, 2, 0, 1e999, 0, 0, 0, 0, 3, 0]]}'), /that is not 10 numbers/);
  });

  it("have dates that the calendar has", () => {
    for (const date of ["20131399", "20130229", "20130431", "20130100", "2013121", "2013-2-1"]) {
      assert.match(messageOf(counter, `{"${date}": []}`), new RegExp(`has "${date}" for a date`));
    }
  });
});
