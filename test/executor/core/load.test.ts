import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { loadAnalysis } from "../../../executor/core/load.ts";
import { CheckedSite, isPlainFileName } from "../../../executor/core/site.ts";

const fine = { name: "x", key: ["k"], map: () => undefined, merge: (a: unknown) => a };
const load = (analysis: unknown, params: unknown = {}, inputs: readonly string[] = []) =>
  loadAnalysis({ default: analysis }, params, inputs, (name) => Buffer.from(name));

describe("loading an analysis", () => {
  it("describes it with defaults filled in", () => {
    assert.deepEqual(load(fine).description, {
      name: "x",
      state: 1,
      key: ["k"],
      inputs: [],
      publishBy: 0,
      pointer: "latest.json",
      params: {},
    });
  });

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ["no object", 3, /number/],
    ["a bad name", { ...fine, name: "X y" }, /`name`/],
    ["no key", { ...fine, key: [] }, /at least one column/],
    ["a column with a comma", { ...fine, key: ["a,b"] }, /`key`\[0\]/],
    ["a column twice", { ...fine, key: ["a", "a"] }, /twice/],
    ["no merge", { ...fine, merge: undefined }, /`merge` is missing/],
    ["neither map nor accumulator", { ...fine, map: undefined }, /neither/],
    ["both map and accumulator", { ...fine, accumulator: () => undefined }, /both/],
    ["encode alone", { ...fine, encode: String }, /together/],
    ["a state that is no integer", { ...fine, state: 1.5 }, /`state`/],
    ["params that are no schema", { ...fine, params: {} }, /Standard Schema/],
    [
      "a unit of more columns than the key has",
      { ...fine, publish: { by: 2, pointer: "p.json", label: String, folder: String, render: String } },
      /publish\.by/,
    ],
    [
      "a pointer in a folder",
      { ...fine, publish: { by: 0, pointer: "a/b", label: String, folder: String, render: String } },
      /publish\.pointer/,
    ],
  ];
  for (const [what, analysis, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(() => load(analysis), { code: "invalid-bundle", message });
    });
  }

  it("refuses a module without default export", () => {
    assert.throws(() => loadAnalysis({}, {}, [], () => new Uint8Array()), {
      code: "invalid-bundle",
      message: /default export/,
    });
  });

  it("refuses parameters that nobody declared, wrong ones, and schemas that wait", () => {
    const schema = (validate: (value: unknown) => unknown) => ({
      ...fine,
      params: { "~standard": { version: 1, vendor: "t", validate } },
    });
    assert.throws(() => load(fine, { a: 1 }), { code: "usage", message: /takes no parameters/ });
    assert.throws(() => load(schema(() => ({ issues: [{ message: "bad", path: ["a", { key: 0 }] }] }))), {
      code: "usage",
      message: /a\.0: bad/,
    });
    assert.throws(() => load(schema(() => Promise.resolve({ value: {} }))), {
      code: "invalid-bundle",
      message: /asynchronously/,
    });
    assert.deepEqual(
      load(
        schema((value) => ({ value: { ...(value as object), b: 2 } })),
        { a: 1 },
      ).context.params,
      { a: 1, b: 2 },
    );
  });

  it("gives inputs by name, and refuses those that the analysis does not take", () => {
    const { context } = load({ ...fine, inputs: ["b", "a"] }, {}, ["b", "a"]);
    assert.deepEqual(context.inputs.names(), ["a", "b"]);
    assert.equal(Buffer.from(context.inputs.read("b")).toString(), "b");
    assert.throws(() => context.inputs.read("c"), /no input named "c"/);
    assert.throws(() => load(fine, {}, ["x"]), { code: "usage", message: /takes no input named "x"/ });
  });
});

describe("a site", () => {
  it("takes plain file names only", () => {
    for (const name of ["a", "a b.json", "über.txt", "a".repeat(200)]) assert.ok(isPlainFileName(name), name);
    for (const name of ["", ".", "..", ".hidden", "a/b", "a\\b", "a\u0000", "a\n", "a".repeat(201), "\ud800"])
      assert.ok(!isPlainFileName(name), name);
  });

  it("refuses a name twice and what is no JSON", () => {
    const site = new CheckedSite({ reserved: ["latest.json"], put: () => undefined });
    site.write("b", "12");
    site.write("a", new Uint8Array(3));
    site.note("n", { x: 1 });
    assert.throws(() => site.write("a", ""), /twice/);
    assert.throws(() => site.note("f", () => undefined), /JSON/);
    assert.deepEqual(site.files, [
      { name: "a", at: 2, bytes: 3 },
      { name: "b", at: 0, bytes: 2 },
    ]);
    assert.deepEqual(site.notes, { n: { x: 1 } });
  });
});
