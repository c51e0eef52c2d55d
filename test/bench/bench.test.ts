/** That the benchmarks measure what they say: whose CPU time is counted, which pair is the median; and that they run. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { costOf, median, paired } from "../../bench/measure.ts";
import { processTimes } from "../../bench/process-times.ts";
import { lineOf, missedBy } from "../../bench/report.ts";
import type { Row } from "../../bench/types.ts";
import { kindOf } from "../../bench/where.ts";
import { runNode } from "../support/processes.ts";
import { needs, repositoryRoot } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";

const burn = "const until = process.cpuUsage().user + 400_000; while (process.cpuUsage().user < until);";

function node(program: string): { file: string; args: string[] } {
  return { file: process.execPath, args: ["-e", program] };
}

/** It takes seconds; hundreds of files are synced, which waits for whatever else the disk does. */
const benchMsMax = 200_000;

async function bench(...args: string[]): ReturnType<typeof runNode> {
  return await runNode([join(repositoryRoot, "bench/main.ts"), ...args], { waitMs: benchMsMax });
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

describe("the processes of a command", () => {
  needs("linux");

  it("are told apart, and each has its own CPU time", async () => {
    const inner = `const until = process.cpuUsage().user + 800_000; while (process.cpuUsage().user < until);`;
    const program = `require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(inner)}, "busy"])`;
    const { cost, byPid } = await processTimes(node(program));
    const busy = [...byPid.values()].filter(({ words }) => words.includes("busy"));
    assert.equal(busy.length, 1);
    const [{ cpu, parent } = { cpu: 0, parent: 0 }] = busy;
    assert.ok(cpu >= 0.7 && cpu <= cost.cpu, `${cpu} of ${cost.cpu} s`);
    const outer = byPid.get(parent);
    assert.ok(outer?.words.includes(program) === true && outer.cpu < cpu, `${outer?.cpu} s for the one that waited`);
  });

  it("have kinds: whose executor it is, its parent says", () => {
    const kind = (words: string[], parent: string[] = []): string => kindOf({ parent: 1, words, cpu: 0 }, parent);
    const worker = ["node", "/p/bin/spotfold.cjs", "worker", "--slots", "1"];
    const run = ["node", "/p/bin/spotfold.cjs", "run", "worker"];
    assert.equal(kind(worker), "worker");
    assert.equal(kind(run), "`run` itself");
    assert.equal(kind(["node", "--permission", "/c/executor.mjs", "7"], worker), "executors of jobs");
    assert.equal(kind(["node", "/c/executor.ts"], run), "executors that merge and render");
    assert.equal(kind(["node", "/c/decoder.mjs"], worker), "decoders");
    assert.equal(kind(["esbuild", "--service"], run), "others");
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

describe("targets", () => {
  const row: Row = {
    what: "x",
    against: "y",
    unit: "s",
    ours: 3,
    beside: 2,
    ratio: { median: 1.5, min: 1, max: 2 },
  };

  it("are met or missed by the median, of the ratio or of ours", () => {
    assert.equal(missedBy(row), null);
    assert.equal(missedBy({ ...row, target: { most: 1.5, of: "ratio" } }), 0);
    assert.equal(missedBy({ ...row, target: { most: 2, of: "ours" } }), 0.5);
    assert.equal(missedBy({ ...row, target: { least: 6, of: "ours" } }), 0.5);
    assert.equal(missedBy({ ...row, ours: NaN, target: { least: 6, of: "ours" } }), 1);
  });

  it("are shown with the bound, and with nothing where there is none", () => {
    assert.equal(lineOf(row), "| x | 3.00 s | 2.00 s (y) | **1.50** (1.00 to 2.00) |  |");
    assert.match(lineOf({ ...row, target: { most: 1.5, of: "ratio" } }), /\| at most 1\.5: met \|$/);
    assert.match(lineOf({ ...row, target: { most: 2, of: "ours" } }), /\| at most 2 s: missed by 50 % \|$/);
    assert.match(
      lineOf({ ...row, target: { least: 20_000, of: "ours" } }),
      /\| at least 20,000 s: missed by 100 % \|$/,
    );
  });
});

describe("npm run bench", () => {
  it("prints machine, versions, and a row for each comparison", async function () {
    this.timeout(2 * benchMsMax);
    const json = join(tempDir("bench"), "rows.json");
    const { code, stdout, stderr } = await bench("store", "--runs", "1", "--json", json);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\d{4}-\d\d-\d\d, \d+ x .*; Node 24\./);
    assert.match(stdout, /^\| blobs of 300 bytes .* \/s \| .* \/s \(write, fsync, rename\) \| \*\*\d+\.\d\d\*\* /m);
    const written = JSON.parse(readFileSync(json, "utf8")) as { date: string; rows: { bench: string; unit: string }[] };
    assert.match(written.date, /^\d{4}-\d\d-\d\d$/);
    assert.deepEqual(
      written.rows.map(({ bench, unit }) => [bench, unit]),
      [["store", "/s"]],
    );
  });

  it("says what there is to run when asked for help, and what is wrong with its arguments", async () => {
    const { code, stdout } = await bench("--help");
    assert.equal(code, 0);
    assert.match(stdout, /^npm run bench -- \[NAME\.\.\.\]/);
    assert.match(stdout, /^ {2}store +.+$/m);
    assert.match(stdout, /^ {2}year +.+\(long: only when it is named\)$/m);
    const wrong = await bench("--run", "1");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^bench: Unknown option '--run'/m);
  });

  it("says which there are when asked for another", async () => {
    const { code, stderr } = await bench("stor");
    assert.equal(code, 2);
    assert.match(stderr, /^bench: no benchmark stor; there are (?:[\w-]+, )*store\b/m);
  });
});
