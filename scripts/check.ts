/**
 * `npm run check`: types, lint, format and house rules, then all tests. Every step runs, whatever the ones before it said; the exit code
 * is 1 when one of them failed. The last line is that of the tests: `N passed, N failed, N skipped`.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** The house rules (test/tidy) are a suite of the tests; they stand alone here too, so that they are said early. */
const STEPS: readonly Step[] = [
  { name: "types", command: bin("tsc"), args: [] },
  { name: "types of pages", command: bin("tsc"), args: ["-p", "dashboard"] },
  { name: "lint", command: bin("oxlint"), args: ["--type-aware", "--deny-warnings"] },
  { name: "format", command: bin("prettier"), args: ["--check", "."] },
  { name: "tidy", command: process.execPath, args: ["scripts/test.ts", "test/tidy"] },
  { name: "test", command: process.execPath, args: ["scripts/test.ts"] },
];

const failed: string[] = [];
for (const step of STEPS) {
  console.log(
    `\n== ${step.name}${step === STEPS.at(-1) && failed.length > 0 ? ` (failed so far: ${failed.join(", ")})` : ""}`,
  );
  const result = spawnSync(step.command, step.args, { cwd: root, stdio: "inherit" });
  if (result.status !== 0) failed.push(step.name);
}
process.exitCode = failed.length > 0 ? 1 : 0;
