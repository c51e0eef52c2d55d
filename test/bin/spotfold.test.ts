/**
 * bin/spotfold.cjs under this Node, under one that is too old, in a checkout and outside of one. The bin is copied to a folder
 * that looks like a checkout, with a command line that says what it was given. The older Node is played: a preload that
 * changes `process.versions`, so that the test runs wherever Node 24 does.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runNode, start } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";

/** Says how it was called; `exit N`, `signal NAME` and `wait` end it in each way that there is. */
const COMMAND_LINE = `
const [verb, value] = process.argv.slice(2);
console.log(JSON.stringify({ argv: process.argv.slice(2), execPath: process.execPath }));
if (verb === "exit") process.exitCode = Number(value);
else if (verb === "signal") process.kill(process.pid, value as NodeJS.Signals);
else if (verb === "wait") {
  const timer = setInterval(() => undefined, 1000);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      console.log("got " + signal);
      process.exitCode = signal === "SIGINT" ? 130 : 143;
      clearInterval(timer);
    });
  }
  console.log("waiting " + process.pid);
} else if (verb === "inside") {
  const { spawnSync } = await import("node:child_process");
  const script = "console.log(JSON.stringify(process.env.SPOTFOLD_LAUNCHER ?? null))";
  console.log(String(spawnSync(process.execPath, ["-e", script]).stdout).trim());
  console.log(JSON.stringify([process.connected ?? false, process.env.SPOTFOLD_LAUNCHER ?? null]));
}
`;

interface Place {
  readonly bin: string;
  /** Arguments that make Node believe that it is 20.20. */
  readonly asNode20: readonly string[];
  /** The "checkout's own Node": runs the bin as the Node that it is. */
  readonly ownNode: string;
}

/** A folder with the bin and `cli/main.ts`; `own` puts a Node into its node_modules. */
function checkout(options: { readonly own: boolean; readonly setUp?: boolean }): Place {
  const root = tempDir("bin");
  cpSync(join(repositoryRoot, "bin"), join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "cli"));
  writeFileSync(join(root, "cli/main.ts"), COMMAND_LINE);
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
  if (options.setUp ?? true) writeFileSync(join(root, "node_modules/.package-lock.json"), "{}");
  const old = join(root, "old.cjs");
  writeFileSync(
    old,
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`,
  );
  // A second name of the same binary would be taken for the Node that was too old: a copy by script stands for another one.
  const ownNode = join(root, "node_modules/.bin/node");
  if (options.own) writeFileSync(ownNode, `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
  return { bin: join(root, "bin/spotfold.cjs"), asNode20: ["--require", old], ownNode };
}

const TOO_OLD = /^spotfold needs Node 24\.12 or newer and was started with 20\.20\.2: [^\n]+ npm run setup\n$/;

describe("the spotfold bin", () => {
  it("asks for the Node that the package's engines name", () => {
    const asked = /NODE_MIN = \[(\d+), (\d+)\]/.exec(readFileSync(join(repositoryRoot, "bin/spotfold.cjs"), "utf8"));
    const published = /NODE_RANGE = ">=([\d.]+)"/.exec(readFileSync(join(repositoryRoot, "scripts/build.ts"), "utf8"));
    assert.equal(`${asked?.[1]}.${asked?.[2]}`, published?.[1]);
  });

  it("passes arguments on as they are, and the exit code back", async () => {
    const { bin } = checkout({ own: false });
    const end = await runNode([bin, "exit", "7", "a b", "", "--x=é"]);
    assert.equal(end.code, 7);
    assert.deepEqual(JSON.parse(end.stdout).argv, ["exit", "7", "a b", "", "--x=é"]);
    assert.equal(end.stderr, "");
  });

  it("runs when it is called through a link, as npm makes one", async () => {
    const { bin } = checkout({ own: false });
    const link = join(tempDir("bin-link"), "spotfold");
    symlinkSync(bin, link);
    const end = await runNode([link, "exit", "0"]);
    assert.equal(end.code, 0, end.stderr);
  });

  it("says what to do in a checkout that is not set up", async () => {
    const { bin } = checkout({ own: false, setUp: false });
    const end = await runNode([bin, "--help"]);
    assert.deepEqual([end.code, end.stdout], [2, ""]);
    assert.match(end.stderr, /^[^\n]*npm run setup\n$/);
  });

  it("runs for a user without a home, and keeps what it compiled in no folder that depends on where it is called", async () => {
    const root = tempDir("bin-package");
    cpSync(join(repositoryRoot, "bin"), join(root, "bin"), { recursive: true });
    mkdirSync(join(root, "dist/cli"), { recursive: true });
    writeFileSync(join(root, "package.json"), '{ "type": "module" }');
    writeFileSync(
      join(root, "dist/cli/main.js"),
      'import { getCompileCacheDir } from "node:module"; console.log(getCompileCacheDir() ?? "none");',
    );
    const homeless = join(root, "homeless.cjs");
    writeFileSync(homeless, 'require("node:os").homedir = () => { throw new Error("no home"); };');
    const bin = join(root, "bin/spotfold.cjs");
    const cache = tempDir("bin-cache");
    for (const [before, env, kept] of [
      [["--require", homeless], { XDG_CACHE_HOME: undefined }, "none"],
      [["--require", homeless], { XDG_CACHE_HOME: cache }, join(cache, "spotfold/compiled")],
      [[], { XDG_CACHE_HOME: undefined, HOME: "" }, "none"],
      [[], { XDG_CACHE_HOME: "relative", HOME: cache }, join(cache, ".cache/spotfold/compiled")],
    ] as const) {
      const end = await runNode([...before, bin], { cwd: root, env: { ...env, NODE_COMPILE_CACHE: undefined } });
      assert.equal(end.code, 0, end.stderr);
      assert.ok(kept === "none" ? end.stdout === "none\n" : end.stdout.startsWith(kept), end.stdout);
    }
  });

  describe("under an older Node", () => {
    it("says so in one line and exits 2 before it loads anything", async () => {
      const { bin, asNode20 } = checkout({ own: false });
      const end = await runNode([...asNode20, bin, "--help"]);
      assert.deepEqual([end.code, end.stdout], [2, ""]);
      assert.match(end.stderr, TOO_OLD);
    });

    it("does not call itself for ever when the checkout's own Node is the one that is too old", async () => {
      const { bin, asNode20, ownNode } = checkout({ own: false });
      symlinkSync(process.execPath, ownNode);
      const end = await runNode([...asNode20, bin]);
      assert.equal(end.code, 2);
      assert.match(end.stderr, TOO_OLD);
    });

    it("says so when the checkout's own Node cannot be started", async () => {
      const { bin, asNode20, ownNode } = checkout({ own: false });
      writeFileSync(ownNode, "not a program", { mode: 0o644 });
      const end = await runNode([...asNode20, bin]);
      assert.equal(end.code, 2);
      assert.match(end.stderr, TOO_OLD);
    });

    it("runs again with the checkout's own Node: same arguments, same exit code", async () => {
      const { bin, asNode20 } = checkout({ own: true });
      const end = await runNode([...asNode20, bin, "exit", "4", "a b", "$HOME"]);
      assert.equal(end.code, 4, end.stderr);
      assert.deepEqual(JSON.parse(end.stdout).argv, ["exit", "4", "a b", "$HOME"]);
    });

    it("ends by the signal that ended the other", async () => {
      const { bin, asNode20 } = checkout({ own: true });
      const end = await runNode([...asNode20, bin, "signal", "SIGKILL"]);
      assert.deepEqual([end.code, end.signal], [null, "SIGKILL"]);
    });

    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
    ] as const) {
      it(`hands a ${signal} on that only it was sent`, async () => {
        const { bin, asNode20 } = checkout({ own: true });
        const started = await start(process.execPath, [...asNode20, bin, "wait"]);
        await started.waitFor(/waiting/);
        started.kill(signal);
        const end = await started.waitForEnd();
        assert.deepEqual([end.code, end.signal], [code, null]);
        assert.match(end.stdout, new RegExp(`got ${signal}`));
      });
    }

    it("does not leave the other going when it is killed: that one ends as by SIGTERM", async () => {
      const { bin, asNode20 } = checkout({ own: true });
      const started = await start(process.execPath, [...asNode20, bin, "wait"]);
      await started.waitFor(/waiting \d+/);
      started.kill("SIGKILL");
      const end = await started.waitForEnd();
      assert.equal(end.signal, "SIGKILL");
      assert.match(end.stdout, /got SIGTERM/);
    });

    it("gives no mark of itself and no channel to what the other starts", async () => {
      const { bin, asNode20 } = checkout({ own: true });
      const end = await runNode([...asNode20, bin, "inside"]);
      assert.deepEqual(end.stdout.trim().split("\n").slice(1), ["null", "[false,null]"], end.stderr);
      assert.equal(end.code, 0);
    });

    it("outlives a Ctrl-C that goes to both, and gives back what the other made of it", async () => {
      const { bin, asNode20 } = checkout({ own: true });
      const started = await start(process.execPath, [...asNode20, bin, "wait"]);
      await started.waitFor(/waiting/);
      started.killGroup("SIGINT");
      const end = await started.waitForEnd();
      assert.match(end.stdout, /got SIGINT/);
    });
  });

  it("is parsed by Node 12: nothing newer in what is loaded before the version is known", async () => {
    const { transform } = await import("esbuild");
    for (const name of ["bin/spotfold.cjs", "scripts/setup.cjs"]) {
      const text = readFileSync(join(repositoryRoot, name), "utf8");
      const newer = await transform(text, { target: "esnext", minifyWhitespace: true });
      const older = await transform(text, { target: "node12", minifyWhitespace: true });
      assert.equal(older.code, newer.code, name);
    }
  });
});
