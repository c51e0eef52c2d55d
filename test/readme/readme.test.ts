/**
 * Does what README.md says, as its reader would, in a copy of this checkout: writes the files, runs the commands in their order,
 * and looks whether what is shown below a command is printed by it, line for line, but for times, ids and the like.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startMoto } from "../support/moto.ts";
import { needs, repositoryRoot } from "../support/requirements.ts";
import { start, type Ended, type Started } from "../support/processes.ts";
import { tempDir } from "../support/temp.ts";
import { linksOf, roughShapeOf, shapeOf, stepsOf, type Step } from "./blocks.ts";

/** Setting up is what made the checkout that is copied here; the tests would run this one. */
const leftOut = /^npm (?:test|run (?:check|bench|test:long))\b/;
const setUp = /^npm run setup && /;
/** From here to the next section the reader has an account with AWS: ours is a server of the test. */
const inCloud = /^## In S3 and SQS$([\s\S]*?)^## /m;
/** Commands that go on until they are stopped. A reader's port may be taken here. */
const endless = /^npx spotfold (?:serve \S+|master|worker)$/;
/** Those that the reader leaves running in a terminal of their own. */
const daemon = /^npx spotfold (?:master|worker)$/;

/** What works on the sample shows numbers that follow from how the sample is made; of all else they are compared. */
const onSample = /\bdemo\b|\bpings\b/;

/** The demo makes and counts 200 MB; a machine that is busy with other tests takes its time. */
const commandMsMax = 300_000;

const readme = readFileSync(join(repositoryRoot, "README.md"), "utf8");

function copyOfCheckout(): string {
  const root = join(tempDir("readme"), "spotfold");
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: repositoryRoot,
    encoding: "utf8",
  });
  for (const path of listed.split("\0")) {
    if (path === "" || !existsSync(join(repositoryRoot, path))) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(repositoryRoot, path), join(root, path));
  }
  symlinkSync(join(repositoryRoot, "node_modules"), join(root, "node_modules"));
  return root;
}

/** A folder with the command `aws`, as a package manager would have put it into the path. */
function awsCommand(): string {
  const bin = tempDir("aws-command");
  const lines = ["#!/bin/sh", 'exec env PYTHONPATH="$AWS_CLI_FOLDER" python3 -m awscli "$@"'];
  const packages = join(repositoryRoot, ".test-tools/awscli");
  writeFileSync(join(bin, "aws"), lines.join("\n").replace("$AWS_CLI_FOLDER", packages), { mode: 0o755 });
  return bin;
}

class Reader {
  readonly #root: string;
  readonly #env: Readonly<Record<string, string>>;
  #folder: string;
  readonly #daemons: Started[] = [];

  /** `env`: what differs from our own environment, `PATH` among it. */
  constructor(root: string, env: Readonly<Record<string, string>> = {}) {
    this.#root = root;
    this.#env = env;
    this.#folder = root;
  }

  async follow(step: Step): Promise<void> {
    if (step.kind === "file") writeFileSync(join(this.#folder, step.name), step.text);
    else await this.#run(step);
  }

  /** All lines of a block in one shell, which stops at the first that fails; the folder that it ends in is the next one's. */
  async #run({ text, shown, line }: Extract<Step, { kind: "commands" }>): Promise<void> {
    const folderFile = join(dirname(this.#root), "folder");
    const isServe = endless.test(text) && !daemon.test(text);
    const commands = isServe ? `${text} --port 0` : text.replace(setUp, "");
    const script = endless.test(text) ? `exec ${commands} 2>&1` : `{ ${commands}\n} 2>&1\npwd > '${folderFile}'`;
    const shell = await start("bash", ["-euo", "pipefail", "-c", script], { cwd: this.#folder, env: this.#env });
    if (daemon.test(text)) {
      await shell.waitFor(/"event":"settings"/, commandMsMax);
      this.#daemons.push(shell);
      return;
    }
    if (isServe) {
      await shell.waitFor(/Serving /);
      shell.killGroup("SIGINT");
    }
    const ended = await shell.waitForEnd(commandMsMax);
    const { code, signal, stdout } = ended;
    const isWell = code === 0 || (isServe && wasStopped(ended));
    assert.ok(isWell, `README.md:${line}: ${commands}: exit ${code ?? signal ?? ""}\n${stdout}`);
    if (!isServe) this.#folder = readFileSync(folderFile, "utf8").trim();
    const compared = onSample.test(text) ? roughShapeOf : shapeOf;
    assertShown(shown, stdout.replaceAll(this.#root, "~/spotfold"), line, compared);
  }

  /** Ctrl-C in the terminals that are left: daemons drain. */
  async leave(): Promise<void> {
    for (const shell of this.#daemons) shell.killGroup("SIGINT");
    for (const shell of this.#daemons) {
      const ended = await shell.waitForEnd(commandMsMax);
      assert.ok(ended.code === 0 || wasStopped(ended), ended.stdout);
      assert.match(ended.stdout, /"event":"daemon-ended","[^\n]*"status":0/);
    }
  }
}

/** npx itself dies of the Ctrl-C that it passes on. */
function wasStopped({ code, signal }: Ended): boolean {
  return signal === "SIGINT" || code === 130;
}

/** Every line that is shown is printed, in that order; others may come between. */
function assertShown(
  shown: readonly string[],
  printed: string,
  line: number,
  compared: (line: string) => string = shapeOf,
): void {
  const lines = printed.split("\n").map(compared);
  let from = 0;
  for (const text of shown) {
    const found = lines.findIndex((candidate, index) => index >= from && candidate.startsWith(compared(text)));
    assert.notEqual(found, -1, `README.md:${line} shows a line that is not printed:\n${text}\n--- printed\n${printed}`);
    from = found + 1;
  }
}

describe("README.md", () => {
  const section = inCloud.exec(readme)?.[1] ?? "";
  // At its own lines, for messages.
  const cloud = readme.slice(0, readme.indexOf(section)).replaceAll(/.+/g, "") + section;
  const followed = (markdown: string): Step[] =>
    stepsOf(markdown).filter((step) => step.kind === "file" || !leftOut.test(step.text));
  const steps = followed(readme.replace(section, section.replaceAll(/.+/g, "")));

  it("holds a reader's way from the first command to the last", async function () {
    this.timeout(steps.length * commandMsMax);
    assert.ok(steps.length > 10, "its blocks are found");
    const reader = new Reader(copyOfCheckout());
    for (const step of steps) await reader.follow(step);
  });

  describe("in S3 and SQS", () => {
    needs("moto", "curl");

    it("leads from nothing to files that a browser reads", async function () {
      const cloudSteps = followed(cloud);
      this.timeout((cloudSteps.length + 1) * commandMsMax);
      assert.ok(cloudSteps.length > 3, "its blocks are found");
      const moto = await startMoto();
      const root = copyOfCheckout();
      const reader = new Reader(root, { ...moto.env, PATH: `${awsCommand()}:${process.env["PATH"] ?? ""}` });
      // What it takes from the sections before.
      for (const step of steps) {
        const isNeeded = step.kind === "file" ? step.name === "os-distribution.ts" : /\bsample --out\b/.test(step.text);
        if (isNeeded) await reader.follow(step);
      }
      for (const step of cloudSteps) await reader.follow(step);
      await reader.leave();
    });
  });

  it("shows shapes that tell a right line from a wrong one", () => {
    const [shown, printed] = ["run 20260101-120000-0a1b2c3d into os: 12 blocks, in 8 jobs", "in 3 s"];
    assert.equal(shapeOf(shown), shapeOf("run 20270202-130000-ffffffff into os: 12 blocks, in 4 jobs"));
    assert.notEqual(shapeOf(shown), shapeOf("run 20270202-130000-ffffffff into os: 11 blocks, in 4 jobs"));
    assert.throws(() => assertShown([shown], printed, 1), /not printed/);
    assert.throws(() => assertShown(["a", "b"], "b\na\n", 1), /not printed/);
    assert.doesNotThrow(() => assertShown(["a", "b"], "a\nx\nb\n", 1));
  });
});

describe("links in Markdown files", () => {
  it("lead somewhere", () => {
    const listed = execFileSync("git", ["ls-files", "-z", "*.md"], { cwd: repositoryRoot, encoding: "utf8" });
    const files = listed.split("\0").filter((path) => path !== "");
    assert.ok(files.length > 10);
    const dead = files.flatMap((path) =>
      linksOf(readFileSync(join(repositoryRoot, path), "utf8"))
        .filter((link) => !existsSync(join(repositoryRoot, dirname(path), link)))
        .map((link) => `${path}: ${link}`),
    );
    assert.deepEqual(dead, []);
  });
});
