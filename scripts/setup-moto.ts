/**
 * `npm run setup:moto`: installs moto, a server that speaks S3 and SQS, and the AWS CLI that README.md's reader has, into
 * .test-tools of this checkout, for the suites that run over a real server. Needs python3 with pip; versions that are there
 * already are left as they are.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../test/support/requirements.ts";

/** moto: the version whose answers docs/backends.md describes. Each in a folder of its own, as they ask for other botocores. */
const tools = [
  { folder: "moto", wanted: "moto[server]==5.2.5" },
  { folder: "awscli", wanted: "awscli==1.46.3" },
];

for (const { folder: name, wanted } of tools) {
  const folder = join(repositoryRoot, ".test-tools", name);
  /** Written last: an installation that was interrupted is begun anew. */
  const done = join(folder, "installed");
  if (existsSync(done) && readFileSync(done, "utf8") === wanted) {
    console.log(`${wanted} is there`);
    continue;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder, wanted];
  const { status, error } = spawnSync("python3", args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`${wanted} could not be installed: ${error?.message ?? `pip ended with ${status ?? "a signal"}`}`);
    process.exit(1);
  }
  writeFileSync(done, wanted);
  console.log(`installed ${wanted} in .test-tools/${name}`);
}
