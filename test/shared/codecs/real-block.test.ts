/** The block that the original wrote in 2013, decoded as liblzma decodes it. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { needs, referenceDir } from "../../support/requirements.ts";
import { assertDecodes, liblzma } from "./material.ts";

describe("real blocks", () => {
  needs("data");

  it("decode to what liblzma makes of them", async () => {
    const keys = globSync("**/*.lzma", { cwd: join(referenceDir(), "data/blocks") });
    assert.ok(keys.length > 0);
    for (const key of keys) {
      const block = readFileSync(join(referenceDir(), "data/blocks", key));
      await assertDecodes(key, block, await liblzma.decompress(block), [10_000]);
    }
  });
});
