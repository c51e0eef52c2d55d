/** Rows of a measure that are read, those that are left out, and those that break their format: which is said with file, place and what stands there. */
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

  for (const [what, text] of [
    ["below 0", "-1"],
    ["no whole number", "2.25"],
    ["too great", "1e300"],
  ] as const) {
    it(`say where a number of submissions is ${what}`, () => {
      const bad = good.map((number, i) => (i === 8 ? text : String(number)));
      const message = messageOf(linear, `{"20131201": [${JSON.stringify(good)}, [${bad.join(",")}]]}`);
      assert.ok(message.includes(`${file} has ${Number(text)} in row 2 of 20131201, column 9: `), message);
    });
  }

  it("of a counter say the same, and that no number is so great", () => {
    assert.match(
      messageOf(counter, '{"20131201": [[-3, 0]]}'),
      /has -3 in row 1 of 20131201, column 1: what is counted/,
    );
    assert.match(messageOf(counter, '{"20131201": [[1e999, 0]]}'), /20131201 that is not 2 numbers/);
    assert.match(messageOf(linear, '{"20131201": [[1, 2, 0, 1e999, 0, 0, 0, 0, 3, 0]]}'), /that is not 10 numbers/);
  });

  it("are left out one by one where a bucket holds what no count is: one damaged record makes such", () => {
    for (const bucket of [-5, 1e300]) {
      const { days, leftOut } = parseRows(file, { "20131201": [good, good.with(1, bucket)] }, linear, tree);
      assert.equal(leftOut, 1);
      assert.deepEqual([...days], [["20131201", [good]]]);
    }
    assert.equal(parseRows(file, { "20131201": [good.with(1, 0.5)] }, linear, tree).leftOut, 0);
  });

  it("of a date that no calendar has are left out, and what is no date at all is refused", () => {
    for (const date of ["20131399", "20130229", "20130431", "20130100"]) {
      const { days, leftOut } = parseRows(file, { "20131201": [good], [date]: [good, good] }, linear, tree);
      assert.deepEqual([[...days.keys()], leftOut], [["20131201"], 2], date);
    }
    for (const date of ["2013121", "2013-2-1", "__proto__"])
      assert.match(messageOf(counter, `{"${date}": []}`), /for a date/);
  });
});
