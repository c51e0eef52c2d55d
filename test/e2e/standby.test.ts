/** Two masters on one store: one leads, the other takes over when that one is killed, stands still, or is drained. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SampleResult } from "../../cli/sample/make.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { atEnd } from "../support/cleanup.ts";
import type { Started } from "../support/processes.ts";
import { tempDir } from "../support/temp.ts";
import { writeSlowAnalysis } from "./slow-analysis.ts";
import { jsonOf, smallSample, spotfold, startSpotfold } from "./spotfold.ts";

const blocks = 8;

/** Scaled by a tenth, a standby takes over after three seconds; a busy machine is slower. */
const waitMs = 60_000;
/** A write takes milliseconds, and longer only while somebody has the lock, or the machine is very busy. */
const lockedMs = 5_000;

describe("spotfold master, twice", function standbySuite() {
  this.timeout(500_000);

  let sample: SampleResult;

  before(async () => {
    sample = await smallSample(join(tempDir("e2e-standby-data"), "sample"), blocks, 1);
  });

  /** The first leads, the second stands by. */
  async function twoMasters(folder: string): Promise<[Started, Started]> {
    const first = await startSpotfold(folder, ["master"]);
    await first.waitFor(/"event":"master-leading".*"because":"free"/, waitMs);
    const second = await startSpotfold(folder, ["master"]);
    await second.waitFor(/"event":"master-standby"/, waitMs);
    return [first, second];
  }

  /** Stops it between two of its writes: a process that stands still with the store's lock in its hand holds everybody up. */
  async function stopped(master: Started, folder: string): Promise<void> {
    const store = await FolderBlobStore.open(join(folder, ".spotfold/store"));
    atEnd(() => store.close());
    for (;;) {
      master.kill("SIGSTOP");
      const written = store.put("probe/stopped", Buffer.from("x")).then(() => true);
      if (await Promise.race([written, sleep(lockedMs, false)])) return;
      master.kill("SIGCONT");
      await written;
    }
  }

  it("finishes the run of a master that was killed", async () => {
    const folder = tempDir("e2e-standby");
    const module = writeSlowAnalysis(folder, 5);
    const [first, second] = await twoMasters(folder);
    await startSpotfold(folder, ["worker"]);
    const request = ["submit", module, "--data", sample.data, "--into", "slow", "--wait", "--json"];
    const submitted = await startSpotfold(folder, request);
    await first.waitFor(/"event":"jobs-sent"/, waitMs);
    first.killGroup("SIGKILL");
    assert.doesNotMatch(second.stderr(), /run-admitted|jobs-sent|jobs-entered/, "it stood by");
    await second.waitFor(/"event":"master-leading".*"because":"expired"/, waitMs);
    const ended = await submitted.waitForEnd(waitMs);
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(jsonOf(ended).blocks.covered, blocks);
    assert.match(second.stderr(), /"event":"run-closed"/);
  });

  it("stands by after a pause in which another one took over, and takes over again at that one's drain", async () => {
    const folder = tempDir("e2e-standby-pause");
    const [first, second] = await twoMasters(folder);
    await stopped(first, folder);
    await second.waitFor(/"event":"master-leading".*"because":"expired"/, waitMs);
    first.kill("SIGCONT");
    await first.waitFor(/"event":"master-standby"/, waitMs);
    second.kill("SIGTERM");
    const drained = await second.waitForEnd(waitMs);
    assert.equal(drained.code, 0, drained.stderr);
    assert.match(drained.stderr, /"event":"lease-given-up"/);
    await first.waitFor(/"event":"master-leading".*"because":"given-up"/, waitMs);
    first.kill("SIGTERM");
    assert.equal((await first.waitForEnd(waitMs)).code, 0);
  });

  it("does what is due once, whoever leads", async () => {
    const folder = tempDir("e2e-standby-once");
    const [first] = await twoMasters(folder);
    await stopped(first, folder);
    const once = await spotfold(folder, ["master", "--once"]);
    assert.equal(once.code, 0, once.stderr);
    assert.doesNotMatch(once.stderr, /master-leading|master-standby|metrics-listening/);
    first.kill("SIGCONT");
  });
});
