/** `spotfold retry` with real masters and workers: exactly what is missing is tried again, by what the store has of the code. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { RunPlan } from "../../../dashboard/status/action-document.ts";
import type { StatusReport } from "../../../cli/report/status.ts";
import type { RunSpec } from "../../../shared/formats/run.ts";
import { errorOf, spotfold } from "../../e2e/spotfold.ts";
import { tempDir } from "../../support/temp.ts";
import { damaged, gzipped, makeMissing, resultsOf, work, writeLog } from "./missing-logs.ts";

const gone = { why: "gone", blocks: 1, text: "1 block missing, and no longer in the dataset" };

describe("spotfold retry", function retrySuite() {
  this.timeout(300_000);

  const storeOf = (folder: string): string => join(folder, ".spotfold/store");
  const runsOf = (folder: string): string[] => readdirSync(join(storeOf(folder), "runs")).toSorted();
  const specOf = (folder: string, run: string): RunSpec =>
    JSON.parse(readFileSync(join(storeOf(folder), "runs", run, "run.json"), "utf8")) as RunSpec;
  const planOf = async (folder: string, ...args: string[]): Promise<RunPlan> => {
    const ended = await spotfold(folder, ["retry", ...args, "--plan", "--json"]);
    assert.equal(ended.code, 0, ended.stderr);
    return (JSON.parse(ended.stdout) as { plan: RunPlan }).plan;
  };
  const refusal = async (folder: string, ...args: string[]): Promise<{ message: string; code: number | null }> => {
    const ended = await spotfold(folder, ["retry", ...args, "--json"]);
    return { message: errorOf(ended).message, code: ended.code };
  };

  it("says what it would do, then does exactly that, and counts each block once", async () => {
    const folder = tempDir("retry");
    const { run } = await makeMissing(folder);
    const plan = await planOf(folder, "sums");
    assert.deepEqual([plan.blocks, plan.retry, plan.leftOut], [2, ["corrupt"], [gone]]);
    assert.deepEqual((await planOf(folder, "sums", "--where", "date=20260101")).blocks, 1);
    assert.deepEqual((await planOf(folder, run, "--reason", "corrupt")).blocks, 2);
    const text = await spotfold(folder, ["retry", "sums", "--plan"]);
    assert.match(
      text.stdout,
      / {2}2 blocks, .* in 2 jobs\n {2}left out: 1 block missing, and no longer in the dataset\n/,
    );
    assert.deepEqual(runsOf(folder), [run], "a plan stores nothing");

    const stored = await spotfold(folder, ["retry", "sums", "--json"]);
    assert.equal(stored.code, 0, stored.stderr);
    const { run: second } = JSON.parse(stored.stdout) as { run: string };
    const twice = await spotfold(folder, ["retry", "sums"]);
    assert.match(twice.stdout, new RegExp(`^${second} is the same, and waits for a master already: 2 missing blocks`));
    const [before, after] = [specOf(folder, run), specOf(folder, second)];
    for (const same of ["bundle", "params", "inputs", "analysis", "dataset", "aggregate"] as const)
      assert.deepEqual(after[same], before[same]);
    await work(folder);
    assert.deepEqual(await resultsOf(folder), ["x,13", "y,100"], "the new block is not in it");
    const status = JSON.parse((await spotfold(folder, ["status", "--json"])).stdout) as StatusReport;
    assert.deepEqual(
      status.aggregates[0]?.runs.map(({ state, blocks, covered, missing }) => [state, blocks, covered, missing]),
      [
        ["finished", 6, 3, 3],
        ["finished", 2, 1, 1],
      ],
    );
    // What is left is still damaged, or gone.
    const left = await planOf(folder, "sums");
    assert.deepEqual([left.blocks, left.leftOut], [1, [gone]]);
    writeLog(folder, damaged.still, gzipped({ name: "x", n: 10 }));
    writeLog(folder, damaged.gone, gzipped({ name: "y", n: 1 }));
    assert.equal((await spotfold(folder, ["retry", run])).code, 0);
    await work(folder);
    assert.deepEqual(await resultsOf(folder), ["x,23", "y,101"]);
    assert.deepEqual(await refusal(folder, "sums"), { message: "nothing is missing in sums", code: 2 });
  });

  it("refuses what it cannot do, in words", async () => {
    const folder = tempDir("retry-refused");
    const { message: none } = await refusal(folder, "sums");
    assert.match(none, /there is nothing yet in/);
    const { run } = await makeMissing(folder);
    const { code: noCode, message: other } = await refusal(folder, run, "--dataset", "other");
    assert.match(other, /is over logs-[0-9a-f]{8}, and not over other/);
    assert.equal(noCode, 2);
    const refused: readonly (readonly [readonly string[], RegExp])[] = [
      [["nothing"], /there is no run and no aggregate "nothing"/],
      [["sums", "--reason", "bored"], /--reason "bored" is no reason of a missing block/],
      [["sums", "--reason", "timeout"], /nothing is missing in sums by timeout$/],
      [["sums", "--dataset", "other"], /sums has no dataset "other"$/],
      [["sums", "--where", "date=20250101"], /no block that is missing in sums has date=20250101$/],
      [["sums", "--where", "part=9", "--where", "date=20260101"], /no block that is missing in sums has part=9$/],
      [["sums", "--where", "color=red"], /color/],
      [
        ["sums", "--where", "date=20260103"],
        /nothing can be tried again: 1 block missing, and no longer in the dataset/,
      ],
    ];
    for (const [args, words] of refused) {
      const { message, code } = await refusal(folder, ...args);
      assert.match(message, words);
      assert.equal(code, 2, message);
    }
    assert.equal((await spotfold(folder, ["retry", "sums"])).code, 0);
    const [open = ""] = runsOf(folder).filter((name) => name !== run);
    assert.match(
      (await refusal(folder, open)).message,
      /waits for a master: what it misses is known when it has ended/,
    );
    await spotfold(folder, ["master", "--once"]);
    assert.match((await refusal(folder, open)).message, /is still open/);
    const held = errorOf(await spotfold(folder, ["retry", "sums", "--json"]));
    assert.match(held.message, /2 blocks held by an open run, 1 block missing, and no longer in the dataset/);
    assert.match(held.hint ?? "", /^Wait for open runs to end: .*status\. Files that are gone must come back first\.$/);
    const away = errorOf(await spotfold(folder, ["retry", "sums", "--where", "date=20260103", "--json"]));
    assert.equal(away.hint, "Files that are gone must come back first.");
    assert.equal((await spotfold(folder, ["cancel", open])).code, 0);
    const bundles = join(storeOf(folder), "bundles");
    renameSync(bundles, `${bundles}-away`);
    assert.match((await refusal(folder, "sums")).message, /needs bundles\/[0-9a-f]{64}, which is no longer in/);
    assert.equal(runsOf(folder).length, 2);
  });
});
