/**
 * `npm run setup:moto`: installs moto, a server that speaks S3 and SQS, into .test-tools/moto of this checkout, for the suites
 * that run over a real server. Needs python3 with pip; a version that is there already is left as it is.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../test/support/requirements.ts";

/** The version whose answers docs/backends.md describes. */
const wanted = "moto[server]==5.2.5";

const folder = join(repositoryRoot, ".test-tools/moto");
/** Written last: an installation that was interrupted is begun anew. */
const done = join(folder, "installed");

if (existsSync(done) && readFileSync(done, "utf8") === wanted) {
  console.log(`${wanted} is there`);
} else {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, wanted];
  const { status, error } = spawnSync("python3", args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`${wanted} could not be installed: ${error?.message ?? `pip ended with ${status ?? "a signal"}`}`);
    process.exit(1);
  }
  writeFileSync(done, wanted);
  console.log(`installed ${wanted} in .test-tools/moto`);
}
