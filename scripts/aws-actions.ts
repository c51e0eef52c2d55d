/**
 * `npm run test:aws-actions [-- FILE_OR_FOLDER...]`: runs the suites, or those named, and adds to test/aws-actions.json what they
 * called of AWS on moto, by command, action and resource (test/support/aws-calls.ts). What some call only now and then (after
 * a kill, say) stays in the list; to begin anew, make the file `{}` first. The exit code is the suites'.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { actionsFile, addUse, collectVariable, type Actions } from "../test/support/aws-calls.ts";
import { repositoryRoot } from "../test/support/requirements.ts";

const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "spotfold-aws-actions-"));
try {
  const env = { ...process.env, [collectVariable]: folder };
  const script = join(repositoryRoot, "scripts/test.ts");
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: repositoryRoot, env, stdio: "inherit" });
  const files = readdirSync(folder).map((name) => join(folder, name));
  const merged: Actions = {};
  for (const file of [actionsFile, ...files]) {
    for (const [caller, actions] of Object.entries(JSON.parse(readFileSync(file, "utf8")) as Actions)) {
      for (const [action, resources] of Object.entries(actions)) {
        for (const resource of resources) addUse(merged, caller, action, resource);
      }
    }
  }
  const options = { ...(await resolveConfig(actionsFile)), filepath: actionsFile };
  writeFileSync(actionsFile, await format(JSON.stringify(sorted(merged)), options));
  console.log(`wrote ${actionsFile}`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function sorted(actions: Actions): Actions {
  const byName = <Value>(record: Record<string, Value>): [string, Value][] =>
    Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const ofCaller = (uses: Record<string, string[]>): Record<string, string[]> =>
    Object.fromEntries(byName(uses).map(([action, resources]) => [action, resources.toSorted()]));
  return Object.fromEntries(byName(actions).map(([caller, uses]) => [caller, ofCaller(uses)]));
}
