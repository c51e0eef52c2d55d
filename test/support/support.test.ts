/**
 * The test runner and its support, which every other suite relies on: a suite is written to a temporary folder and run by
 * scripts/test.ts in a process of its own.
 */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run, runNode, start } from "./processes.ts";
import type { Ended } from "./processes.ts";
import { repositoryRoot, requiredNames } from "./requirements.ts";
import { tempDir } from "./temp.ts";

/** Runs these files as suites; `env` as for `run`. */
function suites(files: Record<string, string>, env: Record<string, string> = {}): Promise<Ended> {
  const folder = tempDir("suites");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const support = (name: string): string => pathToFileURL(join(repositoryRoot, "test/support", name)).href;
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(
      join(folder, name),
      text.replace(/"(\w+\.ts)"/g, (_, file: string) => `"${support(file)}"`),
    );
  }
  const names = Object.keys(files).map((name) => join(folder, name));
  return runNode([join(repositoryRoot, "scripts/test.ts"), ...names], { env, cwd: folder });
}

const lastLine = (end: Ended): string | undefined => end.stdout.trimEnd().split("\n").at(-1);

const NEEDS_DATA = `
  import { needs } from "requirements.ts";
  it("runs", () => undefined);
  describe("with data", () => {
    needs("data");
    it("reads", () => { throw new Error("must not run"); });
    describe("deeper", () => it("reads more", () => { throw new Error("must not run"); }));
  });
`;
const NO_DATA = { SPOTFOLD_REFERENCE_DIR: "nowhere" };

describe("the test runner", () => {
  it("counts as its last line, and exits 1 after a failure", async () => {
    const end = await suites({ "a.ts": 'it("a", () => undefined); it("b", () => { throw new Error("wrong"); });' });
    assert.deepEqual([end.code, lastLine(end)], [1, "1 passed, 1 failed, 0 skipped"]);
  });

  it("skips what lacks data, with reason and count", async () => {
    const end = await suites({ "a.ts": NEEDS_DATA }, NO_DATA);
    assert.deepEqual([end.code, lastLine(end)], [0, "1 passed, 0 failed, 2 skipped"]);
    assert.match(end.stdout, /^ *skipped 2: no reference data: .* not in .*nowhere/m);
  });

  it("fails instead when that is required", async () => {
    const end = await suites({ "a.ts": NEEDS_DATA }, { ...NO_DATA, SPOTFOLD_TEST_REQUIRE: "git, data" });
    assert.deepEqual([end.code, lastLine(end)], [1, "1 passed, 1 failed, 0 skipped"]);
    assert.match(end.stdout, /SPOTFOLD_TEST_REQUIRE names "data", which is absent: no reference data/);
  });

  it("refuses to require what no suite can need", async () => {
    assert.throws(() => requiredNames("data,dta"), /names "dta"; known: data, /);
    const end = await suites({ "a.ts": 'it("a", () => undefined);' }, { SPOTFOLD_TEST_REQUIRE: "dta" });
    assert.equal(end.code, 1);
  });

  it("skips the cases that a server cannot pass, with the reason, while they fail, and no longer", async () => {
    const suite = (cases: string): string => `
      import { without } from "requirements.ts";
      const suite = describe("a server", () => {
        it("shuffles", () => { throw new Error("in order"); });
        it("sends", () => undefined);
      });
      without(suite, [{ reason: "it cannot shuffle", cases: ${cases} }]);
    `;
    const lacking = await suites({ "a.ts": suite('["shuffles"]') });
    assert.deepEqual([lacking.code, lastLine(lacking)], [0, "1 passed, 0 failed, 1 skipped"]);
    assert.match(lacking.stdout, /^ *skipped 1: it cannot shuffle/m);
    const learned = await suites({ "a.ts": suite('["shuffles", "sends"]') });
    assert.deepEqual([learned.code, lastLine(learned)], [1, "0 passed, 1 failed, 1 skipped"]);
    assert.match(learned.stdout, /This passes, although "it cannot shuffle"/);
    const renamed = await suites({ "a.ts": suite('["shuffle"]') });
    assert.equal(renamed.code, 1);
    assert.match(renamed.stdout, /a server has no case "shuffle"/);
  });

  it("counts a file that does not load as one failure, and runs the others", async () => {
    const end = await suites({ "a.ts": 'import "./absent.ts";', "b.ts": 'it("b", () => undefined);' });
    assert.deepEqual([end.code, lastLine(end)], [1, "1 passed, 1 failed, 0 skipped"]);
    assert.match(end.stdout, /absent\.ts/);
  });

  it("fails, and ends, when a test leaves open what keeps the process alive", async () => {
    const end = await suites({ "a.ts": 'it("a", () => void setInterval(() => undefined, 1000));' });
    assert.deepEqual([end.code, lastLine(end)], [1, "1 passed, 1 failed, 0 skipped"]);
    assert.match(end.stdout, /keeps the process alive: .*Timeout/);
  });

  it("removes folders and kills processes, their children too, when a test that failed is over", async () => {
    const end = await suites({
      "a.ts": `
        import { start } from "processes.ts";
        import { tempDir } from "temp.ts";
        it("a", async () => {
          console.log("folder " + tempDir());
          const started = await start("sh", ["-c", "sleep 300 & echo child $!; wait"]);
          console.log("pid " + started.pid, (await started.waitFor(/child (\\d+)/))[0]);
          throw new Error("wrong");
        });
        it("b", () => undefined);
      `,
    });
    assert.deepEqual([end.code, lastLine(end)], [1, "1 passed, 1 failed, 0 skipped"]);
    const [, folder] = /^folder (.+)$/m.exec(end.stdout) ?? [];
    const [, pid, child] = /^pid (\d+) child (\d+)$/m.exec(end.stdout) ?? [];
    assert.ok(folder !== undefined && pid !== undefined && child !== undefined, end.stdout);
    assert.ok(!existsSync(folder));
    for (const id of [pid, child]) {
      // What was killed and not yet collected by the system's first process is listed as a zombie.
      const listed = await run("ps", ["-o", "stat=", "-p", id]);
      assert.match(listed.stdout, /^Z|^$/);
    }
  });
});

describe("processes of tests", () => {
  it("say what they printed when they end too early or print too little", async () => {
    const early = await start(process.execPath, ["-e", "console.log('hello')"]);
    await assert.rejects(early.waitFor(/goodbye/), /Ended before it printed [^]*hello/);
    const silent = await start(process.execPath, ["-e", "setInterval(() => {}, 1000); console.error('hm')"]);
    await silent.waitFor(/hm/);
    await assert.rejects(silent.waitFor(/goodbye/, 100), /No \/goodbye\/ in 100 ms: [^]*hm/);
    await assert.rejects(silent.waitForEnd(100), /Did not end in 100 ms/);
  });

  it("get input and settings, and none of the settings of whoever runs the tests", async () => {
    const program = "process.stdin.pipe(process.stdout); console.log(process.env.A, process.env.npm_lifecycle_event)";
    process.env["npm_lifecycle_event"] ??= "test";
    const end = await runNode(["-e", program], { input: "in", env: { A: "1" } });
    assert.equal(end.stdout, "1 undefined\nin");
  });
});
