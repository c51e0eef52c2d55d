/** `spotfold run` with real processes: the same answer however it is cut, joined, repeated, and what is said about it. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { damageBlock } from "../../cli/sample/damage.ts";
import type { SampleResult } from "../../cli/sample/make.ts";
import { tempDir } from "../support/temp.ts";
import { errorOf, jsonOf, publishedBytes, smallSample, spotfold } from "./spotfold.ts";

describe("spotfold run", function runSuite() {
  this.timeout(400_000);

  let sample: SampleResult;
  let whole: ReturnType<typeof publishedBytes>;
  let folder: string;
  let args: string[];

  before(async () => {
    folder = tempDir("e2e-run");
    sample = await smallSample(join(folder, "sample"), 6, 2);
    args = ["run", "counts", "--by", "$.info.OS,appUpdateChannel", "--data", sample.data, "--json"];
    const ended = await spotfold(folder, [...args, "--out", "one", "--slots", "1"]);
    assert.equal(ended.code, 0, ended.stderr);
    const { blocks, records, format } = jsonOf(ended);
    assert.equal(format, 1);
    assert.deepEqual(blocks, { selected: 6, covered: 6, stale: 0, missing: [] });
    assert.ok(records.read > 0);
    assert.deepEqual(records.rejected, {});
    whole = publishedBytes(join(folder, "one"));
    assert.ok(whole.results.split("\n").length > 5, "several systems on several channels");
  });

  it("publishes the same bytes with two slots", async () => {
    const other = tempDir("e2e-two");
    const ended = await spotfold(other, [...args, "--out", "two", "--slots", "2"]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(publishedBytes(join(other, "two")), whole);
  });

  it("says that nothing is new when it is called again, and submits nothing", async () => {
    const runs = readdirSync(join(folder, ".spotfold/store/runs"));
    const ended = await spotfold(folder, [...args, "--out", "one", "--slots", "1"]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /nothing is new/);
    assert.equal(jsonOf(ended).run, runs[0]);
    assert.deepEqual(readdirSync(join(folder, ".spotfold/store/runs")), runs);
    assert.deepEqual(publishedBytes(join(folder, "one")), whole);
  });

  it("adds only what is new: half of the blocks, then all", async () => {
    const other = tempDir("e2e-halves");
    const data = join(other, "blocks");
    const keys = sample.paths.map((path) => relative(sample.data, path));
    const copy = (key: string): void => {
      mkdirSync(dirname(join(data, key)), { recursive: true });
      cpSync(join(sample.data, key), join(data, key));
    };
    keys.slice(0, 3).forEach(copy);
    const call = [
      "run",
      "counts",
      "--by",
      "$.info.OS,appUpdateChannel",
      "--data",
      "./blocks",
      "--json",
      "--out",
      "out",
    ];
    const half = await spotfold(other, call);
    assert.equal(half.code, 0, half.stderr);
    keys.slice(3).forEach(copy);
    const all = await spotfold(other, call);
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stderr, /: 3 blocks, in/, "only what is new is submitted");
    assert.equal(jsonOf(all).aggregate, jsonOf(half).aggregate);
    assert.equal(jsonOf(all).blocks.covered, 6);
    assert.deepEqual(publishedBytes(join(other, "out")), whole);
  });

  it("lists a damaged block as missing, and ends with 3", async () => {
    const other = tempDir("e2e-damaged");
    cpSync(sample.data, join(other, "blocks"), { recursive: true });
    const key = relative(sample.data, sample.paths.find((path) => path.endsWith(".xz")) ?? "");
    await damageBlock(join(other, "blocks", key));
    const ended = await spotfold(other, ["run", "counts", "--by", "appUpdateChannel", "--data", "./blocks", "--json"]);
    assert.equal(ended.code, 3, ended.stderr);
    const { blocks } = jsonOf(ended);
    assert.deepEqual(blocks, {
      selected: 6,
      covered: 5,
      stale: 0,
      missing: [{ key, reason: "corrupt", class: "content" }],
    });
    const people = await spotfold(other, ["run", "counts", "--by", "appUpdateChannel", "--data", "./blocks"]);
    assert.equal(people.code, 3, people.stderr);
    assert.match(people.stdout, /5 of 6 blocks/);
    assert.ok(people.stdout.includes(key));
  });

  it("takes a new file under a covered key for stale, and does not add it", async () => {
    const other = tempDir("e2e-stale");
    cpSync(sample.data, join(other, "blocks"), { recursive: true });
    const call = ["run", "os-distribution", "--data", "./blocks", "--json"];
    const first = jsonOf(await spotfold(other, call));
    const [a = "", b = ""] = sample.paths
      .filter((path) => path.endsWith(".lzma"))
      .map((path) => relative(sample.data, path));
    cpSync(join(sample.data, a), join(other, "temporary"));
    renameSync(join(other, "temporary"), join(other, "blocks", b));
    const second = await spotfold(other, call);
    assert.equal(second.code, 0, second.stderr);
    const { blocks, records } = jsonOf(second);
    assert.deepEqual(blocks, { selected: 6, covered: 5, stale: 1, missing: [] });
    assert.ok(records.read < first.records.read);
  });

  it("ends with 1, and shows the first error, when no record of any block is accepted", async () => {
    const other = tempDir("e2e-rejected");
    writeFileSync(
      join(other, "picky.ts"),
      `import { defineAnalysis } from "spotfold";
export default defineAnalysis<number>({
  name: "picky",
  key: ["x"],
  map(record) { throw new Error("no such field in " + record.id.length); },
  merge: (a, b) => a + b,
});
`,
    );
    const ended = await spotfold(other, ["run", "./picky.ts", "--data", sample.data, "--json"]);
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(errorOf(ended).message, /no such field in 36/);
  });

  it("refuses another lineage into a named aggregate, saying which field differs", async () => {
    const other = tempDir("e2e-lineage");
    const into = ["--data", sample.data, "--into", "shared", "--json"];
    const first = await spotfold(other, ["run", "counts", "--by", "appUpdateChannel", ...into]);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(jsonOf(first).aggregate, "shared");
    const second = await spotfold(other, ["run", "counts", "--by", "appName", ...into]);
    assert.equal(second.code, 1, second.stderr);
    const error = errorOf(second);
    assert.equal(error.code, "lineage-differs");
    assert.match(error.message, /key is \["appUpdateChannel"\] in the aggregate and \["appName"\]/);
  });
});
