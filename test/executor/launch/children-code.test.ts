/** The children's code in one file each: whole, and all that a child needs to be able to read. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join } from "node:path";
import { buildChildren, builtName, childNames } from "../../../executor/launch/build-children.ts";
import { childCode } from "../../../executor/launch/children-code.ts";
import { tempDir } from "../../support/temp.ts";
import { repositoryRoot } from "../../support/requirements.ts";

describe("the children's code", () => {
  it("is one file each, of our sources, that asks for nothing but Node's modules", () => {
    const folder = tempDir("children");
    const sources = buildChildren(repositoryRoot, folder);
    assert.deepEqual(readdirSync(folder).toSorted(), childNames.map(builtName).toSorted());
    assert.ok(sources.length > 40 && sources.every((path) => /^(executor|jobs|shared)\/.*\.ts$/.test(path)));
    for (const child of childNames) {
      const text = readFileSync(join(folder, builtName(child)), "utf8");
      const imports = [...text.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, name = ""]) => name);
      assert.ok(imports.length > 3);
      assert.deepEqual(
        imports.filter((name) => !builtinModules.includes(name.replace(/^node:/, ""))),
        [],
      );
      assert.ok(!text.includes(repositoryRoot), "no path of this machine is in it");
    }
  });

  it("lies in a folder of its own, is built once, and is that of the sources", () => {
    const [decoder, executor] = [childCode("decoder"), childCode("executor")];
    assert.deepEqual([basename(decoder.entry), basename(executor.entry)], ["decoder.mjs", "executor.mjs"]);
    assert.deepEqual([decoder.read, executor.read], [[dirname(decoder.entry)], [dirname(decoder.entry)]]);
    assert.deepEqual(readdirSync(dirname(decoder.entry)).toSorted(), ["decoder.mjs", "executor.mjs"]);
    const folder = tempDir("children");
    buildChildren(repositoryRoot, folder);
    for (const { entry } of [decoder, executor]) {
      assert.equal(readFileSync(entry, "utf8"), readFileSync(join(folder, basename(entry)), "utf8"));
    }
  });
});
