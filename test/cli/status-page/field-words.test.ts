/** Refusals on the page name the field that somebody filled in, and no flag or member of a request. */
import assert from "node:assert/strict";
import { fieldOf, inFieldWords } from "../../../cli/status-page/field-words.ts";

describe("refusals in the words of the form", () => {
  it("name the field, by what the body names", () => {
    const body = {
      into: "A b",
      where: [{ dimension: "channel", values: "a\u200b" }],
      params: [{ name: '__proto__"', value: 1 }, { value: "x" }, null],
    };
    assert.equal(fieldOf(body, "where.0.values"), 'the field "channel" of the filter');
    assert.equal(fieldOf(body, "params.0.value"), 'the field "__proto__\\"" of the parameters');
    for (const index of [1, 2, 9]) assert.equal(fieldOf(body, `params.${index}.value`), "the parameters");
    assert.equal(fieldOf(body, "into"), "the field Aggregate");
    assert.equal(fieldOf(body, "run"), "run");
    for (const odd of [null, "text", [], { where: "x" }]) assert.equal(fieldOf(odd, "where.0.values"), "the filter");
    assert.equal(fieldOf(null, null), "the body");
  });

  it("leave a command as it is", () => {
    const told = inFieldWords({
      code: "usage",
      message: "--where os=x selects nothing, --param limit is wrong",
      hint: "To go on: spotfold submit x --into y",
    });
    assert.equal(told.message, "the filter os=x selects nothing, the parameter `limit` is wrong");
    assert.equal(told.hint, "To go on: spotfold submit x --into y");
    assert.equal(inFieldWords({ ...told, hint: null }).hint, null);
    assert.equal(inFieldWords({ ...told, hint: "Change --into." }).hint, "Change the field Aggregate.");
  });
});
