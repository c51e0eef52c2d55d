/**
 * `npm run setup`: once for real, in a clone, with the machine's own Node and npm; and what it says when what npm installed is not
 * what it has to be. For that, npm is played by a script that lays out a node_modules of the test's choice.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, runNode } from "../support/processes.ts";
import type { Ended } from "../support/processes.ts";
import { needs, repositoryRoot } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";

/** Two installs, the second of some 50 packages, on a slow network. */
const SETUP_MS = 240_000;

/** Runs setup in a folder with this package.json, where `npm` is `script` (sh), called in that folder. */
async function setupWith(script: string): Promise<Ended> {
  const root = tempDir("setup");
  mkdirSync(join(root, "scripts"));
  mkdirSync(join(root, "bin"));
  copyFileSync(join(repositoryRoot, "scripts/setup.cjs"), join(root, "scripts/setup.cjs"));
  copyFileSync(join(repositoryRoot, "package.json"), join(root, "package.json"));
  writeFileSync(join(root, "bin/npm"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return runNode([join(root, "scripts/setup.cjs")], { cwd: root, env: { PATH: `${join(root, "bin")}:/usr/bin:/bin` } });
}

/** A node_modules/.bin/node that says it is `version`, and otherwise is the Node of this test. */
function nodeThatSays(version: string): string {
  return [
    "mkdir -p node_modules/.bin",
    "cat > node_modules/.bin/node <<'END'",
    "#!/bin/sh",
    `[ "$1" = --version ] && echo ${version} || exec "${process.execPath}" "$@"`,
    "END",
    "chmod +x node_modules/.bin/node",
  ].join("\n");
}

describe("npm run setup", () => {
  it("fails loudly when npm fails", async () => {
    const end = await setupWith("echo no network >&2; exit 1");
    assert.equal(end.code, 1);
    assert.match(end.stderr, /no network\nsetup: npm ci failed/);
  });

  it("fails loudly when npm scripts would run on another Node", async () => {
    for (const version of ["v20.20.2", "v24.11.0", "v25.0.0"]) {
      const end = await setupWith(nodeThatSays(version));
      assert.equal(end.code, 1);
      assert.match(end.stderr, new RegExp(`setup: npm scripts here would run on Node ${version}, not 24`));
    }
  });

  it("fails loudly when a native package was left out", async () => {
    const end = await setupWith(nodeThatSays("v24.21.0"));
    assert.equal(end.code, 1);
    assert.match(end.stderr, /setup: a native package does not work under Node 24: [^]*@napi-rs\/lzma/);
  });

  it("has npm link the Node that it unpacked and did not link, as npm 10 does", async () => {
    const platform = `node_modules/node-${process.platform}-${process.arch}`;
    const unpack = `[ "$1" = ci ] && mkdir -p ${platform} && exit 0`;
    const end = await setupWith(`${unpack}\n[ "$1" = rebuild ] || exit 9\n${nodeThatSays("v23.0.0")}`);
    assert.match(
      end.stderr,
      /setup: npm scripts here would run on Node v23.0.0, not 24/,
      "the link is what is looked at",
    );
    const unlinked = await setupWith(`${unpack}\nexit 0`);
    assert.equal(unlinked.code, 1);
    assert.match(unlinked.stderr, /setup: npm did not link node_modules\/\.bin\/node/);
  });

  it("tells npm to run no install script and to leave nothing out", async () => {
    const end = await setupWith('echo "args: $*"; exit 1');
    assert.match(end.stdout, /args: ci --include=dev --include=optional --ignore-scripts/);
  });

  describe("in a clone", function () {
    this.timeout(SETUP_MS);
    needs("registry", "git");

    for (const npm of [["npm"], ["npx", "--yes", "npm@10"], ["npx", "--yes", "npm@12"]])
      it(`ends with Node 24 for npm scripts and an untouched checkout: ${npm.at(-1) ?? ""}`, async () => {
        const clone = join(tempDir("clone"), "spotfold");
        await run("git", ["clone", "--quiet", repositoryRoot, clone]);
        // As a user's shell has it: without what npm put in front for this test.
        const path = (process.env["PATH"] ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
        const env = { PATH: path.join(delimiter) };
        const [file = "", ...words] = npm;
        const end = await run(file, [...words, "run", "setup"], { cwd: clone, env, waitMs: SETUP_MS });
        assert.equal(end.code, 0, end.stderr);
        assert.match(end.stdout, /setup: ready: npm scripts run on Node v24\./);
        const status = await run("git", ["status", "--porcelain"], { cwd: clone });
        assert.equal(status.stdout, "");
        const node = await run(join(clone, "node_modules/.bin/node"), ["--version"]);
        assert.match(node.stdout, /^v24\./);
      });
  });
});
