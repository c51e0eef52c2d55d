/** The children's code in one file each: whole, and all that a child needs to be able to read. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join } from "node:path";
import { buildChildren, builtName, childNames } from "../../../executor/launch/build-children.ts";
import { builtIn, childCode, codeFrom } from "../../../executor/launch/children-code.ts";
import { liblzmaFile } from "../../../shared/codecs/liblzma.ts";
import { tempDir } from "../../support/temp.ts";
import { repositoryRoot } from "../../support/requirements.ts";

describe("the children's code", () => {
  const built = [...childNames.map(builtName), liblzmaFile].toSorted();

  it("is one file each, of our sources, that asks for nothing but Node's modules and liblzma beside it", () => {
    const folder = tempDir("children");
    const sources = buildChildren(repositoryRoot, folder);
    assert.deepEqual(readdirSync(folder).toSorted(), built);
    const ofOurs = sources.filter((path) => /^(executor|jobs|shared)\/.*\.ts$/.test(path));
    assert.ok(ofOurs.length > 40);
    assert.deepEqual(
      sources.filter((path) => !ofOurs.includes(path)),
      ["shared/codecs/liblzma.wasm"],
    );
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
    assert.deepEqual(readdirSync(dirname(decoder.entry)).toSorted(), built);
    const folder = tempDir("children");
    buildChildren(repositoryRoot, folder);
    for (const { entry } of [decoder, executor]) {
      assert.equal(readFileSync(entry, "utf8"), readFileSync(join(folder, basename(entry)), "utf8"));
    }
  });

  it("is made again beside a build that is damaged, which stays", () => {
    const cache = tempDir("children");
    const first = builtIn(cache) ?? assert.fail("not built");
    assert.equal(builtIn(cache), first);
    truncateSync(join(first, "decoder.mjs"));
    const second = builtIn(cache) ?? assert.fail("not built");
    assert.notEqual(second, first);
    assert.ok(readFileSync(join(second, "decoder.mjs"), "utf8").length > 0);
    assert.equal(readFileSync(join(first, "decoder.mjs"), "utf8"), "");
    assert.equal(builtIn(cache), second);
  });

  it("is looked for once, and again when it is gone", () => {
    const cache = tempDir("children");
    let looks = 0;
    const code = codeFrom(() => {
      looks++;
      return builtIn(cache);
    });
    const { entry } = code("executor");
    code("decoder");
    assert.equal(looks, 1);
    rmSync(cache, { recursive: true });
    assert.equal(code("executor").entry, entry);
    assert.ok(readFileSync(entry, "utf8").length > 0);
    assert.equal(looks, 2);
  });

  it("is that of the sources when it can be built nowhere, which is tried once", () => {
    let looks = 0;
    const code = codeFrom(() => {
      looks++;
      return null;
    });
    for (const child of childNames)
      assert.equal(code(child).entry, join(repositoryRoot, `executor/children/${child}.ts`));
    assert.equal(looks, 1);
  });
});
