/**
 * The package as a user gets it: built, packed, installed into an empty folder outside the checkout, and used there. Nothing of
 * the checkout is in reach: not its Node in PATH, not its node_modules.
 */
import assert from "node:assert/strict";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { linksOf } from "../readme/blocks.ts";
import { runNode, run } from "../support/processes.ts";
import { needs, repositoryRoot } from "../support/requirements.ts";
import { removeTemp, tempDir } from "../support/temp.ts";

/** Building and installing; the first may have to fetch five packages. */
const INSTALL_MS = 180_000;
const DEMO_MS = 120_000;

const ANALYSIS = `
import { defineAnalysis } from "spotfold";

export default defineAnalysis<number>({
  name: "os-distribution",
  key: ["os"],
  map(record, emit) {
    emit([record.json().info.OS], 1);
  },
  merge: (a, b) => a + b,
});
`;

/** As an author would write it, beside the analysis. */
const ANALYSIS_TEST = `
import { checkIsolation, checkMerge, runAnalysis, type TestBlock } from "spotfold/testing";
import analysis from "./analysis.js";

const blocks: TestBlock[] = ["WINNT", "Linux", "WINNT"].map((OS) => ({ records: [{ info: { OS } }] }));
const { entries } = runAnalysis(analysis, blocks);
const first: number = entries[0]?.[1] ?? 0;
checkMerge(analysis, blocks.map((block) => runAnalysis(analysis, [block]).entries));
checkIsolation(analysis, blocks[0] as TestBlock, blocks[1] as TestBlock);
export const told = [first, ...entries].join(" ");
`;

const TSCONFIG = {
  compilerOptions: { module: "nodenext", target: "es2024", strict: true, noEmit: true, types: [], skipLibCheck: false },
};

describe("the published package", function () {
  this.timeout(INSTALL_MS);
  needs("registry");

  let staging: string;
  let folder: string;
  let bin: string;

  before(async () => {
    staging = tempDir("package");
    folder = tempDir("user");
    const built = await runNode([join(repositoryRoot, "scripts/build.ts"), "--out", staging], { waitMs: INSTALL_MS });
    assert.equal(built.code, 0, built.stdout + built.stderr);
    const packed = await run("npm", ["pack", staging, "--pack-destination", folder], {
      cwd: folder,
      waitMs: INSTALL_MS,
    });
    assert.equal(packed.code, 0, packed.stderr);
    const [tarball] = globSync("*.tgz", { cwd: folder });
    assert.ok(tarball !== undefined);
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    const args = ["install", `./${tarball}`, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
    const installed = await run("npm", args, { cwd: folder, waitMs: INSTALL_MS });
    assert.equal(installed.code, 0, installed.stderr);
    bin = join(folder, "node_modules/.bin/spotfold");
  });

  after(() => {
    removeTemp(staging);
    removeTemp(folder);
  });

  const spotfold = (args: readonly string[], waitMs?: number): ReturnType<typeof run> =>
    run(bin, args, {
      cwd: folder,
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
      ...(waitMs === undefined ? {} : { waitMs }),
    });

  it("is JavaScript, and declarations of what is public only", () => {
    const files = globSync("**/*", { cwd: join(folder, "node_modules/spotfold"), withFileTypes: true });
    const names = files.filter((file) => file.isFile()).map((file) => file.name);
    assert.deepEqual(
      names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts")),
      [],
    );
    assert.ok(names.includes("analysis.d.ts"));
    assert.ok(!names.some((name) => /\.test\.|tsconfig|package-lock/.test(name)));
  });

  it("declares what it needs and nothing of the checkout", () => {
    const manifest = JSON.parse(readFileSync(join(folder, "node_modules/spotfold/package.json"), "utf8"));
    for (const field of ["scripts", "devDependencies", "optionalDependencies", "allowScripts", "private"]) {
      assert.ok(!(field in manifest), field);
    }
    assert.deepEqual(manifest.engines, { node: ">=24.12" });
    assert.deepEqual(manifest.bin, { spotfold: "bin/spotfold.cjs" });
    const checkout = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));
    assert.deepEqual(manifest.dependencies, checkout.dependencies);
  });

  it("gives `defineAnalysis` at run time", async () => {
    writeFileSync(
      join(folder, "use.js"),
      'import { defineAnalysis } from "spotfold"; console.log(typeof defineAnalysis);',
    );
    const end = await runNode([join(folder, "use.js")], { cwd: folder });
    assert.deepEqual([end.code, end.stdout], [0, "function\n"], end.stderr);
  });

  it("types an analysis, and refuses one that is wrong", async () => {
    const project = join(folder, "typed");
    mkdirSync(project);
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(TSCONFIG));
    writeFileSync(join(project, "analysis.ts"), ANALYSIS);
    const tsc = (): ReturnType<typeof run> =>
      runNode([join(repositoryRoot, "node_modules/typescript/bin/tsc"), "-p", project], { cwd: project });
    const good = await tsc();
    assert.deepEqual([good.code, good.stdout], [0, ""]);

    writeFileSync(join(project, "wrong.ts"), ANALYSIS.replace("], 1)", '], "one")').replace("key:", "keys:"));
    const wrong = await tsc();
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stdout, /wrong\.ts/);
  });

  it("gives and types what tests of an analysis use", async () => {
    const project = join(folder, "tested");
    mkdirSync(project);
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(TSCONFIG));
    writeFileSync(join(project, "analysis.ts"), ANALYSIS);
    writeFileSync(join(project, "analysis-test.ts"), ANALYSIS_TEST);
    const tsc = (args: readonly string[]): ReturnType<typeof run> =>
      runNode([join(repositoryRoot, "node_modules/typescript/bin/tsc"), "-p", project, ...args], { cwd: project });
    const emitted = await tsc(["--noEmit", "false"]);
    assert.deepEqual([emitted.code, emitted.stdout], [0, ""]);
    writeFileSync(join(project, "use.js"), 'import { told } from "./analysis-test.js"; console.log(told);');
    const end = await runNode([join(project, "use.js")], { cwd: project });
    assert.deepEqual([end.code, end.stdout], [0, "1 Linux,1 WINNT,2\n"], end.stderr);

    writeFileSync(join(project, "wrong.ts"), ANALYSIS_TEST.replace("const first: number", "const first: string"));
    const wrong = await tsc([]);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stdout, /wrong\.ts/);
  });

  it("has the pages that its pages link to", () => {
    const own = join(folder, "node_modules/spotfold");
    const pages = globSync("**/*.md", { cwd: own, exclude: ["node_modules"] });
    assert.ok(pages.includes("README.md") && pages.length > 10, pages.join(", "));
    const links = pages.flatMap((page) =>
      linksOf(readFileSync(join(own, page), "utf8")).map((link) => ({
        page,
        link,
        path: join(own, dirname(page), link),
      })),
    );
    assert.ok(links.length > 20);
    assert.deepEqual(
      links.filter(({ path }) => !existsSync(path)).map(({ page, link }) => `${page}: ${link}`),
      [],
    );
  });

  it("says its version", async () => {
    const end = await spotfold(["--version"]);
    assert.deepEqual([end.code, end.stdout, end.stderr], [0, "0.1.0\n", ""]);
  });

  it("helps", async () => {
    const end = await spotfold(["--help"]);
    assert.deepEqual([end.code, end.stderr], [0, ""]);
    assert.match(end.stdout, /\bdemo\b/);
  });

  it("runs the demo", async function () {
    this.timeout(DEMO_MS);
    const end = await spotfold(["demo"], DEMO_MS);
    assert.equal(end.code, 0, end.stdout + end.stderr);
    // As somebody calls it who stands here and has no spotfold in PATH.
    assert.match(end.stdout, /^ {2}npx spotfold results histograms-/m);
  });
});
