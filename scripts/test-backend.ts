/**
 * `npm run test:backend`: the contract suites and a run from end to end against whatever the AWS variables name, by
 * scripts/test.ts, whose last line and exit code it has. `--help` says what it needs. Exit 2: the variables do not suffice.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { backendSettings, usage } from "../test/backend/settings.ts";
import { repositoryRoot } from "../test/support/requirements.ts";

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  console.log(usage);
  process.exit(0);
}
try {
  backendSettings(process.env);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
const named = args.some((arg) => arg.endsWith(".ts"));
const suites = named ? [] : globSync("test/backend/*.backend.ts", { cwd: repositoryRoot }).toSorted();
const script = join(repositoryRoot, "scripts/test.ts");
const { status } = spawnSync(process.execPath, [script, ...args, ...suites], { cwd: repositoryRoot, stdio: "inherit" });
process.exitCode = status ?? 1;
