/** The pages' files in a checkout: built once, taken as they were kept, and built again when what is kept is not whole. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cachedIn } from "../../../cli/compose/page-files.ts";
import { tempDir } from "../../support/temp.ts";

describe("the files of a page", () => {
  const texts = (path: string): [string, string][] =>
    cachedIn(path, "status").map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]);

  it("are kept, and built again when what was kept was cut or changed", function build() {
    this.timeout(60_000);
    const path = join(tempDir("pages"), "cache", "page-status.json");
    const built = texts(path);
    assert.deepEqual([built.length, built.at(-1)?.[0]], [3, "index.html"]);
    const kept = readFileSync(path, "utf8");
    assert.deepEqual(texts(path), built);
    for (const damaged of [kept.slice(0, -9), kept.replace(/"index.html":"..../, '"index.html":"AAAA'), "{}"]) {
      assert.notEqual(damaged, kept);
      writeFileSync(path, damaged);
      assert.deepEqual(texts(path), built);
      assert.equal(readFileSync(path, "utf8"), kept);
    }
  });
});
