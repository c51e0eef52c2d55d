/** Children that die, are stopped, or lose their parent, at the worst moment. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "mocha";
import type { JobOutcome } from "../../../executor/types.ts";
import { startFaultServer } from "../../support/fault-server.ts";
import { start } from "../../support/processes.ts";
import { entriesOf, records, setting } from "./setting.ts";
import type { Setting } from "./setting.ts";

/** Counts; at a record `wait` it works for a long time, in small steps that count as nothing. */
const waitingSource = `export default { name: "waiting", key: ["k"], merge: (a, b) => a + b,
  map(record, emit) {
    if (record.text() === "wait") { const until = Date.now() + 30_000; while (Date.now() < until); }
    emit(["n"], 1);
  } };`;

/** On a busy machine; by itself the loop of user code would end long after. */
const goneMsMax = 15_000;
/** Of two seconds on a machine that does nothing else. */
const soonMsMax = 6_000;

/** Our children by their entry's name. */
function children(entry: string): number[] {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, ...args]) => parent === String(process.pid) && args.some((arg) => arg.includes(`children/${entry}.`)),
    )
    .map(([id]) => Number(id));
}

interface Running {
  readonly outcome: Promise<JobOutcome>;
  readonly controller: AbortController;
}

/** Three blocks, each checkpointed at its end; the third waits. Resolves when two blocks are done. */
async function midway(s: Setting, stallMs = 20_000): Promise<Running> {
  const blocks = [
    s.block("a.ndjson", "1\n1\n"),
    s.block("b.ndjson", "1\n"),
    s.block("c.ndjson", "wait\n"),
    s.block("d.ndjson", "1\n"),
  ];
  const controller = new AbortController();
  const reached = Promise.withResolvers<void>();
  const task = s.task(s.bundle(waitingSource), blocks, { stallMs, checkpointMs: 0 });
  const progress = ({ blocksDone }: { blocksDone: number }): void => void (blocksDone >= 2 && reached.resolve());
  const outcome = s.runner.run(task, s.hooks({ stop: controller.signal, progress }));
  await Promise.race([reached.promise, outcome]);
  // The third block begins right after; its messages need a moment.
  await sleep(300);
  return { outcome, controller };
}

function checkKept(outcome: JobOutcome): void {
  assert.deepEqual(
    outcome.reports.map(({ index }) => index),
    [0, 1],
  );
  assert.deepEqual(entriesOf(outcome), { "p\tn": "3" });
  assert.deepEqual(outcome.faults, []);
}

describe("children that end early", function deaths() {
  this.timeout(60_000);

  it("keep what is checkpointed when they are stopped, and end at once", async () => {
    const { outcome, controller } = await midway(setting());
    const began = performance.now();
    controller.abort("interrupted");
    const ended = await outcome;
    assert.equal(ended.ended?.cause, "interrupted");
    checkKept(ended);
    assert.ok(performance.now() - began < soonMsMax);
    assert.deepEqual([...children("executor"), ...children("decoder")], []);
  });

  it("are gone at once when the lease is lost, with nothing to resolve", async () => {
    const { outcome, controller } = await midway(setting());
    const began = performance.now();
    controller.abort(new Error("the lease ended", { cause: "lost-lease" }));
    const ended = await outcome;
    assert.ok(performance.now() - began < soonMsMax);
    assert.deepEqual([ended.ended?.cause, ended.reports, ended.segment], ["lost-lease", [], null]);
  });

  for (const entry of ["executor", "decoder"] as const) {
    it(`keep what is checkpointed when the ${entry} is killed`, async () => {
      const s = setting();
      const { outcome } = entry === "executor" ? await midway(s) : await midwayInBytes(s);
      const [id, ...others] = children(entry);
      assert.ok(id !== undefined && others.length === 0);
      process.kill(id, "SIGKILL");
      const ended = await outcome;
      assert.equal(ended.ended?.cause, "infrastructure", JSON.stringify(ended.ended));
      if (entry === "executor") checkKept(ended);
      else
        assert.deepEqual(
          ended.reports.map(({ index }) => index),
          [0],
        );
    });
  }

  it("do not start when the attempt is stopped already", async () => {
    const s = setting();
    const task = s.task(s.bundle(waitingSource), [s.block("a.ndjson", "1\n")]);
    const ended = await s.runner.run(task, s.hooks({ stop: AbortSignal.abort("interrupted") }));
    assert.deepEqual([ended.ended?.cause, ended.reports], ["interrupted", []]);
  });

  it("load no user code before the attempt is on record, and wait for that without a stall", async () => {
    const s = setting();
    const recorded = Promise.withResolvers<void>();
    const bundle = s.bundle(`console.log("loaded");${waitingSource}`);
    const task = s.task(bundle, [s.block("a.ndjson", "1\n")], { stallMs: 1_000 });
    let isOver = false;
    const running = s.runner.run(task, s.hooks({ recorded: recorded.promise })).finally(() => (isOver = true));
    // Longer than loading may take.
    await sleep(6_000);
    assert.equal(isOver, false);
    // The bundle is read when it is loaded: gone before, it cannot be.
    rmSync(join(s.scratch, task.attempt, "code", "bundle.mjs"));
    recorded.resolve();
    const ended = await running;
    assert.deepEqual([ended.ended?.cause, ended.ended?.beforeFirstRecord], ["code", true]);
    assert.match(ended.ended?.message ?? "", /cannot be loaded/);
  });

  it("end when the attempt cannot be recorded", async () => {
    const s = setting();
    const stop = new AbortController();
    const task = s.task(s.bundle(waitingSource), [s.block("a.ndjson", "1\n")]);
    const hooks = s.hooks({ stop: stop.signal, recorded: new Promise<void>(() => undefined) });
    const running = s.runner.run(task, hooks);
    setTimeout(() => stop.abort(new Error("not recorded", { cause: "infrastructure" })), 300);
    const { ended, reports } = await running;
    assert.deepEqual([ended?.cause, ended?.message, reports], ["infrastructure", "not recorded", []]);
  });

  it("blame the network, not the block, when its bytes do not come", async () => {
    const s = setting();
    const blocks = [s.block("a.ndjson", "1\n"), s.block("b.ndjson", "1\n")];
    // The store never answers for the second block; it lends URLs, so each is asked for when its turn comes.
    const server = await startFaultServer("", ({ url }) =>
      url.startsWith("/b.ndjson") ? "silence" : { answer: { status: 200, body: "1\n" } },
    );
    const task = s.task(s.bundle(waitingSource), blocks, { stallMs: 3_000, checkpointMs: 0 });
    const lend = (block: { key: string }) =>
      Promise.resolve({ kind: "url", url: `${server.endpoint}/${block.key}` } as const);
    const ended = await s.runner.run(task, s.hooks({ lend }));
    assert.deepEqual([ended.ended?.cause, ended.ended?.reason, ended.faults], ["infrastructure", "timeout", []]);
    assert.match(ended.ended?.message ?? "", /^b\.ndjson: 127\.0\.0\.1:\d+ did not answer in time, 6 times/);
    assert.deepEqual(entriesOf(ended), { "p\tn": "1" });
  });

  it("end themselves when their parent is killed, user code that loops included", async () => {
    const s = setting();
    const task = s.task(s.bundle(waitingSource), [s.block("a.ndjson", "1\n"), s.block("b.ndjson", "wait\n")], {
      checkpointMs: 0,
    });
    const parent = await start(process.execPath, [
      new URL("parent.ts", import.meta.url).pathname,
      s.scratch,
      JSON.stringify({ task, folder: s.folder }),
    ]);
    const match = await parent.waitFor(/1 blocks done[^]*children (\d+) (\d+)/);
    const ids = [Number(match[1]), Number(match[2])];
    await sleep(300);
    process.kill(parent.pid, "SIGKILL");
    for (const until = performance.now() + goneMsMax; ids.some(isAlive) && performance.now() < until;) await sleep(50);
    assert.deepEqual(ids.filter(isAlive), []);
  });
});

/** Two blocks; the decoder is half way through the second when this resolves, held up by the executor. */
async function midwayInBytes(s: Setting): Promise<{ outcome: Promise<JobOutcome> }> {
  const source = waitingSource.replace("record.text()", "record.text().slice(0, 4)");
  const blocks = [s.block("a.ndjson", "1\n"), s.block("b.ndjson", `wait\n${records(200_000, 10)}`)];
  const reached = Promise.withResolvers<void>();
  const progress = ({ blocksDone }: { blocksDone: number }): void => void (blocksDone >= 1 && reached.resolve());
  // The loop ends after a second: then the executor meets the end of its input.
  const task = s.task(s.bundle(source.replace("30_000", "1_500")), blocks, { stallMs: 20_000, checkpointMs: 0 });
  const outcome = s.runner.run(task, s.hooks({ progress }));
  await reached.promise;
  await sleep(300);
  return { outcome };
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
