/** What is said of files that are not what their names say: short ones too, and empty ones. */
import assert from "node:assert/strict";
import { assertCorrupt, blocksOf, logText, streamed, whole } from "./material.ts";

const files = [
  ["a.gz", "gzip"],
  ["a.zst", "zstd"],
  ["a.xz", "xz"],
  ["a.lzma", "lzma"],
] as const;

describe("a block that is not of its codec", () => {
  for (const [key, name] of files) {
    it(`${key}: no ${name} file, however short`, async () => {
      for (const text of ["hello", "hello, this is a line of a log that nobody compressed\n".repeat(20)]) {
        await assertCorrupt(key, Buffer.from(text), new RegExp(`^the ${name} block is no ${name} file`));
      }
    });

    it(`${key}: an empty file`, async () => {
      await assertCorrupt(key, Buffer.alloc(0), /the file is empty/);
    });

    it(`${key}: cut within its first bytes, it ends too early`, async () => {
      const block = (await blocksOf(logText(100))).get(key);
      assert.ok(block !== undefined);
      for (let end = 1; end < 8; end++) await assertCorrupt(key, block.subarray(0, end), /ends in the middle of/);
    });

    it(`${key}: something behind its end`, async () => {
      const block = (await blocksOf(logText(100))).get(key);
      assert.ok(block !== undefined);
      for (const junk of ["x", "junk", "junk that is longer than any header of a part"]) {
        await assertCorrupt(key, Buffer.concat([block, Buffer.from(junk)]), /goes on after its end/);
      }
    });
  }

  it("says where what follows the end begins", async () => {
    for (const [key, block] of await blocksOf(logText(100))) {
      if (key === "a.lzma") continue;
      const file = Buffer.concat([block, Buffer.from("junk")]);
      const expected = { code: "corrupt", message: new RegExp(`\\(at byte ${block.length}\\)$`) };
      assert.throws(() => whole(key, file), expected, key);
      await assert.rejects(streamed(key, file, [3]), expected, key);
    }
  });
});
