/** `spotfold run` interrupted, terminated, and with processes killed under it: what was done is kept, the answer is the same. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { SampleResult } from "../../cli/sample/make.ts";
import type { Started } from "../support/processes.ts";
import { tempDir } from "../support/temp.ts";
import { writeSlowAnalysis } from "./slow-analysis.ts";
import { jsonOf, smallSample, spotfold, startSpotfold } from "./spotfold.ts";

const blocks = 16;

/** Jobs of four blocks take a second: time enough to come between. */
const recordMs = 30;

describe("spotfold run, interrupted", function interruptSuite() {
  this.timeout(400_000);

  let sample: SampleResult;
  let module: string;
  let expected: string;

  before(async () => {
    const folder = tempDir("e2e-slow");
    sample = await smallSample(join(folder, "sample"), blocks, 8);
    module = writeSlowAnalysis(folder, recordMs);
    const fast = await spotfold(folder, [
      "run",
      "counts",
      "--by",
      "appUpdateChannel",
      "--data",
      sample.data,
      "--into",
      "fast",
    ]);
    assert.equal(fast.code, 0, fast.stderr);
    expected = (await spotfold(folder, ["results", "fast"])).stdout;
  });

  /** Whoever waits for a lease of two minutes (after scaling) fails the test. */
  const env = { SPOTFOLD_TIMING_LEASE_MS: "1200000" };

  const call = (): string[] => ["run", module, "--data", sample.data, "--json", "--slots", "2"];

  /** Started, with a job resolved: something is kept, and something is to be done. */
  async function startedRun(folder: string): Promise<Started> {
    const started = await startSpotfold(folder, call(), { env });
    await started.waitFor(/blocks to do/, 60_000);
    const store = join(folder, ".spotfold/store/aggregates");
    for (const until = performance.now() + 60_000; ;) {
      const resolved = readdirSync(store, { recursive: true }).filter((path) =>
        /resolutions\/[^/]+\/\d{6}$/.test(String(path)),
      );
      if (resolved.length > 0) return started;
      assert.ok(performance.now() < until, started.stderr());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function checkEnd(folder: string): Promise<void> {
    const ended = await spotfold(folder, call(), { env });
    assert.equal(ended.code, 0, ended.stderr);
    const json = jsonOf(ended);
    assert.deepEqual(json.blocks, { selected: blocks, covered: blocks, stale: 0, missing: [] });
    assert.equal(readdirSync(join(folder, ".spotfold/store/runs")).length, 1, "one run, gone on with");
    assert.equal((await spotfold(folder, ["results", json.aggregate])).stdout, expected);
  }

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`ends with ${code} after ${signal}, prints what resumes it, and goes on from there`, async () => {
      const folder = tempDir(`e2e-${signal.toLowerCase()}`);
      const started = await startedRun(folder);
      // As a terminal does it: to the whole group.
      started.killGroup(signal);
      const ended = await started.waitForEnd(60_000);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, /To go on: \S*spotfold(?:\.cjs)? run /);
      const { error } = JSON.parse(ended.stdout) as { error: { code: string; hint: string } };
      assert.equal(error.code, "interrupted");
      assert.match(error.hint, /^To go on: \S*spotfold(?:\.cjs)? run /);
      await checkEnd(folder);
    });
  }

  it("stops at once at the second Ctrl-C", async () => {
    const folder = tempDir("e2e-twice");
    const started = await startedRun(folder);
    started.killGroup("SIGINT");
    await started.waitFor(/stopping/, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    started.killGroup("SIGINT");
    const ended = await started.waitForEnd(20_000);
    assert.equal(ended.code, 130, ended.stderr);
    await checkEnd(folder);
  });

  it("starts another worker when its own is killed, and the answer is the same", async () => {
    const folder = tempDir("e2e-worker");
    const started = await startedRun(folder);
    const [name = ""] = readdirSync(join(folder, ".spotfold/store/workers"));
    process.kill(Number(/-(\d+)-\d+-[0-9a-f]{8}$/.exec(name)?.[1]), "SIGKILL");
    const ended = await started.waitForEnd(90_000);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /the worker was killed by SIGKILL; its jobs were given back/);
    await checkEnd(folder);
  });

  it("goes on after kill -9 of the command itself, without waiting for leases", async () => {
    const folder = tempDir("e2e-master");
    const started = await startedRun(folder);
    const workers = readdirSync(join(folder, ".spotfold/store/workers"));
    started.killGroup("SIGKILL");
    for (const name of workers) process.kill(Number(/-(\d+)-\d+-[0-9a-f]{8}$/.exec(name)?.[1]), "SIGKILL");
    await started.waitForEnd(10_000);
    await checkEnd(folder);
  });
});
