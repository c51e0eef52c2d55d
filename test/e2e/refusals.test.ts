/** What a user does wrong, and what the environment does: one line, a hint, the right exit code, nothing stored. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SampleResult } from "../../cli/sample/make.ts";
import type { Ended } from "../support/processes.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { errorOf, jsonOf, smallSample, spotfold } from "./spotfold.ts";

function checkNoTrace({ stderr }: Ended): void {
  assert.doesNotMatch(stderr, /^\s+at /m, "no stack trace for what a user did");
  assert.match(stderr, /^spotfold: /m);
}

describe("spotfold, refusing", function refusalSuite() {
  this.timeout(400_000);

  let sample: SampleResult;
  let folder: string;

  before(async () => {
    folder = tempDir("e2e-refusals");
    sample = await smallSample(join(folder, "sample"), 5, 0.2);
  });

  for (const [what, words, said] of [
    ["a command", ["rnu"], /Did you mean run\?/],
    ["a flag", ["run", "counts", "--dta", "x"], /Did you mean --data\?/],
    ["an analysis", ["run", "histogram", "--data", "./x"], /Did you mean histograms\?/],
    ["a number", ["run", "counts", "--data", "./x", "--slots", "two"], /--slots/],
    ["a dataset", ["run", "counts", "--data", "pings"], /no configured dataset[^]*--data \.\/pings/],
    ["a record format", ["run", "counts", "--data", "./x", "--records", "xml"], /telemetry, ndjson, text/],
  ] as const) {
    it(`ends with 2 for a slip in ${what}, and says what was meant`, async () => {
      const ended = await spotfold(folder, [...words, "--json"]);
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, said);
      checkNoTrace(ended);
      assert.equal(errorOf(ended).code, "usage");
    });
  }

  it("ends with 2 when the filter matches nothing, and names the nearest values", async () => {
    const where = ["--where", "appUpdateChannel=nigthly"];
    const ended = await spotfold(folder, ["run", "os-distribution", "--data", sample.data, ...where, "--json"]);
    assert.equal(ended.code, 2, ended.stderr);
    checkNoTrace(ended);
    const error = errorOf(ended);
    assert.equal(error.code, "nothing-selected");
    assert.match(error.message, /appUpdateChannel=nigthly; the nearest are nightly/);
    assert.ok(!existsSync(join(folder, ".spotfold/store/runs")), "nothing is stored");
  });

  it("ends with 2 for an unknown dimension, and lists the known ones", async () => {
    const ended = await spotfold(folder, [
      "run",
      "counts",
      "--by",
      "x",
      "--data",
      sample.data,
      "--where",
      "chanel=beta",
    ]);
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, /appUpdateChannel/);
    checkNoTrace(ended);
  });

  it("refuses a module that cannot be bundled with file, line and reason", async () => {
    writeFileSync(join(folder, "broken.ts"), "import x from './absent.ts';\nexport default x;\n");
    const ended = await spotfold(folder, ["run", "./broken.ts", "--data", sample.data, "--json"]);
    assert.equal(ended.code, 1, ended.stderr);
    checkNoTrace(ended);
    const error = errorOf(ended);
    assert.equal(error.code, "invalid-bundle");
    assert.match(error.message, /broken\.ts:1:.*absent\.ts/);
  });

  it("tells what a parameter has to be", async () => {
    const ended = await spotfold(folder, ["run", "counts", "--data", sample.data, "--json"]);
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(errorOf(ended).message, /by/);
    checkNoTrace(ended);
  });

  it("tries an analysis without storing anything", async () => {
    const other = tempDir("e2e-check");
    const ended = await spotfold(other, ["run", "os-distribution", "--data", sample.data, "--check"]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /the analysis loads, \d+ records? of .* tried; nothing was stored/);
    assert.ok(!existsSync(join(other, ".spotfold/store")));
  });

  it("ends with 1 when the store cannot be made, naming it", async () => {
    const other = tempDir("e2e-no-store");
    writeFileSync(join(other, "file"), "");
    const ended = await spotfold(other, ["run", "os-distribution", "--data", sample.data, "--store", "./file/store"]);
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, /file\/store/);
    checkNoTrace(ended);
  });

  it("has a result of no block's records for blocks that hold none", async () => {
    const other = tempDir("e2e-empty");
    mkdirSync(join(other, "logs"));
    writeFileSync(join(other, "logs/a.json"), "");
    const call = ["run", "counts", "--by", "$.x", "--data", "./logs", "--layout", "{rest}", "--json"];
    const ended = await spotfold(other, call);
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(jsonOf(ended).records, { read: 0, rejected: {} });
  });

  describe("where it may not write", () => {
    needs("unprivileged");

    it("ends with 1, naming the folder", async () => {
      const other = tempDir("e2e-read-only");
      chmodSync(other, 0o555);
      const ended = await spotfold(other, ["run", "os-distribution", "--data", sample.data]);
      chmodSync(other, 0o755);
      assert.equal(ended.code, 1, ended.stderr);
      assert.ok(ended.stderr.includes(other));
      checkNoTrace(ended);
    });
  });
});
