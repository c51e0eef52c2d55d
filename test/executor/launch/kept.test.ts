/** Children that are there before their job, or after it: nothing of one job shows in another, and none outlives its use. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "mocha";
import { childRunner } from "../../../executor/launch/runner.ts";
import type { ChildRunner } from "../../../executor/launch/runner.ts";
import type { BundleRef, JobBlock, JobOutcome } from "../../../executor/types.ts";
import { start } from "../../support/processes.ts";
import { countingSource, entriesOf, limits, records, setting } from "./setting.ts";
import type { Setting } from "./setting.ts";

/** What it emits depends on what was done to its process before: module state, globals, prototypes, files in the scratch folder. */
const statefulSource = `import fs from "node:fs"; let jobs = 0; jobs++;
globalThis.loads = (globalThis.loads ?? 0) + 1;
fs.writeFileSync("left-" + process.pid, "");
export default { name: "stateful", key: ["what"], merge: (a, b) => a + b,
  map(record, emit) {
    emit(["seen " + String(Array.prototype.seen)], 1);
    emit(["loads " + globalThis.loads + " jobs " + jobs + " json " + JSON.parse("1")], 1);
    emit(["files " + fs.readdirSync(".").filter((name) => name.startsWith("left-")).length], 1);
    Array.prototype.seen = true; JSON.parse = () => 2; jobs++;
  } };`;

const pidSource = `export default { name: "pids", key: ["pid"], merge: (a, b) => a + b,
  map(record, emit) { emit([String(process.pid)], 1); } };`;

interface Family {
  readonly pid: number;
  readonly entry: string;
}

/** Children of a process, by what they are. */
function childrenOf(parent: number): Family[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [pid, of, ...args] = line.trim().split(/\s+/);
    const entry = /children\/(decoder|executor)\./.exec(args.join(" "))?.[1];
    return of === String(parent) && entry !== undefined ? [{ pid: Number(pid), entry }] : [];
  });
}

const ours = (entry: string): number[] =>
  childrenOf(process.pid)
    .filter((child) => child.entry === entry)
    .map(({ pid }) => pid);

const never = new AbortController().signal;

/** A runner with children ahead for this many slots; closed when `use` is over. */
async function withAhead(s: Setting, slots: number, use: (runner: ChildRunner) => Promise<void>): Promise<void> {
  const runner = childRunner({ scratch: s.scratch, ahead: { slots, limits } });
  try {
    await use(runner);
  } finally {
    // Ended and waited for, not just told to: the system counts what they cost only then.
    await runner.close();
  }
  assert.deepEqual(childrenOf(process.pid), []);
}

const job = async (
  runner: ChildRunner,
  s: Setting,
  bundle: BundleRef,
  blocks: readonly JobBlock[],
): Promise<JobOutcome> => await runner.run(s.task(bundle, blocks), s.hooks());

describe("children that wait", function kept() {
  this.timeout(60_000);

  it("give two jobs what two cold starts give, whatever the analysis did to its process", async () => {
    const s = setting();
    const bundle = s.bundle(statefulSource);
    const block = s.block("a.ndjson", records(1, 1));
    const cold = entriesOf(await s.run(bundle, [block]));
    assert.deepEqual(Object.keys(cold).length, 3);
    await withAhead(s, 1, async (runner) => {
      for (let n = 0; n < 3; n++) {
        await runner.ready(1, never);
        assert.deepEqual(entriesOf(await job(runner, s, bundle, [block])), cold);
      }
    });
  });

  it("are an executor for each job, and one decoder for all of them", async () => {
    const s = setting();
    const blocks = [s.block("a.zst", records(2, 1)), s.block("b.gz", records(300_000, 1)), s.block("c.lzma", "1\n")];
    await withAhead(s, 1, async (runner) => {
      const used = new Set<string>();
      const decoders = new Set<number>();
      for (const block of blocks) {
        await runner.ready(1, never);
        const waiting = ours("executor");
        const outcome = await job(runner, s, s.bundle(pidSource), [block]);
        const [pid = ""] = Object.keys(entriesOf(outcome)).map((key) => key.split("\t")[1]);
        assert.ok(waiting.includes(Number(pid)), "the one that waited did the job");
        used.add(pid);
        for (const decoder of ours("decoder")) decoders.add(decoder);
        await runner.release(outcome.segment?.path.split("/").at(-3) ?? "");
      }
      assert.deepEqual([used.size, decoders.size], [blocks.length, 1]);
    });
  });

  it("are started when a job is asked for, and not because one has ended: the worker may be draining", async () => {
    const s = setting();
    await withAhead(s, 1, async (runner) => {
      await job(runner, s, s.bundle(countingSource), [s.block("a.ndjson", records(10, 1))]);
      await sleep(500);
      assert.deepEqual(ours("executor"), []);
    });
  });

  it("leave no folder: that of a job goes with its release", async () => {
    const s = setting();
    await withAhead(s, 1, async (runner) => {
      await runner.ready(1, never);
      const task = s.task(s.bundle(countingSource), [s.block("a.ndjson", records(3, 1))]);
      const outcome = await runner.run(task, s.hooks());
      assert.deepEqual(entriesOf(outcome), { "p\tk0": "3" });
      await runner.release(task.attempt);
    });
    for (let waited = 0; waited < 50 && readdirSync(s.scratch).length > 0; waited++) await sleep(100);
    assert.deepEqual(readdirSync(s.scratch), []);
  });

  it("are not used for a job with other limits", async () => {
    const s = setting();
    await withAhead(s, 1, async (runner) => {
      await runner.ready(1, never);
      const [waiting] = ours("executor");
      const task = s.task(s.bundle(pidSource), [s.block("a.ndjson", "1\n")], { rssBytesMax: 2 * limits.rssBytesMax });
      const [key = ""] = Object.keys(entriesOf(await runner.run(task, s.hooks())));
      assert.notEqual(key, `p\t${waiting}`);
    });
  });

  it("may die before their job: it gets one of its own", async () => {
    const s = setting();
    await withAhead(s, 1, async (runner) => {
      await runner.ready(1, never);
      for (const pid of ours("executor")) process.kill(pid, "SIGKILL");
      await sleep(500);
      const outcome = await job(runner, s, s.bundle(countingSource), [s.block("a.ndjson", records(3, 1))]);
      assert.deepEqual(entriesOf(outcome), { "p\tk0": "3" });
    });
  });

  it("are not used again after a job that failed, and the next one has another decoder", async () => {
    const s = setting();
    const source = `export default { name: "exits", key: ["k"], merge: (a, b) => a + b,
      map(record, emit) { if (record.text() === "exit") process.exit(0); emit(["n"], 1); } };`;
    await withAhead(s, 1, async (runner) => {
      const first = await job(runner, s, s.bundle(source), [s.block("a.ndjson", `exit\n${records(200_000, 3)}`)]);
      assert.equal(first.faults[0]?.cause, "code");
      const block = s.block("b.ndjson", records(3, 1));
      const second = await job(runner, s, s.bundle(countingSource), [block]);
      assert.deepEqual([second.ended, entriesOf(second)], [null, { "p\tk0": "3" }]);
    });
  });

  it("read a block that a link leads to from another folder", async () => {
    const s = setting();
    const elsewhere = setting();
    const far = elsewhere.block("far.ndjson", records(2, 1));
    mkdirSync(join(s.folder, "d"));
    symlinkSync(join(elsewhere.folder, "far.ndjson"), join(s.folder, "d/far.ndjson"));
    const blocks = [s.block("a.ndjson", records(3, 1)), { ...far, index: 1, key: "d/far.ndjson" }];
    await withAhead(s, 1, async (runner) => {
      for (let n = 0; n < 2; n++) {
        const outcome = await job(runner, s, s.bundle(countingSource), blocks);
        assert.deepEqual([outcome.ended, outcome.faults, entriesOf(outcome)], [null, [], { "p\tk0": "5" }]);
      }
    });
  });

  it("end with their parent, however it ends", async () => {
    const s = setting();
    const parent = await start(process.execPath, [new URL("waiting-parent.ts", import.meta.url).pathname, s.scratch]);
    await parent.waitFor(/waiting/);
    const waiting = childrenOf(parent.pid);
    assert.equal(waiting.length, 2);
    process.kill(parent.pid, "SIGKILL");
    // Dead at once; whoever inherits them takes a moment to notice.
    for (let waited = 0; waited < 50 && waiting.some(({ pid }) => isAlive(pid)); waited++) await sleep(100);
    assert.deepEqual(
      waiting.filter(({ pid }) => isAlive(pid)),
      [],
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
