/** What a retry takes of the latest: where the data are now, and the code that was submitted last. With real processes. */
import assert from "node:assert/strict";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunPlan } from "../../../dashboard/status/action-document.ts";
import type { RunSpec } from "../../../shared/formats/run.ts";
import { errorOf, spotfold } from "../../e2e/spotfold.ts";
import { tempDir } from "../../support/temp.ts";
import { layout, makeMissing, moduleText, resultsOf, work } from "./missing-logs.ts";

describe("what a retry takes", function newestSuite() {
  this.timeout(300_000);

  const specOf = (folder: string, run: string): RunSpec =>
    JSON.parse(readFileSync(join(folder, ".spotfold/store/runs", run, "run.json"), "utf8")) as RunSpec;
  const planOf = async (folder: string, ...args: string[]): Promise<RunPlan> => {
    const ended = await spotfold(folder, ["retry", ...args, "--plan", "--json"]);
    assert.equal(ended.code, 0, ended.stdout);
    return (JSON.parse(ended.stdout) as { plan: RunPlan }).plan;
  };
  const stored = async (folder: string, ...words: string[]): Promise<RunSpec> => {
    const ended = await spotfold(folder, [...words, "--json"]);
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    return specOf(folder, (JSON.parse(ended.stdout) as { run: string }).run);
  };
  const configure = (folder: string, place: string): void => {
    const datasets = { logs: { place, layout, records: "ndjson" } };
    writeFileSync(join(folder, "spotfold.config.json"), JSON.stringify({ datasets }));
  };

  it("is where the configuration says that the dataset is, else where its last run found it", async () => {
    const folder = tempDir("retry-moved");
    configure(folder, "./logs");
    const { run } = await makeMissing(folder, "logs");
    renameSync(join(folder, "logs"), join(folder, "moved"));
    configure(folder, "./moved");
    const moved = join(folder, "moved");
    for (const name of ["sums", run]) {
      const { place, blocks } = await planOf(folder, name);
      assert.deepEqual([place, blocks], [moved, 2], name);
    }
    const second = await stored(folder, "retry", "sums", "--where", "date=20260102");
    assert.equal(second.dataset.place, `file:${moved}`);
    await work(folder);
    // 01 is of the first run, 02 is missing again since the second one.
    rmSync(join(folder, "spotfold.config.json"));
    assert.equal((await planOf(folder, "sums")).place, moved);
    const own = errorOf(await spotfold(folder, ["retry", run, "--plan", "--json"]));
    assert.ok(own.message.includes(`${folder}/logs`), own.message);
  });

  it("is what is missing by the reasons of a run that was a retry", async () => {
    const folder = tempDir("retry-reasons");
    await makeMissing(folder);
    const { run, format, retry } = await stored(folder, "retry", "sums", "--reason", "corrupt,timeout");
    assert.deepEqual([format, retry], [2, ["corrupt"]]);
    await work(folder);
    assert.deepEqual((await planOf(folder, run)).retry, ["corrupt"]);
    assert.equal((await planOf(folder, run, "--reason", "corrupt,gone")).blocks, 1);
    const other = errorOf(await spotfold(folder, ["retry", run, "--reason", "timeout", "--json"]));
    assert.match(other.message, /^nothing is missing in sums of the dataset \S+ by a reason that was asked for$/);
  });

  it("is the code of a run that waits for a master", async () => {
    const folder = tempDir("retry-newest");
    await makeMissing(folder);
    const data = ["--data", "./logs", "--layout", layout, "--into", "sums", "--where", "part=new"];
    writeFileSync(join(folder, "sums.ts"), moduleText.replace("emit([name], n)", "emit([name], n + 1000)"));
    const newer = await stored(folder, "submit", "./sums.ts", ...data);
    const { bundle, retry } = await stored(folder, "retry", "sums");
    assert.deepEqual([bundle, retry], [newer.bundle, ["corrupt"]]);
    // One of another lineage is refused by the master, and says nothing of what renders.
    writeFileSync(join(folder, "sums.ts"), moduleText.replace('key: ["name"]', 'key: ["other"]'));
    const refused = await spotfold(folder, ["submit", "./sums.ts", ...data]);
    assert.match(refused.stderr, /another lineage/);
    await work(folder);
    assert.deepEqual(await resultsOf(folder), ["new,1001", "x,1013", "y,1100"]);
    assert.equal((await planOf(folder, "sums")).bundle, newer.bundle);
  });
});
