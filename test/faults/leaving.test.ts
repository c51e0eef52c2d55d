/**
 * Workers that leave, told or not: by SIGTERM, by a spot notice, by standing still for longer than their lease. What they
 * leave is taken up at once (not when the lease of a minute ends), what they had done is kept, and the answer is the same.
 */
import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withScope } from "../../cli/compose/scope.ts";
import { openWorker } from "../../cli/compose/worker.ts";
import { readSettings } from "../../shared/config/settings.ts";
import type { Interruption } from "../../shared/ports/interruption.ts";
import { Worker, type WorkerEnd } from "../../worker/worker.ts";
import { needs } from "../support/requirements.ts";
import type { Started } from "../support/processes.ts";
import { tempDir } from "../support/temp.ts";
import { makeMixed, smallSource } from "./data.ts";
import { Family } from "./family.ts";
import { Site, shortTimes } from "./site.ts";
import { expectedCounts, writeSlowCounts } from "./slow.ts";

const recordMs = 10;
const blocks = 10;
const waitMsMax = 180_000;

/** Who waits for this lease to end comes too late. What is drained every 0.3 s may be handed on. */
const longLease = {
  ...shortTimes,
  SPOTFOLD_TIMING_LEASE_MS: "1200000",
  SPOTFOLD_TIMING_HEARTBEAT_MS: "20000",
  SPOTFOLD_TIMING_CHECKPOINT_MS: "3000",
};
const leaseMs = 120_000;

/** What a worker that goes may take to be gone: it drains, and its children end. */
const leavingMsMax = 40_000;

describe("a worker that leaves", function leavingWorkers() {
  this.timeout(500_000);
  needs("data", "linux", "xz", "gzip", "zstd");
  let root: string;
  let data: string;

  before(() => {
    root = tempDir("leaving");
    data = join(root, "blocks");
    makeMixed({ folder: data, blocks: blocks / 5, records: 60, seed: 9, source: smallSource(root) });
  });

  /** A run is submitted, a master is there, nobody works yet. */
  async function submitted(env: Readonly<Record<string, string>>): Promise<{ site: Site; master: Started }> {
    const site = new Site(tempDir("leaving-site"), env);
    const args = [writeSlowCounts(site.folder, recordMs), "--data", data, "--into", "slow"];
    const end = await site.call(["submit", ...args]);
    assert.equal(end.code, 0, end.stderr);
    return { site, master: await site.start(["master"]) };
  }

  /** Starts another worker, and waits until all is done. */
  async function finished(site: Site, master: Started): Promise<void> {
    const other = await site.start(["worker", "--slots", "2"]);
    const until = performance.now() + waitMsMax;
    for (;;) {
      const { stdout } = await site.call(["results", "slow"]);
      if (stdout === expectedCounts(data)) break;
      assert.ok(performance.now() < until, `the answer is ${stdout}${other.stderr().slice(-2000)}`);
      await sleep(200);
    }
    for (const daemon of [master, other]) {
      daemon.kill("SIGTERM");
      assert.equal((await daemon.waitForEnd(leavingMsMax)).code, 0, daemon.stderr().slice(-2000));
    }
    // Nothing is counted after the end, either.
    assert.equal((await site.call(["results", "slow"])).stdout, expectedCounts(data));
  }

  /** Resolutions that hand the rest on because of an interruption. */
  function handedOn(site: Site): number {
    const folder = join(site.folder, ".spotfold/store/aggregates/slow/resolutions");
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(
        (entry) => JSON.parse(readFileSync(join(entry.parentPath, entry.name), "utf8")) as { handedOn: string | null },
      )
      .filter((resolution) => resolution.handedOn === "interrupted").length;
  }

  /** Waits for what an executor writes at a checkpoint: the first block of a job, of which more is to come. */
  async function checkpointed(site: Site): Promise<void> {
    const folder = join(site.folder, ".spotfold/work/scratch");
    const until = performance.now() + waitMsMax;
    for (;;) {
      if (globSync("**/pass*-*", { cwd: folder }).length > 0) break;
      assert.ok(performance.now() < until, "there is no checkpoint");
      await sleep(20);
    }
    // The executor says so when it is written.
    await sleep(150);
  }

  it("by SIGTERM keeps what it has done, and gives the rest back at once", async () => {
    const { site, master } = await submitted(longLease);
    const worker = await site.start(["worker", "--slots", "1"]);
    const family = new Family(worker.pid);
    await worker.waitFor(/"event":"job-started"/, waitMsMax);
    // A job is some blocks of 0.6 s each.
    await sleep(2_000);
    const began = performance.now();
    worker.kill("SIGTERM");
    const end = await worker.waitForEnd(leavingMsMax);
    assert.equal(end.code, 0, end.stderr.slice(-2000));
    await family.assertGone();
    await finished(site, master);
    assert.ok(performance.now() - began < leaseMs / 2, "somebody waited for the lease");
  });

  it("by a spot notice resolves what is checkpointed, and gives the rest back at once", async () => {
    const { site, master } = await submitted({ ...longLease, SPOTFOLD_TIMING_HAND_ON_MS: "1000" });
    const variables = { ...longLease, SPOTFOLD_TIMING_HAND_ON_MS: "1000" };
    const settings = readSettings({ slots: 1 }, { variables, workingFolder: site.folder });
    let give: (notice: Interruption) => void = () => undefined;
    const notice = new Promise<Interruption>((resolve) => (give = resolve));
    const end = await withScope(async (scope): Promise<WorkerEnd> => {
      let started: () => void = () => undefined;
      const starts = new Promise<void>((resolve) => (started = resolve));
      const context = await openWorker(
        {
          settings,
          id: "noticed",
          slots: 1,
          log: (event) => {
            if (event.event === "job-started") started();
          },
        },
        scope,
      );
      const worker = new Worker(context);
      const ended = worker.run({ next: () => notice });
      await starts;
      await checkpointed(site);
      const began = performance.now();
      give({ reason: "simulated", inMs: 120_000 });
      const how = await ended;
      assert.ok(performance.now() - began < leavingMsMax);
      return how;
    });
    assert.deepEqual(end, { how: "drained" });
    const began = performance.now();
    await finished(site, master);
    assert.ok(performance.now() - began < leaseMs / 2, "somebody waited for the lease");
    assert.ok(handedOn(site) > 0, "what was checkpointed is resolved");
  });

  it("by standing still beyond its lease loses the job to another, and counts nothing twice when it goes on", async () => {
    const { site, master } = await submitted(shortTimes);
    const sleeper = await site.start(["worker", "--slots", "1"]);
    const family = new Family(sleeper.pid);
    await sleeper.waitFor(/"event":"job-started"/, waitMsMax);
    const stopped = family.look();
    for (const member of stopped) family.signal(member, "SIGSTOP");
    const other = await site.start(["worker", "--slots", "1"]);
    // The lease is 3 s.
    await sleep(6_000);
    for (const member of stopped) family.signal(member, "SIGCONT");
    await finished(site, master);
    for (const worker of [sleeper, other]) {
      worker.kill("SIGTERM");
      assert.equal((await worker.waitForEnd(leavingMsMax)).code, 0, worker.stderr().slice(-2000));
    }
    await family.assertGone();
  });
});
