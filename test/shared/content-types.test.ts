import assert from "node:assert/strict";
import { contentTypeOf, isPacked } from "../../shared/content-types.ts";

describe("types of published files", () => {
  it("follow from the end of the name, wherever it lies and however it is written", () => {
    assert.equal(contentTypeOf("a/b.c/index.HTML"), "text/html; charset=utf-8");
    assert.equal(contentTypeOf("x.json"), "application/json; charset=utf-8");
    assert.equal(contentTypeOf("x.json.gz"), "application/gzip");
    for (const name of ["x", "a.json/x", ".json", "x.", "x.exe", "x.constructor"])
      assert.equal(contentTypeOf(name), "application/octet-stream", name);
  });

  it("say what is compressed already", () => {
    for (const name of ["x.png", "x.json.gz"]) assert.ok(isPacked(name), name);
    for (const name of ["x.json", "x.svg", "gz", "x"]) assert.ok(!isPacked(name), name);
  });
});
