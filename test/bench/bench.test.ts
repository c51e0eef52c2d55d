/** That the benchmarks measure what they say: whose CPU time is counted, which pair is the median; and that they run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { costOf, median, paired } from "../../bench/measure.ts";
import { runNode } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";

const burn = "const until = process.cpuUsage().user + 400_000; while (process.cpuUsage().user < until);";

function node(program: string): { file: string; args: string[] } {
  return { file: process.execPath, args: ["-e", program] };
}

async function bench(...args: string[]): ReturnType<typeof runNode> {
  return await runNode([join(repositoryRoot, "bench/main.ts"), ...args]);
}

describe("what a command costs", () => {
  it("is its CPU time, not the time for which it waits", async () => {
    const idle = await costOf(node("setTimeout(() => {}, 600)"));
    assert.ok(idle.wall >= 0.6, `${idle.wall} s`);
    assert.ok(idle.cpu < 0.5, `${idle.cpu} s of CPU`);
    const busy = await costOf(node(burn));
    assert.ok(busy.cpu >= 0.4, `${busy.cpu} s of CPU`);
  });

  it("is also that of the processes which it started", async () => {
    const program = `require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(burn)}])`;
    const { cpu } = await costOf(node(program));
    assert.ok(cpu >= 0.4, `${cpu} s of CPU`);
  });

  it("is nothing when it failed", async () => {
    await assert.rejects(
      costOf(node("console.error('no such thing'); process.exit(3)")),
      /ended with 3: no such thing/,
    );
  });
});

describe("pairs", () => {
  it("are compared one by one, in turn, after one that does not count", async () => {
    const ours = [100, 2, 9, 4];
    const beside = [1, 1, 3, 1];
    const asked: string[] = [];
    const compared = await paired(
      3,
      async () => (asked.push("a"), ours.shift() ?? 0),
      async () => (asked.push("b"), beside.shift() ?? 0),
    );
    assert.equal(asked.join(""), "abababab");
    assert.deepEqual(compared, { ours: 4, beside: 1, ratio: { median: 3, min: 2, max: 4 } });
  });

  it("have the mean of the middle ones as their median when they are even", () => {
    assert.equal(median([5, 1, 3]), 3);
    assert.equal(median([4, 1, 2, 9]), 3);
  });
});

describe("npm run bench", () => {
  it("prints machine, versions, and a row for each comparison", async function () {
    this.timeout(60_000);
    const { code, stdout, stderr } = await bench("store", "--runs", "1");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\d{4}-\d\d-\d\d, \d+ x .*; Node 24\./);
    assert.match(stdout, /^\| blobs of 300 bytes .* \/s \| .* \/s \(write, fsync, rename\) \| \*\*\d+\.\d\d\*\* /m);
  });

  it("says which there are when asked for another", async () => {
    const { code, stderr } = await bench("stor");
    assert.equal(code, 2);
    assert.match(stderr, /^bench: no benchmark stor; there are decode, run, .*store$/m);
  });
});
