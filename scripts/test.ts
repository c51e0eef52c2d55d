/**
 * `npm test [-- FILE_OR_FOLDER...]`: runs all suites, a few processes at a time (test-lanes.ts), or those named in one mocha
 * process, this one. `--long` takes the tests of minutes (test/long) instead. `--grep` and `--bail` are mocha's.
 *
 * Why not mocha's own command: a file that does not load is one failed test here and hides no other file, and a test that
 * leaves something open that keeps the process alive is a failure that is named, not a run that never ends. The last line is
 * `N passed, N failed, N skipped` in every case.
 */
import { globSync, readFileSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { configureGlobal } from "fast-check";
import Mocha from "mocha";
import SpotfoldReporter, { counted } from "../test/support/reporter.ts";
import { repositoryRoot, requiredNames } from "../test/support/requirements.ts";
import { runInLanes } from "./test-lanes.ts";

/** What is still open this long after the last test was left open by it. */
const LINGER_MS = 5_000;

/** Any number will do. */
const propertySeedDefault = 20_261_121;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    long: { type: "boolean", default: false },
    grep: { type: "string", short: "g" },
    bail: { type: "boolean", default: false },
  },
});

/** All suites, or the files and folders named; tests of minutes only when asked for or named. */
function testFiles(): string[] {
  const all = globSync("test/**/*.test.ts", { cwd: repositoryRoot });
  const long = globSync("test/long/**/*.long.ts", { cwd: repositoryRoot });
  if (positionals.length === 0) return (values.long ? long : all).toSorted();
  return positionals.flatMap((name) => {
    const path = relative(repositoryRoot, resolve(name));
    const files = statSync(resolve(name)).isDirectory()
      ? (values.long ? long : all).filter((file) => file.startsWith(join(path, "/")))
      : [path];
    if (files.length === 0) throw new Error(`No tests in ${name}`);
    return files.toSorted();
  });
}

function mochaOptions(): Mocha.MochaOptions {
  const stored = JSON.parse(readFileSync(join(repositoryRoot, ".mocharc.json"), "utf8")) as Mocha.MochaOptions;
  const options: Mocha.MochaOptions = { ...stored, reporter: SpotfoldReporter, bail: values.bail };
  if (values.grep !== undefined) options.grep = values.grep;
  // A pull request must not pass because somebody was debugging; on the command line `.only` is a tool.
  options.forbidOnly = process.env["CI"] !== undefined;
  return options;
}

// A hundred processes load the same modules, one after the other.
enableCompileCache();
requiredNames();
const files = testFiles();
if (positionals.length === 0 && !values.long) {
  const { grep, bail } = values;
  process.exit(await runInLanes(files, [...(grep === undefined ? [] : ["--grep", grep]), ...(bail ? ["--bail"] : [])]));
}
// One seed for the properties of a run, so that a run repeats exactly; another one looks elsewhere.
configureGlobal({ seed: Number(process.env["SPOTFOLD_TEST_PROPERTY_SEED"] ?? propertySeedDefault) });
const mocha = new Mocha(mochaOptions());
for (const file of files) {
  const path = join(repositoryRoot, file);
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_PRE_REQUIRE, globalThis, path, mocha);
  try {
    const loaded: unknown = await import(pathToFileURL(path).href);
    mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_REQUIRE, loaded, path, mocha);
  } catch (error) {
    describe(file, () => {
      it("loads", () => {
        throw error;
      });
    });
  }
  mocha.suite.emit(Mocha.Suite.constants.EVENT_FILE_POST_REQUIRE, globalThis, path, mocha);
}

const failures = await new Promise<number>((resolve) => mocha.run(resolve));
process.exitCode = failures > 0 ? 1 : 0;
setTimeout(() => {
  counted.failures += 1;
  console.log(`A test left open what keeps the process alive: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(1);
}, LINGER_MS).unref();
