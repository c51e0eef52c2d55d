/** The form in which commands are printed: the one in which whoever reads them can call them. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { callerCommand, commandNames, inCallersWords } from "../../cli/caller-command.ts";
import { commandLine } from "../../cli/io.ts";
import { createProgram } from "../../cli/program.ts";
import { reportFailure } from "../../cli/report/failure.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { repositoryRoot } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

/** A package in `root`, with its bin. */
function packageAt(root: string): string {
  const bin = join(root, "bin/spotfold.cjs");
  mkdirSync(dirname(bin), { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  writeFileSync(bin, "");
  return bin;
}

function linkIn(folder: string, bin: string): string {
  mkdirSync(folder, { recursive: true });
  symlinkSync(bin, join(folder, "spotfold"));
  return folder;
}

describe("the command that is printed", () => {
  const called = (folder: string, root: string, variables: Readonly<Record<string, string>> = {}): readonly string[] =>
    callerCommand({ variables: { PATH: "/usr/bin:/bin", ...variables }, workingFolder: folder }, root);

  it("is spotfold where PATH leads to this one, and not to another", () => {
    const folder = tempDir("caller-path");
    const root = join(folder, "lib/node_modules/spotfold");
    const path = linkIn(join(folder, "bin"), packageAt(root));
    assert.deepEqual(called("/", root, { PATH: `/usr/bin:${path}` }), ["spotfold"]);
    const other = join(folder, "other");
    assert.deepEqual(called("/", other, { PATH: path }), [packageAt(other)]);
  });

  it("is npx spotfold in a checkout and in its folders, also where npm added to PATH for itself", () => {
    const root = tempDir("caller-checkout");
    const bin = packageAt(root);
    const below = join(root, "my/own");
    mkdirSync(below, { recursive: true });
    const path = linkIn(join(root, "node_modules/.bin"), bin);
    for (const folder of [root, below]) {
      assert.deepEqual(called(folder, root), ["npx", "spotfold"]);
      assert.deepEqual(called(folder, root, { PATH: `${path}:/usr/bin` }), ["npx", "spotfold"]);
    }
    const npm = { INIT_CWD: below, npm_package_json: join(root, "package.json") };
    assert.deepEqual(called(root, root, npm), ["npx", "spotfold"]);
  });

  it("is npx spotfold in a project that has it installed, and not in another one", () => {
    const project = tempDir("caller-project");
    const root = join(project, "node_modules/spotfold");
    const bin = packageAt(root);
    writeFileSync(join(project, "package.json"), "{}");
    assert.deepEqual(called(project, root), ["npx", "spotfold"]);
    const inner = join(project, "inner");
    mkdirSync(inner);
    writeFileSync(join(inner, "package.json"), "{}");
    assert.deepEqual(called(inner, root), [bin]);
    assert.deepEqual(called(inner, root, { npm_command: "exec" }), ["npx", "spotfold"]);
  });

  it("is quoted for a shell", () => {
    const { io } = capturedIo("/", { command: ["/my tools/spotfold.cjs"] });
    assert.equal(commandLine(io, ["=ls", "a=b", ""]), "'/my tools/spotfold.cjs' '=ls' a=b ''");
    assert.equal(commandLine(io, ["status", "it's"]), String.raw`'/my tools/spotfold.cjs' status 'it'\''s'`);
  });
});

describe("hints", () => {
  it("name commands as the caller calls them, and know them all", async () => {
    const names = createProgram(capturedIo(repositoryRoot).io, () => undefined).commands.map((one) => one.name());
    assert.deepEqual(commandNames, names.toSorted());
    const hint = "See spotfold logs r1, or spotfold-demo; spotfold runs. /x/spotfold run, npx spotfold run.";
    const expected = "See npx spotfold logs r1, or spotfold-demo; spotfold runs. /x/spotfold run, npx spotfold run.";
    assert.equal(inCallersWords(hint, ["npx", "spotfold"]), expected);
    assert.equal(inCallersWords(hint, ["spotfold"]), hint);
    const captured = capturedIo("/", { command: ["npx", "spotfold"] });
    await reportFailure(captured.io, true, new SpotfoldError("usage", "none", { hint: "See spotfold status." }));
    assert.match(captured.err(), /See npx spotfold status\./);
    assert.match(captured.out(), /"hint":"See npx spotfold status\."/);
  });
});
