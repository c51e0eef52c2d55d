/**
 * A master's memory is flat in the number of outputs: a real `master` process folds the outputs of 1,000 jobs, and then of
 * 4,000, and drains. The worker is the real one but for its runner, which gives every job the same small segment: what is
 * measured is the master.
 *
 * V8 uses what room it has: its old generation is bounded here, its young one by the daemon itself (young-generation.ts).
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StatusReport } from "../../cli/report/status.ts";
import { withScope } from "../../cli/compose/scope.ts";
import { openWorker } from "../../cli/compose/worker.ts";
import type { AttemptSegment, JobOutcome, JobRunner, JobTask } from "../../executor/types.ts";
import { readSettings } from "../../shared/config/settings.ts";
import { SegmentWriter } from "../../shared/segment/writer.ts";
import { Worker } from "../../worker/worker.ts";
import { Site } from "../faults/site.ts";
import { needs } from "../support/requirements.ts";
import { removeTemp, tempDir } from "../support/temp.ts";

const blocks = 5_000;
/** Four jobs for each slot; in both cases more outputs than one commit enters and one merge takes. */
const slotsOfFew = 250;
const slotsOfMany = 1_000;
const keysPerSegment = 2_000;
/**
 * What 3,000 more outputs may cost: 8 KiB each. Measured were 98 and 113 MiB, and 147 for 16,000: etags that the folder store
 * remembers (of 50,000 files at the most), and code that V8 has compiled by then.
 */
const growthMiBMax = 24;
/** Less room for garbage shows what is needed. */
const heapMiB = 64;
const runMsMax = 540_000;
const lookMs = 1_000;
/** Longer than `drainMs` of these settings (9 s), after which it would be aborted and end with code 1. */
const drainMsMax = 30_000;

/** The same small segment for every job: `keysPerSegment` keys, each counted once for each block. */
function segmentMaker(folder: string): (task: JobTask) => AttemptSegment {
  return (task) => {
    const chunks: Uint8Array[] = [];
    const writer = new SegmentWriter((bytes) => void chunks.push(bytes.slice()), { columns: 2 });
    for (let i = 0; i < keysPerSegment; i++) {
      writer.addText(`\tkey-${String(i).padStart(6, "0")}`, String(task.blocks.length));
    }
    const summary = writer.finish();
    const path = join(folder, task.attempt);
    writeFileSync(path, Buffer.concat(chunks));
    return { ...summary, path, partitions: [""], units: [""] };
  };
}

function outcomeOf(task: JobTask, segment: AttemptSegment): JobOutcome {
  const reports = task.blocks.map(({ index }) => ({
    index,
    records: 1,
    rawBytes: 1,
    rejected: {},
    verdict: "counted" as const,
  }));
  return { reports, faults: [], ended: null, segment, log: new Uint8Array() };
}

/** By what `status --json` prints; an error as long as no master has seen the run. */
function isFinished(stdout: string): boolean {
  const { aggregates } = JSON.parse(stdout) as Partial<StatusReport>;
  return aggregates?.[0]?.runs.some(({ state, covered }) => state !== "open" && covered === blocks) ?? false;
}

/** Of a living process, MiB. */
function peakMiB(pid: number): number {
  return Number(/^VmHWM:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

describe("memory of a master", function masterMemory() {
  this.timeout(2 * runMsMax);
  needs("linux");

  async function peakWith(slots: number): Promise<{ readonly jobs: number; readonly mib: number }> {
    const env = { SPOTFOLD_TIMING_SCALE: "0.1", SPOTFOLD_TIMING_LEASE_MS: "6000000" };
    const site = new Site(tempDir("master-memory"), { ...env, NODE_OPTIONS: `--max-old-space-size=${heapMiB}` });
    const data = join(site.folder, "blocks");
    mkdirSync(data);
    for (let i = 0; i < blocks; i++) writeFileSync(join(data, `block-${i}.json`), `{"n":${i}}\n`);
    const settings = readSettings({}, { variables: env, workingFolder: site.folder });
    return await withScope(async (scope) => {
      const context = await openWorker({ settings, id: "fake-runner", slots, log: () => undefined }, scope);
      const make = segmentMaker(tempDir("segments"));
      let jobs = 0;
      const runner: JobRunner = {
        run: (task) => {
          jobs++;
          return Promise.resolve(outcomeOf(task, make(task)));
        },
        release: () => Promise.resolve(),
      };
      const worker = new Worker({ ...context, runner });
      const ended = worker.run();
      await sleep(lookMs);
      const args = ["counts", "--by", "$.n", "--data", data, "--layout", "{name}", "--into", "many"];
      const submitted = await site.call(["submit", ...args]);
      assert.equal(submitted.code, 0, submitted.stderr);
      const master = await site.start(["master"]);
      const until = performance.now() + runMsMax;
      for (;;) {
        const { stdout } = await site.call(["status", "many", "--json"]);
        if (isFinished(stdout)) break;
        assert.ok(performance.now() < until, stdout + master.stderr().slice(-2_000));
        await sleep(lookMs);
      }
      const mib = peakMiB(master.pid);
      worker.drain("done");
      await ended;
      // Its backlog of merges is not done yet, and keeps nobody waiting.
      master.kill("SIGTERM");
      const { code, stderr } = await master.waitForEnd(drainMsMax);
      assert.equal(code, 0, stderr.slice(-2_000));
      removeTemp(site.folder);
      return { jobs, mib };
    });
  }

  it(`grows by at most ${growthMiBMax} MiB from 1,000 outputs to 4,000`, async () => {
    const few = await peakWith(slotsOfFew);
    const many = await peakWith(slotsOfMany);
    console.log(`      ${few.jobs} outputs ${few.mib.toFixed(0)} MiB, ${many.jobs} outputs ${many.mib.toFixed(0)} MiB`);
    assert.ok(few.jobs >= 4 * slotsOfFew && many.jobs >= 4 * slotsOfMany);
    assert.ok(many.mib - few.mib <= growthMiBMax);
  });
});
