/** Analyses that do what they may not. Each gets nothing, and costs its own block or attempt at most. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import { entriesOf, records, setting } from "./setting.ts";

/** A counting analysis that does all of `bodies` once, at its first record, and emits what became of each as a key. */
function doing(bodies: Readonly<Record<string, string>>): string {
  const attempts = Object.entries(bodies).map(([what, body]) => `[${JSON.stringify(what)}, () => { ${body} }]`);
  return `import fs from "node:fs"; import os from "node:os"; import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
let tried = false;
export default { name: "hostile", key: ["what", "got"], merge: (a, b) => a + b,
  map(record, emit) {
    if (!tried) for (const [what, attempt] of [${attempts.join(",")}]) {
      let got; try { got = attempt(); } catch (error) { got = "refused: " + error.message; }
      emit([what, String(got)], 1);
    }
    tried = true;
    emit(["records", ""], 1);
  } };`;
}

/** What became of each, in one job with real children. */
async function tried(bodies: Readonly<Record<string, string>>): Promise<Map<string, string>> {
  const s = setting();
  const task = s.task(s.bundle(doing(bodies)), [s.block("a.ndjson", records(3, 1))]);
  const outcome = await s.runner.run({ ...task, columns: 2 }, s.hooks());
  assert.deepEqual([outcome.ended, outcome.faults], [null, []]);
  const keys = Object.keys(entriesOf(outcome)).map((key) => key.split("\t"));
  return new Map(keys.map(([, what = "", got = ""]) => [what, got]));
}

describe("a hostile analysis", function hostile() {
  this.timeout(60_000);

  const refusals: Record<string, string> = {
    "the home folder": `return fs.readdirSync(${JSON.stringify(process.env["HOME"] ?? "/root")}).length`,
    "the password file": 'return fs.readFileSync("/etc/passwd", "utf8")',
    "the parent's environment": "return fs.readFileSync(`/proc/${process.ppid}/environ`, 'utf8')",
    "its own environment in /proc": "return fs.readFileSync('/proc/self/environ', 'utf8')",
    "a neighbour of the scratch folder": "return fs.readdirSync('../..').join()",
    "a process": "return require('node:child_process').execFileSync('/bin/true')",
    "a process, by the module that builds on it": "return require('node:cluster').fork().id",
    "a thread": "return new (require('node:worker_threads').Worker)('1', { eval: true }).threadId",
    "a database file": "return new (require('node:sqlite').DatabaseSync)('/tmp/x.db')",
    "a debugger": "return require('node:inspector').open(0)",
    "native code": "return process.dlopen({ exports: {} }, '/usr/lib/libc.so.6')",
    "a file elsewhere": "return fs.writeFileSync('/tmp/spotfold-hostile', 'x')",
    "its own bundle": "return fs.writeFileSync(import.meta.filename, 'x')",
    "a symbolic link out": "return fs.symlinkSync('/etc/passwd', 'link')",
    "a hard link out": "return fs.linkSync('/etc/passwd', 'link')",
    "another name for its own code, to write it by": "return fs.linkSync(import.meta.filename, 'link')",
    "its parent's life": "return process.kill(process.ppid, 'SIGKILL')",
    "its parent's debugger": "return process._debugProcess(process.ppid)",
    "its parent's priority": "return os.setPriority(process.ppid, 19)",
    "another program in its place": "return process.execve('/bin/true', ['true'])",
    "V8's flags": "return require('node:v8').setFlagsFromString('--max-old-space-size=9999')",
    "a report of its process": "return process.report.writeReport('/tmp/spotfold-hostile.json')",
  };
  let got = new Map<string, string>();
  before(async () => {
    got = await tried({ ...refusals, environment: "return Object.keys(process.env).join()" });
  });
  for (const what of Object.keys(refusals)) {
    it(`does not get ${what}`, () => {
      assert.match(got.get(what) ?? "", /^refused: /);
    });
  }

  it("that reads files is told that analyses read none, and how side files are given", async () => {
    for (const path of ["/etc/passwd", "definitions.json"]) {
      const s = setting();
      const source = `import { readFileSync } from "node:fs"; export default { name: "reads", key: ["k"],
        merge: (a, b) => a + b, map(record, emit) { readFileSync(${JSON.stringify(path)}); } };`;
      const { reports } = await s.run(s.bundle(source), [s.block("a.ndjson", "1\n")]);
      const first = reports[0]?.firstRejection ?? "";
      assert.match(first, /map-threw: an analysis reads no files \([^)]+\): give side files as `inputs` and read them/);
      assert.ok(first.includes(path), first);
      assert.doesNotMatch(first, /--allow/);
    }
  });

  it("that writes a file is told that, too", async () => {
    const s = setting();
    const source = `import { writeFileSync } from "node:fs"; writeFileSync("/tmp/spotfold-hostile", "x");`;
    const { ended } = await s.run(s.bundle(source), [s.block("a.ndjson", "1\n")]);
    assert.match(ended?.message ?? "", /cannot be loaded: an analysis writes no files \(\/tmp\/spotfold-hostile\)/);
  });

  it("sees an empty environment", () => {
    assert.equal(got.get("environment"), "TZ");
  });

  it("that exits costs its block", async () => {
    const s = setting();
    const source = `export default { name: "exits", key: ["k"], merge: (a, b) => a + b,
      map(record, emit) { if (record.text() === "exit") process.exit(0); emit(["n"], 1); } };`;
    const outcome = await s.run(s.bundle(source), [
      s.block("a.ndjson", "1\n"),
      s.block("b.ndjson", "1\nexit\n"),
      s.block("c.ndjson", "1\n"),
    ]);
    assert.deepEqual([outcome.ended, outcome.faults.map(({ block, cause }) => [block, cause])], [null, [[1, "code"]]]);
    assert.deepEqual(entriesOf(outcome), { "p\tn": "2" });
  });

  it("that loops for ever costs its block and the stall limit", async () => {
    const s = setting();
    const source = `export default { name: "loops", key: ["k"], merge: (a, b) => a + b,
      map(record, emit) { while (record.text() === "loop"); emit(["n"], 1); } };`;
    const blocks = [s.block("a.ndjson", "1\n"), s.block("b.ndjson", "loop\n")];
    const outcome = await s.run(s.bundle(source), blocks, { stallMs: 1_500 });
    assert.deepEqual(
      [outcome.ended, outcome.faults.map(({ block, cause, reason }) => [block, cause, reason])],
      [null, [[1, "timeout", "stalled"]]],
    );
    assert.match(outcome.faults[0]?.message ?? "", /^no progress for 1\.5 s in b\.ndjson\. Is there an endless loop/);
    assert.deepEqual(entriesOf(outcome), { "p\tn": "1" });
  });

  it("that loops while it is loaded ends the attempt", async () => {
    const s = setting();
    const outcome = await s.run(s.bundle("for (;;);"), [s.block("a.ndjson", "1\n")], { stallMs: 1_000 });
    assert.deepEqual([outcome.ended?.cause, outcome.ended?.beforeFirstRecord], ["timeout", true]);
  });

  it("that fills the heap, or buffers, runs out of memory, not the machine", async () => {
    for (const grow of ["all.push(new Array(100_000).fill({}))", "all.push(Buffer.alloc(1 << 22, 1))"]) {
      const s = setting();
      const source = `const all = []; export default { name: "grows", key: ["k"], merge: (a, b) => a + b,
        map(record, emit) { for (;;) ${grow}; } };`;
      const outcome = await s.run(s.bundle(source), [s.block("a.ndjson", "1\n")], { stallMs: 20_000 });
      assert.equal(outcome.ended?.cause, "out-of-memory", JSON.stringify(outcome.ended));
      assert.deepEqual(outcome.reports, []);
    }
  });

  it("that prints 1 GB is cut off, and no slower for it", async () => {
    const s = setting();
    const source = `const text = "x".repeat(1_000_000); export default { name: "prints", key: ["k"], merge: (a, b) => a + b,
      map(record, emit) { for (let i = 0; i < 1_000; i++) console.log(text); emit(["n"], 1); } };`;
    const began = performance.now();
    const outcome = await s.run(s.bundle(source), [s.block("a.ndjson", "1\n")], { stallMs: 20_000 });
    assert.equal(outcome.ended, null);
    assert.ok(outcome.log.length > 900_000 && outcome.log.length < 1_200_000, String(outcome.log.length));
    assert.ok(performance.now() - began < 20_000);
  });

  it("that prints 1 GB past console is read, and forgotten", async () => {
    const s = setting();
    const source = `import fs from "node:fs"; const bytes = Buffer.alloc(1_000_000, 120);
      export default { name: "prints", key: ["k"], merge: (a, b) => a + b,
      map(record, emit) { for (let i = 0; i < 1_000; i++) fs.writeSync(1, bytes); emit(["n"], 1); } };`;
    const before = process.memoryUsage().rss;
    const outcome = await s.run(s.bundle(source), [s.block("a.ndjson", "1\n")], { stallMs: 20_000 });
    assert.equal(outcome.ended, null);
    assert.ok(outcome.log.length < 1_200_000);
    assert.ok(process.memoryUsage().rss - before < 150e6);
  });

  it("that forges reports, or takes its input away, is found out", async () => {
    const forged = JSON.stringify({
      say: "ended",
      report: { index: 0, records: 9, rawBytes: 9, rejected: {}, verdict: "counted" },
    });
    for (const body of [
      `fs.writeSync(4, ${JSON.stringify(`${forged}\n`)})`,
      "fs.closeSync(0)",
      "fs.closeSync(4)",
      "fs.readSync(0, Buffer.alloc(1 << 20))",
    ]) {
      const s = setting();
      const block = s.block("a.ndjson", records(300_000, 1));
      const task = s.task(s.bundle(doing({ body })), [block], { stallMs: 2_000 });
      const outcome = await s.runner.run({ ...task, columns: 2 }, s.hooks());
      assert.deepEqual(outcome.reports, [], body);
      const causes = [
        ...outcome.faults.map(({ cause }) => cause),
        ...(outcome.ended === null ? [] : [outcome.ended.cause]),
      ];
      assert.ok(
        causes.length === 1 && ["code", "timeout"].includes(causes[0] ?? ""),
        `${body}: ${JSON.stringify(causes)}`,
      );
    }
  });

  it("that looks on while reports are made into text does not see the task's token", async () => {
    const s = setting();
    const source = `const seen = new Set();
      Object.defineProperty(Object.prototype, "toJSON", { configurable: true, value() { for (const name in this) seen.add(name); return this; } });
      export default { name: "looks", key: ["k"], merge: (a, b) => a + b,
      map(record, emit) { if (seen.has("say")) emit([String(seen.has("token"))], 1); } };`;
    const blocks = [s.block("a.ndjson", records(10, 1)), s.block("b.ndjson", records(10, 1))];
    const outcome = await s.run(s.bundle(source), blocks);
    assert.equal(outcome.ended, null);
    assert.deepEqual(entriesOf(outcome), { "p\tfalse": "20" });
  });

  it("leaves no trace outside its scratch folder", async () => {
    const s = setting();
    const target = join(s.folder, "target");
    writeFileSync(target, "untouched");
    const body = `fs.writeFileSync(${JSON.stringify(target)}, "touched")`;
    const task = s.task(s.bundle(doing({ body })), [s.block("a.ndjson", records(1, 1))]);
    await s.runner.run({ ...task, columns: 2 }, s.hooks());
    assert.equal(readFileSync(target, "utf8"), "untouched");
    assert.equal(existsSync("/tmp/spotfold-hostile"), false);
  });
});
