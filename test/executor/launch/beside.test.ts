/** A job whose blocks are read, and another one beside it: one decoder serves both, and what befalls one is nothing to the other. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readWhereItGains, workedMsMin } from "../../../executor/launch/beside.ts";
import { Decoders } from "../../../executor/launch/decoders.ts";
import { childRunner } from "../../../executor/launch/runner.ts";
import type { ChildRunner } from "../../../executor/launch/runner.ts";
import type { JobHooks, JobOutcome } from "../../../executor/types.ts";
import { tempDir } from "../../support/temp.ts";
import { entriesOf, limits, records, setting } from "./setting.ts";
import type { Setting } from "./setting.ts";

/** Where it was given a record `slow`, it drains until there is a file `go` in its folder. */
const slowSource = `import { existsSync } from "node:fs";
export default { name: "slow", key: ["k"], merge: (a, b) => a + b,
  accumulator() {
    let count = 0, slow = false;
    return {
      add(record) { count++; slow ||= record.text() === "slow"; },
      bytes: () => 8,
      *drain() {
        while (slow && !existsSync("go"));
        yield [["n"], count];
        count = 0;
      },
    };
  } };`;

/** Lets all that drain go on. */
function letGo({ s }: Slow): void {
  for (const name of readdirSync(s.scratch)) writeFileSync(join(s.scratch, name, "work", "go"), "");
}

const never = new AbortController().signal;
const overlap = { now: () => Date.now() * 1_000, availableBytes: () => Infinity };

function decoders(): number {
  const lines = execFileSync("ps", ["-A", "-o", "ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes("children/decoder.")).length;
}

interface Slow {
  readonly s: Setting;
  readonly runner: ChildRunner;
  readonly outcome: Promise<JobOutcome>;
  readonly stop: AbortController;
  /** When the executor only drains. */
  readonly read: Promise<void>;
}

async function begin(): Promise<Slow> {
  const s = setting();
  const runner = childRunner({ scratch: s.scratch, ahead: { slots: 1, limits }, overlap });
  const read = Promise.withResolvers<void>();
  const stop = new AbortController();
  await runner.ready(1, never);
  const task = s.task(s.bundle(slowSource), [s.block("a.ndjson", "slow\n"), s.block("b.ndjson", records(9, 1))]);
  const outcome = runner.run({ ...task, records: "text" }, s.hooks({ read: read.resolve, stop: stop.signal }));
  void outcome.then((ended) => read.reject(new Error(`it ended before it was read: ${JSON.stringify(ended.ended)}`)));
  return { s, runner, outcome, stop, read: read.promise };
}

/** Another job, to its end. */
async function another({ s, runner }: Slow): Promise<JobOutcome> {
  await runner.ready(1, never);
  const task = s.task(s.bundle(slowSource), [s.block("c.lzma", records(3, 1)), s.block("d.lzma", records(4, 1))]);
  return await runner.run({ ...task, records: "text" }, s.hooks());
}

/** None of its children is counted for the next test. */
async function end({ runner }: Slow): Promise<void> {
  await runner.close();
  while (decoders() > 0) await sleep(50);
}

describe("a job beside one that drains", function beside() {
  this.timeout(60_000);

  it("is read by the same decoder, and both give what they give alone", async () => {
    const slow = await begin();
    let isOver = false;
    void slow.outcome.finally(() => (isOver = true));
    await slow.read;
    assert.deepEqual(entriesOf(await another(slow)), { "p\tn": "7" });
    assert.deepEqual([isOver, decoders()], [false, 1]);
    letGo(slow);
    const first = await slow.outcome;
    assert.deepEqual([first.ended, first.faults, entriesOf(first)], [null, [], { "p\tn": "10" }]);
    await end(slow);
  });

  it("is not touched when that one is stopped", async () => {
    const slow = await begin();
    await slow.read;
    const other = another(slow);
    slow.stop.abort(new Error("the lease ended", { cause: "lost-lease" }));
    const first = await slow.outcome;
    assert.deepEqual([first.ended?.cause, first.segment], ["lost-lease", null]);
    assert.deepEqual(entriesOf(await other), { "p\tn": "7" });
    assert.equal(decoders(), 1);
    await end(slow);
  });
});

describe("a job that is read", () => {
  /** How many of `jobs` that began at once are heard when they are read after `ms`, and which ends each has. */
  const heardAfter = (ms: number, availableBytes: number, jobs = 1): { heard: () => number; all: (() => void)[] } => {
    let now = 0;
    let heard = 0;
    const given: JobHooks = {
      lend: async () => await Promise.reject(new Error("nothing is lent")),
      progress: () => undefined,
      stop: never,
      read: () => void heard++,
    };
    const promised = { bytes: 0 };
    const machine = { now: () => now, availableBytes: () => availableBytes };
    const begun = Array.from({ length: jobs }, () => readWhereItGains(given, limits, machine, promised));
    now += ms;
    for (const { hooks } of [...begun, ...begun]) hooks.read?.();
    return {
      heard: () => heard,
      all: begun.map(({ end }) => () => {
        end();
        // Another one that has been at work for as long.
        const next = readWhereItGains(given, limits, { ...machine, now: () => now++ * ms }, promised);
        next.hooks.read?.();
      }),
    };
  };

  it("says so once", () => assert.equal(heardAfter(workedMsMin, limits.rssBytesMax).heard(), 1));
  it("says nothing after a moment", () => assert.equal(heardAfter(workedMsMin - 1, limits.rssBytesMax).heard(), 0));
  it("says nothing where memory is short", () =>
    assert.equal(heardAfter(workedMsMin, limits.rssBytesMax - 1).heard(), 0));

  it("counts what others were promised, until they end", () => {
    const { heard, all } = heardAfter(workedMsMin, limits.rssBytesMax * 2.5, 8);
    assert.equal(heard(), 2);
    // The last ones were promised nothing, so their end makes no room; that of the first does.
    all[7]?.();
    assert.equal(heard(), 2);
    all[0]?.();
    assert.equal(heard(), 3);
  });

  it("is not told before its executor has its task", async () => {
    const s = setting();
    const runner = childRunner({ scratch: s.scratch, ahead: { slots: 1, limits }, overlap });
    await runner.ready(1, never);
    const recorded = Promise.withResolvers<void>();
    let isRead = false;
    const stop = new AbortController();
    const hooks = s.hooks({ recorded: recorded.promise, read: () => void (isRead = true), stop: stop.signal });
    const running = runner.run(s.task(s.bundle(slowSource), [s.block("a.ndjson", records(9, 1))]), hooks);
    // The decoder is idle again: it is through with the block.
    while (decoders() === 0) await sleep(50);
    await sleep(1_000);
    assert.equal(isRead, false);
    stop.abort(new Error("its record cannot be written"));
    recorded.resolve();
    await running;
    assert.equal(isRead, false);
    await runner.close();
  });
});

describe("a decoder that is idle", () => {
  it("is not taken any more once it was killed", async () => {
    const idle = new Decoders(1);
    const read = [tempDir("decoders")];
    const first = idle.take(read);
    await first.waiting;
    idle.giveBack(first, read);
    first.kill("memory");
    const second = idle.take(read);
    second.kill("finished");
    await Promise.all([first.ended, second.ended]);
    await idle.close();
    assert.notEqual(second, first);
  });
});
