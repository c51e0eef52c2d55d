/** Holds the house rules on this checkout, and each rule to its word: a violation that is planted must be found. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { problemsOf, RULES } from "./rules.ts";
import { readTree } from "./tree.ts";

const head = "/** Head. */\n";

/** For each rule: files that break it, and files that look like it and do not. */
const CASES: Readonly<Record<string, { readonly bad: Record<string, string>; readonly good: Record<string, string> }>> =
  {
    layers: {
      bad: {
        "shared/a.ts": `${head}import { x } from "../jobs/x.ts";`,
        "shared/deep/b.ts": `${head}import type { X } from "../../executor/types.ts";`,
        "jobs/a.ts": `${head}import {\n  a,\n  b,\n} from "../executor/a.ts";`,
        "executor/a.ts": `${head}export * from "../worker/a.ts";`,
        "worker/a.ts": `${head}const m = await import("../master/a.ts");`,
        "master/a.ts": `${head}const u = new URL("../worker/a.ts", import.meta.url);`,
        "master/deep/b.ts": `${head}start(modulePath("worker/main"));`,
        "cli/a.ts": `${head}import { t } from "../test/support/temp.ts";`,
        "dashboard/a.ts": `${head}import { t } from "../shared/a.ts";`,
      },
      good: {
        "shared/a.ts": `${head}import { x } from "./deep/x.ts";\nimport fs from "node:fs";`,
        "shared/deep/b.ts": `${head}import { x } from "../jobs/x.ts";`,
        "jobs/a.ts": `${head}import { x } from "../shared/x.ts";`,
        "cli/a.ts": `${head}import { x } from "../worker/x.ts";\nstart(modulePath("master/main"));`,
        "executor/a.ts": `${head}start(modulePath("executor/children/a"));`,
        "test/a.test.ts": `import { x } from "../master/x.ts";\nimport { y } from "../worker/y.ts";`,
      },
    },
    aws: {
      bad: { "worker/a.ts": `${head}import { S3Client } from "@aws-sdk/client-s3";` },
      good: { "shared/aws/a.ts": `${head}import { S3Client } from "@aws-sdk/client-s3";` },
    },
    extension: {
      bad: { "shared/a.ts": `${head}import type { x } from "./b";`, "jobs/a.ts": `${head}export * from "./b.js";` },
      good: { "shared/a.ts": `${head}import { x } from "./b.ts";\nimport data from "./c.json" with { type: "json" };` },
    },
    environment: {
      bad: {
        "worker/a.ts": `${head}const home = process.env["HOME"];`,
        "cli/a.ts": `${head}import { env } from "node:process";`,
      },
      good: {
        "shared/config/read.ts": `${head}const home = process.env["HOME"];`,
        "worker/a.ts": `${head}spawn(node, [], { env: {} });`,
        "scripts/a.ts": `${head}const home = process.env["HOME"];`,
      },
    },
    shell: {
      bad: { "executor/a.ts": `${head}spawn(name, { shell: true });`, "cli/a.ts": `${head}execSync(\`ls \${name}\`);` },
      good: { "executor/a.ts": `${head}spawn(name, ["-c"]); /x/.exec(text); database.exec(SCHEMA);` },
    },
    length: {
      bad: { "shared/a.ts": head + "x();\n".repeat(400), "scripts/a.ts": head + "x();\n".repeat(400) },
      good: { "shared/a.ts": head + "x();\n".repeat(399), "test/a.test.ts": head + "x();\n".repeat(500) },
    },
    head: {
      bad: { "shared/a.ts": 'import fs from "node:fs";\n', "bin/a.cjs": "#!/usr/bin/env node\nrequire('x');\n" },
      good: { "shared/a.ts": head, "bin/a.cjs": "#!/usr/bin/env node\n/* Head. */\n", "shared/b.ts": "// Head.\n" },
    },
    drawer: {
      bad: { "shared/utils.ts": head, "test/support/helpers.ts": head },
      good: { "shared/utility-bills.ts": head },
    },
    unfinished: {
      bad: { "shared/a.ts": `${head}// TODO later`, "README.md": "FIXME: say more" },
      good: { "shared/a.ts": `${head}const todos = 1;` },
    },
    only: {
      bad: { "test/a.test.ts": 'it.only("x", () => undefined);' },
      good: { "test/a.test.ts": 'it("only this", () => undefined);' },
    },
    skip: {
      bad: {
        "test/a.test.ts": 'describe.skip("x", () => undefined);',
        "test/b.test.ts": "this.skip();",
        "test/c.test.ts": 'xit("y", () => undefined);',
      },
      good: { "test/a.test.ts": 'needs("data");\nreader.skip(4);\nprocess.exit(1);' },
    },
    "dead code": {
      bad: { "shared/a.ts": `${head}// const x = 1;`, "test/a.test.ts": "  // run(x);", "cli/a.ts": `${head}//   }` },
      good: {
        "shared/a.ts": `${head}// for what follows: a run, then another;\n// if it is there, done\n// see run(x)`,
      },
    },
    "machine path": {
      bad: {
        "README.md": "see /home/me/spotfold",
        "test/a.test.ts": 'place("/work/x")',
        "shared/a.ts": `${head}const p = "/root/x";`,
      },
      good: {
        "README.md": "see ./work/list, docs/home/x, /proc/self and <root>/work/x",
        "test/a.test.ts": 'place("/home/me")',
      },
    },
    registry: {
      bad: {
        "package-lock.json": '{ "resolved": "https://example.org/x.tgz" }',
        "README.md": "from registry.example.org",
      },
      good: { "README.md": "a registry. Another sentence; metrics registry.", "shared/a.ts": `${head}x.resolved = 1;` },
    },
  };

describe("tidy", () => {
  it("holds in this checkout", () => {
    const files = readTree(repositoryRoot);
    assert.ok(files.length > 20, "the checkout is read");
    const problems = problemsOf(files).map(({ rule, path, line, message }) => `${path}:${line} [${rule}] ${message}`);
    assert.deepEqual(problems, []);
  });

  it("has a planted violation for each rule", () => {
    assert.deepEqual(Object.keys(CASES).toSorted(), RULES.map((rule) => rule.name).toSorted());
  });

  for (const [rule, { bad, good }] of Object.entries(CASES)) {
    it(`finds what breaks the rule "${rule}", and only that`, () => {
      assert.deepEqual([...new Set(breaking(rule, bad))].toSorted(), Object.keys(bad).toSorted());
      assert.deepEqual(breaking(rule, good), []);
    });
  }

  it("says where", () => {
    const [problem] = problemsOf(plant({ "shared/a.ts": `${head}\n\nprocess.env["X"];\n` }));
    assert.deepEqual([problem?.path, problem?.line, problem?.rule], ["shared/a.ts", 4, "environment"]);
  });

  it("leaves out what git ignores", () => {
    const tree = plant({ ".gitignore": "dist/\n", "dist/shared/utils.ts": "x", "shared/a.ts": head });
    assert.deepEqual(tree.map((file) => file.path).toSorted(), [".gitignore", "shared/a.ts"]);
  });
});

/** Writes a tree to a folder and reads it back as the checkout is read. */
function plant(tree: Record<string, string>): ReturnType<typeof readTree> {
  const root = tempDir("tidy");
  execFileSync("git", ["init", "--quiet", root]);
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return readTree(root);
}

/** The files of a tree that break a rule. */
function breaking(rule: string, tree: Record<string, string>): string[] {
  return problemsOf(plant(tree))
    .filter((problem) => problem.rule === rule)
    .map((problem) => problem.path);
}
