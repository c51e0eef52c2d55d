/** `submit`, `master`, `worker`, and what looks at them: the same work in processes of their own. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { SampleResult } from "../../cli/sample/make.ts";
import type { StatusReport } from "../../cli/report/status.ts";
import { tempDir } from "../support/temp.ts";
import { writeSlowAnalysis } from "./slow-analysis.ts";
import { jsonOf, smallSample, spotfold, startSpotfold } from "./spotfold.ts";

describe("spotfold master and worker", function daemonSuite() {
  this.timeout(400_000);

  let sample: SampleResult;

  before(async () => {
    sample = await smallSample(join(tempDir("e2e-daemons"), "sample"), 8, 0.5);
  });

  async function statusOf(folder: string): Promise<StatusReport> {
    return JSON.parse((await spotfold(folder, ["status", "--json"])).stdout) as StatusReport;
  }

  it("does every due thing once, when told so", async () => {
    const folder = tempDir("e2e-once");
    const counts = ["counts", "--by", "appUpdateChannel", "--data", sample.data, "--into", "channels"];
    const stored = await spotfold(folder, ["submit", ...counts]);
    assert.equal(stored.code, 0, stored.stderr);
    assert.equal((await statusOf(folder)).inbox.length, 1);
    for (const daemon of ["master", "worker", "master"]) {
      const ended = await spotfold(folder, [daemon, "--once"]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stdout, "");
      for (const line of ended.stderr.trim().split("\n")) assert.ok((JSON.parse(line) as { event: string }).event);
    }
    const [aggregate] = (await statusOf(folder)).aggregates;
    assert.equal(aggregate?.aggregate, "channels");
    assert.deepEqual(
      aggregate.runs.map(({ state, blocks, covered, missing }) => ({ state, blocks, covered, missing })),
      [{ state: "finished", blocks: 8, covered: 8, missing: 0 }],
    );
    const results = await spotfold(folder, ["results", "channels", "--format", "csv", "--prefix", "beta"]);
    assert.match(results.stdout, /^appUpdateChannel,value\nbeta,\d+\n$/);
    assert.ok(readdirSync(join(folder, ".spotfold/web/channels")).includes("coverage.json"));
    const again = await spotfold(folder, ["submit", ...counts]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /nothing is new in channels/);
  });

  it("waits for daemons that work, and these drain at the first signal", async () => {
    const folder = tempDir("e2e-wait");
    const daemons = [await startSpotfold(folder, ["master"]), await startSpotfold(folder, ["worker", "--slots", "2"])];
    const ended = await spotfold(folder, ["submit", "os-distribution", "--data", sample.data, "--wait", "--json"]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(jsonOf(ended).blocks, { selected: 8, covered: 8, stale: 0, missing: [] });
    for (const daemon of daemons) {
      daemon.kill("SIGTERM");
      const end = await daemon.waitForEnd(30_000);
      assert.equal(end.code, 0, end.stderr);
      assert.match(end.stderr, /"event":"daemon-ended".*"status":0/);
    }
  });

  it("cancels a run: what is covered is kept, the rest given back", async () => {
    const folder = tempDir("e2e-cancel");
    const module = writeSlowAnalysis(folder, 1);
    const stored = await spotfold(folder, ["submit", module, "--data", sample.data, "--into", "slow", "--json"]);
    const { run } = JSON.parse(stored.stdout) as { run: string };
    const ended = await spotfold(folder, ["cancel", run]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /is cancelled; no master had admitted it, so nothing is in slow/);
    const [aggregate] = (await statusOf(folder)).aggregates;
    assert.deepEqual(
      aggregate?.runs.map(({ state }) => state),
      ["cancelled"],
    );
    const again = await spotfold(folder, ["run", module, "--data", sample.data, "--into", "slow", "--json"]);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(jsonOf(again).blocks.covered, 8);
  });
});
