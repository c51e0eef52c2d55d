/** Rendered files lie in one, and come out of it as they went in. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folderScratch } from "../../../executor/children/folder-scratch.ts";
import { Pack } from "../../../executor/children/pack.ts";
import { openPack } from "../../../executor/launch/pack.ts";
import { tempDir } from "../../support/temp.ts";

describe("a pack of rendered files", () => {
  it("gives each file as it was written, whatever its size, and whatever was done to its bytes since", async () => {
    const folder = tempDir("pack");
    const pack = new Pack(folderScratch(folder), "site-0");
    const sizes = [0, 1, 300_000, 5, 3 * 2 ** 20 + 1, 0, 262_144, 7];
    const reused = Buffer.alloc(Math.max(...sizes));
    for (const [i, size] of sizes.entries()) pack.write(reused.fill(i + 1).subarray(0, size));
    pack.close();
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, bytes) => sum + bytes, 0));
    // In another order than they were written in: they are reported by their names.
    const files = sizes.map((bytes, i) => ({ name: `f${i}`, at: starts[i] ?? 0, bytes })).toReversed();
    const opened = await openPack(join(folder, "site-0"), files);
    for (const file of [...opened.files, ...opened.files.toReversed()]) {
      const i = Number(file.name.slice(1));
      const body = await file.read();
      const pieces: Uint8Array[] = [];
      if (body instanceof Uint8Array) pieces.push(body);
      else for await (const piece of body) pieces.push(piece);
      assert.deepEqual(Buffer.concat(pieces), Buffer.alloc(file.bytes, i + 1), file.name);
    }
    await opened.close();
  });

  it("gives files that are asked for all at once", async () => {
    const folder = tempDir("pack");
    const pack = new Pack(folderScratch(folder), "site-0");
    const contents = Array.from({ length: 500 }, (_, i) => Buffer.alloc((i * 7919) % 20_000, i));
    for (const content of contents) pack.write(content);
    pack.close();
    let at = 0;
    const files = contents.map(({ length }, i) => ({ name: `f${i}`, at: (at += length) - length, bytes: length }));
    const opened = await openPack(join(folder, "site-0"), files);
    const read = await Promise.all(opened.files.map(async (file) => await file.read()));
    for (const [i, content] of contents.entries()) assert.deepEqual(Buffer.from(read[i] as Uint8Array), content);
    await opened.close();
  });

  it("is refused when it is not as long as its files", async () => {
    const path = join(tempDir("pack"), "site-0");
    writeFileSync(path, "12345");
    for (const bytes of [4, 6]) {
      await assert.rejects(openPack(path, [{ name: "a", at: 0, bytes }]), { code: "analysis-failed" });
    }
    assert.equal(readFileSync(path, "utf8"), "12345");
  });
});
