import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sample, type SampleOptions } from "../../cli/commands/sample.ts";
import { damageBlock } from "../../cli/sample/damage.ts";
import { makeSample } from "../../cli/sample/make.ts";
import { sampleRequest } from "../../cli/sample/options.ts";
import { sampleDefinitions } from "../../jobs/sample/index.ts";
import { decodeWhole } from "../../shared/codecs/index.ts";
import { compileLayout } from "../../shared/dataset/layout.ts";
import { tempDir } from "../support/temp.ts";
import { capturedIo } from "./captured-io.ts";

const small = { mb: 2, blocks: 8, seed: 5 };

/** Path below the folder -> SHA-256. */
function filesOf(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  return new Map(
    paths.map((path) => [path.slice(folder.length + 1), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

async function call(folder: string, options: SampleOptions): Promise<{ code: number; out: string }> {
  const captured = capturedIo(folder);
  const code = await sample(options, captured.io);
  return { code, out: captured.out() };
}

function rawOf(path: string): Buffer {
  return Buffer.concat([...decodeWhole(path, readFileSync(path))]);
}

describe("spotfold sample", function () {
  this.timeout(60_000);

  it("makes blocks of the telemetry layout in the codecs asked for, at least so large, and definitions", async () => {
    const folder = tempDir("sample");
    const { code, out } = await call(folder, { out: "here", ...small });
    assert.equal(code, 0);
    assert.match(
      out,
      /spotfold run histograms --data \.\/here\/blocks --definitions \.\/here\/definitions\/Histograms\.json /,
    );
    const files = [...filesOf(join(folder, "here")).keys()];
    const blocks = files.filter((file) => file.startsWith("blocks/"));
    assert.deepEqual(
      files.filter((file) => !file.startsWith("blocks/")),
      ["definitions/Histograms.json", "sample.json"],
    );
    const layout = compileLayout("telemetry");
    for (const block of blocks) assert.ok(layout.match(block.slice("blocks/".length)), block);
    const suffixes = blocks.map((block) => /[^.]+$/.exec(block)?.[0] ?? "").toSorted();
    assert.deepEqual(suffixes, ["gz", "gz", "lzma", "lzma", "xz", "xz", "zst", "zst"]);
    const raw = blocks.reduce((sum, block) => sum + rawOf(join(folder, "here", block)).length, 0);
    assert.ok(raw >= 2e6 && raw < 2.5e6, String(raw));
    const definitions = readFileSync(join(folder, "here/definitions/Histograms.json"), "utf8");
    assert.deepEqual(JSON.parse(definitions), sampleDefinitions());
    const again = await call(folder, { out: "here", ...small, json: true });
    const answer = JSON.parse(again.out) as Record<string, unknown>;
    assert.deepEqual([answer["format"], answer["blocks"]], [1, { made: 0, kept: blocks.length }]);
    assert.deepEqual([answer["data"], answer["rawBytes"]], [join(folder, "here/blocks"), 0]);
  });

  it("gives the same bytes for the same options, other ones for another seed", async () => {
    const [a, b, c] = [tempDir("sample"), tempDir("sample"), tempDir("sample")];
    for (const [folder, seed] of [
      [a, 5],
      [b, 5],
      [c, 6],
    ] as const)
      await call(folder, { out: ".", ...small, seed });
    assert.deepEqual(filesOf(a), filesOf(b));
    assert.notDeepEqual(filesOf(a), filesOf(c));
  });

  it("makes what is lacking, and nothing else", async () => {
    const folder = tempDir("sample");
    await call(folder, { out: ".", ...small });
    const before = filesOf(folder);
    const [first = "", second = ""] = [...before.keys()].filter((file) => file.startsWith("blocks/"));
    const times = statSync(join(folder, second)).mtimeMs;
    rmSync(join(folder, first));
    const { out } = await call(folder, { out: ".", ...small });
    assert.match(out, /Made 1 blocks? \(7 were there\)/);
    assert.deepEqual(filesOf(folder), before);
    assert.equal(statSync(join(folder, second)).mtimeMs, times);
    assert.match((await call(folder, { out: ".", ...small })).out, /All 8 blocks are there already/);
  });

  it("refuses a folder with other options or with blocks of somebody else, and changes nothing there", async () => {
    const folder = tempDir("sample");
    await call(folder, { out: ".", ...small });
    const before = filesOf(folder);
    await assert.rejects(call(folder, { out: ".", ...small, mb: 3 }), { code: "usage" });
    assert.deepEqual(filesOf(folder), before);
    const other = tempDir("sample");
    mkdirSync(join(other, "blocks"));
    await assert.rejects(call(other, { out: ".", ...small }), { code: "usage" });
    assert.deepEqual(readdirSync(other), ["blocks"]);
  });

  it("refuses options that make no sense, naming them", async () => {
    const folder = tempDir("sample");
    const wrong: readonly (readonly [SampleOptions, RegExp])[] = [
      [{}, /--out/],
      [{ out: "x", mb: "many" }, /--mb many/],
      [{ out: "x", mb: "" }, /--mb/],
      [{ out: "x", mb: -1 }, /--mb -1/],
      [{ out: "x", mb: "0" }, /--mb 0: a number from 0\.001 /],
      [{ out: "x", blocks: 0 }, /--blocks 0/],
      [{ out: "x", blocks: "1.5" }, /--blocks 1\.5/],
      [{ out: "x", seed: "0x" }, /--seed 0x/],
      [{ out: "x", codecs: "lzma,7z" }, /7z/],
      [{ out: "x", codecs: "" }, /--codecs/],
    ];
    for (const [options, message] of wrong) await assert.rejects(call(folder, options), { code: "usage", message });
    assert.deepEqual(readdirSync(folder), []);
  });

  it("leaves no half block when it is interrupted, and goes on", async () => {
    const [folder, whole] = [tempDir("sample"), tempDir("sample")];
    const captured = capturedIo(folder, { words: ["sample", "--out", "."] });
    const options = { out: ".", mb: 6, blocks: 24, seed: 5 };
    const running = sample(options, captured.io);
    while (!existsSync(join(folder, "blocks/saved_session"))) await new Promise((resolve) => setTimeout(resolve, 5));
    captured.interrupt();
    assert.equal(await running, 130);
    assert.match(captured.err(), /to go on: spotfold sample --out \./);
    await call(whole, options);
    const [made, all] = [filesOf(folder), filesOf(whole)];
    assert.ok(made.size < all.size, `${made.size} of ${all.size} files`);
    for (const [path, hash] of made) assert.equal(hash, all.get(path), path);
    await call(folder, options);
    assert.deepEqual(filesOf(folder), all);
  });

  it("clears away what a killed process left half done", async () => {
    const folder = tempDir("sample");
    await call(folder, { out: ".", ...small });
    const before = filesOf(folder);
    // Its name says that it was one of this machine, with a number that no process has.
    const { newProcessName } = await import("../../cli/compose/process-id.ts");
    const dead = newProcessName({ hex: () => "00000000", float: () => 0 }).replace(`-${process.pid}-`, "-4194303999-");
    mkdirSync(join(folder, ".partial", dead), { recursive: true });
    writeFileSync(join(folder, ".partial", dead, "half"), "x");
    await call(folder, { out: ".", ...small });
    assert.deepEqual(filesOf(folder), before);
    assert.ok(!existsSync(join(folder, ".partial")));
  });

  it("says what the system says when a block cannot be written", async () => {
    const folder = tempDir("sample");
    await call(folder, { out: ".", ...small });
    const block = [...filesOf(folder).keys()].find((file) => file.startsWith("blocks/")) ?? "";
    // A file stands where a folder has to be.
    const above = join(folder, block, "../..");
    rmSync(above, { recursive: true });
    writeFileSync(above, "");
    await assert.rejects(call(folder, { out: ".", ...small }), { code: "no-such-store" });
    assert.ok(!existsSync(join(folder, ".partial")));
  });

  describe("a damaged block", () => {
    it("is refused by its codec, in every codec but plain", async () => {
      const folder = tempDir("sample");
      const { paths } = await makeSample(
        sampleRequest(folder, { ...small, blocks: 5, codecs: "lzma,xz,gz,zst,plain" }),
      );
      for (const path of paths.slice(0, 4)) {
        const before = readFileSync(path);
        const fault = await damageBlock(path);
        const after = readFileSync(path);
        assert.equal(after.length, before.length);
        assert.notDeepEqual(after, before);
        assert.throws(() => rawOf(path), { code: "corrupt" }, path);
        assert.equal(await damageBlock(path), fault, "damaged already");
        assert.deepEqual(readFileSync(path), after);
      }
      const [plain = ""] = paths.slice(4);
      await assert.rejects(damageBlock(plain), { code: "usage" });
      assert.deepEqual(readdirSync(join(plain, "..")), [plain.slice(plain.lastIndexOf("/") + 1)]);
    });

    it("stays damaged when the sample is made again", async () => {
      const folder = tempDir("sample");
      const request = sampleRequest(folder, small);
      const [path = ""] = (await makeSample(request)).paths;
      await damageBlock(path);
      const damaged = readFileSync(path);
      assert.equal((await makeSample(request)).made, 0);
      assert.deepEqual(readFileSync(path), damaged);
      renameSync(path, `${path}.away`);
      assert.equal((await makeSample(request)).made, 1);
      assert.notDeepEqual(readFileSync(path), damaged);
    });
  });
});
