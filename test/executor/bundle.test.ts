import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { bundleAnalysis } from "../../executor/bundle.ts";
import { tempDir } from "../support/temp.ts";

function project(files: Readonly<Record<string, string>>): string {
  const folder = tempDir("bundle");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const analysis = `import { defineAnalysis } from "spotfold"; import { one } from "./lib/one.ts"; import { readFileSync } from "node:fs";
export default defineAnalysis<number>({ name: "x", key: ["k"], map: (record, emit) => emit([record.id + String(readFileSync)], one), merge: (a, b) => a + b });`;

const withoutOurs = (sources: readonly string[]): string[] =>
  sources.filter((source) => !source.startsWith("spotfold/"));

describe("bundling", () => {
  it("gives equal bytes for equal input, wherever it lies", async () => {
    const folder = project({ "a.ts": analysis, "lib/one.ts": "export const one: number = 1;" });
    const elsewhere = tempDir("bundle-elsewhere");
    cpSync(folder, join(elsewhere, "deeper"), { recursive: true });
    const [first, second] = [
      await bundleAnalysis(join(folder, "a.ts")),
      await bundleAnalysis(join(elsewhere, "deeper", "a.ts")),
    ];
    assert.equal(first.sha256, second.sha256);
    assert.deepEqual(withoutOurs(first.sources), ["a.ts", "lib/one.ts"]);
    assert.ok(first.sources.includes("spotfold/jobs/analysis.ts"));
    const text = Buffer.from(first.bytes).toString();
    const map = Buffer.from(text.split("base64,")[1] ?? "", "base64").toString();
    for (const part of [text, map]) assert.ok(!part.includes(folder) && !part.includes(process.cwd()));
    assert.deepEqual(withoutOurs((JSON.parse(map) as { sources: string[] }).sources).toSorted(), [
      "a.ts",
      "lib/one.ts",
    ]);
  });

  it("takes packages in CommonJS that require Node's modules", async () => {
    const folder = project({
      "a.js": 'import name from "dep"; export default name;',
      "node_modules/dep/package.json": '{"name":"dep","main":"index.js"}',
      "node_modules/dep/index.js": 'module.exports = require("path").basename("/x/y");',
    });
    const { bytes } = await bundleAnalysis(join(folder, "a.js"));
    const path = join(folder, "out.mjs");
    writeFileSync(path, bytes);
    assert.equal(((await import(path)) as { default: string }).default, "y");
  });

  const refused: Record<string, { readonly source: string; readonly message: RegExp }> = {
    "a syntax error": { source: "const a = ;", message: /a\.ts:1:11: Unexpected ";"/ },
    "a missing module": { source: '\nimport "./nope.ts";', message: /a\.ts:2:8: Could not resolve "\.\/nope\.ts"/ },
    "a missing package": {
      source: 'import "no-such-package";',
      message: /a\.ts:1:8: Could not resolve "no-such-package"/,
    },
    "a native addon": { source: 'import "./x.node";', message: /a\.ts:1:8: x\.node is a native addon/ },
    "a module that starts processes": {
      source: 'import { spawn } from "child_process"; spawn("x");',
      message:
        /a\.ts:1:23: an analysis may not use node:child_process: what it gives may depend on its records, [^\n]+ alone$/,
    },
    "a module that opens files anywhere": {
      source: 'import "node:sqlite";',
      message: /a\.ts:1:8: an analysis may not use node:sqlite/,
    },
  };
  for (const [what, { source, message }] of Object.entries(refused)) {
    it(`refuses ${what}, with file, line and column`, async () => {
      const folder = project({ "a.ts": source });
      await assert.rejects(bundleAnalysis(join(folder, "a.ts")), { code: "invalid-bundle", message });
    });
  }

  it("refuses a file that is not there", async () => {
    await assert.rejects(bundleAnalysis(join(tempDir(), "none.ts")), {
      code: "invalid-bundle",
      message: /there is no file/,
    });
  });
});
