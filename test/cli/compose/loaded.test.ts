/** What a command loads before it knows its settings: not the SDK of AWS, which takes longer than the rest together. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../../support/processes.ts";
import { repositoryRoot } from "../../support/requirements.ts";

/** Prints every module that importing the arguments asks for. */
const program = `
  import { registerHooks } from "node:module";
  const seen = [];
  registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) });
  for (const file of process.argv.slice(1)) await import(file);
  console.log(JSON.stringify(seen));
`;

async function loadedBy(files: readonly string[]): Promise<string[]> {
  const urls = files.map((file) => pathToFileURL(join(repositoryRoot, file)).href);
  const ended = await run(process.execPath, ["--input-type=module", "--eval", program, ...urls]);
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as string[];
}

const ofAws = (names: readonly string[]): string[] => names.filter((name) => /^@(?:aws-sdk|smithy)\//.test(name));

describe("what commands load", () => {
  it("is not the SDK of AWS", async () => {
    const commands = readdirSync(join(repositoryRoot, "cli/commands")).map((name) => `cli/commands/${name}`);
    const loaded = await loadedBy(["cli/program.ts", ...commands]);
    assert.ok(loaded.length > 100 && loaded.includes("commander"), `${loaded.length} modules`);
    assert.deepEqual(ofAws(loaded), []);
    assert.ok(!loaded.includes("prom-client"), "metrics are for daemons that stay");
    assert.notDeepEqual(ofAws(await loadedBy(["shared/aws/sqs/open.ts"])), [], "it would be seen");
  });
});
